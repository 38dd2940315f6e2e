/**
 * Tools for people and for the admin API: explain, what-can, lint, format, import. Each answers
 * with a value that has a text; who-can and diff, which need proofs, live in {@code proof}.
 * Stateless; may import everything else of this module but {@code load}.
 */
@NullMarked
package io.signalbox.acl.tool;

import org.jspecify.annotations.NullMarked;

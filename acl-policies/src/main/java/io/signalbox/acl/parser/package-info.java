/**
 * Nodes to policies: every key known, every value checked, all problems of a file collected with
 * their positions. Stateless, any thread; may import {@code source}, {@code filter}, {@code
 * subject} and {@code model}.
 */
@NullMarked
package io.signalbox.acl.parser;

import org.jspecify.annotations.NullMarked;

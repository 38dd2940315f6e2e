/**
 * Where bundles come from: folders and the shipped policies. Reads files; call it from a worker
 * thread. May import {@code testing}, {@code decision}, {@code parser}, {@code model} and {@code
 * source}.
 */
@NullMarked
package io.signalbox.acl.load;

import org.jspecify.annotations.NullMarked;

/**
 * The decision: an immutable bundle of compiled policies, bound to one client, answers what that
 * client may do. Everything here is safe for any thread and never blocks; may import {@code model},
 * {@code parser} and {@code source} (for the acl claim of a token), {@code subject} and {@code
 * filter}.
 */
@NullMarked
package io.signalbox.acl.decision;

import org.jspecify.annotations.NullMarked;

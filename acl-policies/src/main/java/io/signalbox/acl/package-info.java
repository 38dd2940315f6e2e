/**
 * Topic access policies: who may connect, publish and subscribe, and why.
 *
 * <p>The root package holds nothing; the way of a policy is one sub-package after the other: {@code
 * source} (text to nodes with positions), {@code parser} (nodes to the {@code model}), {@code
 * decision} (compiled bundle, bound to a {@code subject}, decides), {@code load} (folders, shipped
 * policies, revisions), {@code tool} (lint, test, explain, who-can, what-can, diff, format,
 * import). No thread of its own, no sibling module imported.
 */
@NullMarked
package io.signalbox.acl;

import org.jspecify.annotations.NullMarked;

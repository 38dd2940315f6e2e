/**
 * Topic access policies: who may connect, publish and subscribe, and why.
 *
 * <p>The root package holds nothing; the way of a policy is one sub-package after the other: {@code
 * source} (text to nodes with positions), {@code parser} (nodes to the {@code model}), {@code
 * decision} (compiled bundle, bound to a {@code subject}, decides). Beside it are {@code filter}
 * (Topic Filters as sets), {@code proof} (who-can, diff, invariants), {@code testing} (tests beside
 * policies), {@code load} (folders, shipped policies) and {@code tool} (lint, explain, what-can,
 * format, import). No thread of its own, no sibling module imported.
 */
@NullMarked
package io.signalbox.acl;

import org.jspecify.annotations.NullMarked;

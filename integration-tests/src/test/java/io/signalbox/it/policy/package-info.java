/**
 * Access policies seen from outside: what clients may do, and what happens to them when the
 * policies change.
 */
@NullMarked
package io.signalbox.it.policy;

import org.jspecify.annotations.NullMarked;

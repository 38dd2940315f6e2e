/**
 * Holds the tests against the lists they answer: every statement of {@code docs/conformance.csv}
 * and every behaviour of {@code docs/behaviours.md} has a test or a written reason.
 */
@NullMarked
package io.signalbox.it.conformance;

import org.jspecify.annotations.NullMarked;

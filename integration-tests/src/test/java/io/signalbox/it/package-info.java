/**
 * The broker seen from outside. Tests are tied by {@link io.signalbox.it.Spec} to the numbered
 * statements of MQTT 5.0, by {@link io.signalbox.it.Spec3} to those of 3.1.1 and by {@link
 * io.signalbox.it.Behaviour} to the numbered behaviours of {@code docs/behaviours.md}.
 */
@NullMarked
package io.signalbox.it;

import org.jspecify.annotations.NullMarked;

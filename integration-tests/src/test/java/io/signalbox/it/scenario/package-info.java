/**
 * The statements of the standard and the behaviours around them, by section; one behaviour a
 * method, over every transport.
 */
@NullMarked
package io.signalbox.it.scenario;

import org.jspecify.annotations.NullMarked;

/** What an operator does with a broker and its data, from outside. */
@NullMarked
package io.signalbox.it.operation;

import org.jspecify.annotations.NullMarked;

/**
 * Wires the broker by hand: {@code Main} reads the command line, {@code Broker} builds every object
 * by constructor and holds the start and stop order in one list. May import every package; nobody
 * imports it.
 */
@NullMarked
package io.signalbox.server;

import org.jspecify.annotations.NullMarked;

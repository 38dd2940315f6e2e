/**
 * What is counted, in one file: {@link io.signalbox.server.metrics.Metrics} has one field a
 * counter, with its name, unit and help.
 *
 * <p>Counting on an I/O thread is a plain write to memory of that thread; sums are made when
 * somebody reads them. Everything may be used from any thread as its method says. Imports nothing
 * of ours.
 */
@NullMarked
package io.signalbox.server.metrics;

import org.jspecify.annotations.NullMarked;

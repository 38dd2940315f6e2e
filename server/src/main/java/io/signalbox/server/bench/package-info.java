/**
 * The load generator behind {@code signalbox bench}: drives any MQTT broker from one thread, checks
 * every message it gets back, and reports rates, latencies and what the broker's process spent.
 *
 * <p>Everything runs on the thread that starts it. Imports {@code codec}, {@code packet} and {@code
 * topic}.
 */
@NullMarked
package io.signalbox.server.bench;

import org.jspecify.annotations.NullMarked;

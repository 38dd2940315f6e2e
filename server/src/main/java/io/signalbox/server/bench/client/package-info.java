/**
 * A small MQTT client for both versions over TCP, TLS, WebSocket and WebSocket over TLS, made for
 * the load generator and the commands {@code pub} and {@code sub}: many connections on one thread,
 * written once per pass.
 *
 * <p>Everything belongs to the thread that calls {@link
 * io.signalbox.server.bench.client.ClientLoop#pass}. Imports {@code codec}, {@code packet} and
 * {@code topic}.
 */
@NullMarked
package io.signalbox.server.bench.client;

import org.jspecify.annotations.NullMarked;

/**
 * Sockets: listeners, TLS, WebSocket, the I/O threads and what crosses between them.
 *
 * <p>A connection lives on the I/O thread that accepted it and is touched by that thread alone.
 * {@code IoLoops} owns the threads, {@code Transport} the listeners; {@code Listener} admits a
 * connection and lets it pass PROXY header, TLS and HTTP upgrade, whichever its type asks for, to
 * {@code MqttConnection}. May import protocol, session, auth, routing, codec, principal, packet,
 * topic, config, metrics, eventloop and the module pki.
 */
@NullMarked
package io.signalbox.server.transport;

import org.jspecify.annotations.NullMarked;

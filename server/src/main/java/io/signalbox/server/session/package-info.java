/**
 * MQTT sessions: what is kept for a Client Identifier across connections, and the socket side of a
 * client as sessions see it. A session belongs to one I/O thread at a time and has no lock; {@code
 * SessionRegistry} hands it over between threads. May import routing, store, principal, packet,
 * topic, config, metrics and eventloop.
 */
@NullMarked
package io.signalbox.server.session;

import org.jspecify.annotations.NullMarked;

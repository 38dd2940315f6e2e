/**
 * What each Control Packet of a client means: one handler a packet family behind {@code
 * PacketDispatcher}. Runs on the connection's I/O thread. May import session, retained, routing,
 * auth, store, principal, packet, topic, config, metrics and eventloop.
 */
@NullMarked
package io.signalbox.server.protocol;

import org.jspecify.annotations.NullMarked;

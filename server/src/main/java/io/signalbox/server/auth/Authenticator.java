package io.signalbox.server.auth;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.principal.Peer;
import java.util.function.Consumer;

/** Finds out who a client is. */
@FunctionalInterface
public interface Authenticator {
  /**
   * Called on the connection's I/O thread; must not block it.
   *
   * @param answer called once, on {@code loop}, at once or later
   */
  void authenticate(Connect connect, Peer peer, EventLoop loop, Consumer<Authentication> answer);
}

package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.routing.Router;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.session.ClientConnection;
import java.util.List;
import java.util.function.Function;

/** The packet handlers of every I/O thread, and the door to them for new connections. */
public final class Protocol implements ClientHandlers {
  private final ProtocolContext context;
  private final PacketDispatcher[] dispatchers;

  /**
   * @param routers makes the router of an I/O thread over the shared {@link SubscriptionTrie}
   */
  public Protocol(
      List<EventLoop> loops, Function<EventLoop, Router> routers, ProtocolContext context) {
    this.context = context;
    this.dispatchers =
        loops.stream()
            .map(loop -> new PacketDispatcher(loop, routers.apply(loop), context))
            .toArray(PacketDispatcher[]::new);
  }

  @Override
  public ClientHandler open(ClientConnection connection) {
    return new Client(connection, dispatchers[connection.loop().index()], context);
  }

  Publisher publisher(int loopIndex) {
    return dispatchers[loopIndex].publisher();
  }
}

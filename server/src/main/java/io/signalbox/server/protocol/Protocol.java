package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.routing.Router;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.session.ClientConnection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
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

  /**
   * Other policies are in force: looks again at every connected client. Not on an I/O thread.
   *
   * @param grace how long a client that lost rights may take to read what was on its way to it
   * @return done, with an account for the log, when nothing that the policies forbid is given to a
   *     socket any more
   */
  public CompletionStage<?> reviewClients(Duration grace) {
    return new Rollout(new AccessReview(context), grace.toMillis()).begin(context.clients());
  }

  Publisher publisher(int loopIndex) {
    return dispatchers[loopIndex].publisher();
  }
}

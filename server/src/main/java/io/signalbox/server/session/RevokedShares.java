package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.store.RemoveSubscriptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Shared Subscriptions that the client of a durable session may not have any more, and that
 * messages in its queue on disk came by: not in the index, but still among the session's
 * subscriptions and on disk until other members have those messages. Should it not come to that,
 * the next connection finds them as they were, and is looked at again.
 */
@ConfinedTo("the session's I/O thread")
final class RevokedShares {
  private final SessionContext context;
  private final Session session;

  /** By the filter as it was asked for. */
  private final Map<String, Subscription> shares = new HashMap<>(2);

  RevokedShares(SessionContext context, Session session) {
    this.context = context;
    this.session = session;
  }

  boolean isEmpty() {
    return shares.isEmpty();
  }

  @SuppressWarnings("ReferenceEquality") // an equal one that was granted since is in force
  boolean contains(Subscription subscription) {
    return shares.get(subscription.requestedFilter()) == subscription;
  }

  /** The client gets nothing by it from here on. */
  void add(Subscription share) {
    shares.put(share.requestedFilter(), share);
    context.trie().remove(share.filter(), share.shareName(), session);
  }

  /** What came by them was not given on, or not all of it: those in force count again. */
  void restore() {
    shares.values().stream()
        .filter(session.subscriptions()::isInForce)
        .forEach(share -> context.trie().add(share, session));
    shares.clear();
  }

  /**
   * Gives on what came by them, and then takes those that were not granted again meanwhile from the
   * session, in memory and on disk.
   *
   * @param done runs if it is not {@linkplain SharedHandover#stop stopped}
   * @return not started yet
   */
  SharedHandover handOver(Runnable done) {
    List<Subscription> going = List.copyOf(shares.values());
    return SharedHandover.ofRevoked(
        context,
        session,
        going,
        () -> {
          remove(going);
          done.run();
        });
  }

  private void remove(List<Subscription> going) {
    List<String> gone =
        going.stream()
            .filter(session.subscriptions()::isInForce)
            .map(Subscription::requestedFilter)
            .toList();
    going.stream().filter(this::contains).forEach(share -> shares.remove(share.requestedFilter()));
    gone.forEach(session.subscriptions()::remove);
    if (!gone.isEmpty()) {
      context
          .writer()
          .submit(new RemoveSubscriptions(session.sessionNumber(), session.epoch(), gone), null);
    }
  }
}

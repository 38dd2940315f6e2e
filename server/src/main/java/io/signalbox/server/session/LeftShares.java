package io.signalbox.server.session;

import io.signalbox.server.routing.Subscription;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Shared Subscriptions that the client of a durable session has left, and that messages in its
 * queue may have come by. Confined to the session's I/O thread.
 */
final class LeftShares {
  /** The latest: a client may leave as many as it likes. */
  private static final int MAX = 100;

  /** By the filter as it was asked for; the one that was left last comes last. */
  private final Map<String, Subscription> byFilter = new LinkedHashMap<>(2);

  /** Whether any was since the last connection ended: a message may still be on its way by it. */
  private boolean leftNow;

  void add(Subscription shared) {
    byFilter.put(shared.requestedFilter(), shared);
    if (byFilter.size() > MAX) {
      byFilter.remove(byFilter.keySet().iterator().next());
    }
    leftNow = true;
  }

  /** It was subscribed to anew. */
  void forget(String requestedFilter) {
    byFilter.remove(requestedFilter);
  }

  Collection<Subscription> all() {
    return byFilter.values();
  }

  /**
   * The connection has ended.
   *
   * @param done nothing waited for the client, see {@link OutgoingMessages#isDone}
   * @return whether no message can have come by any of them
   */
  boolean connectionEnded(boolean done) {
    boolean over = done && !leftNow;
    leftNow = false;
    return over;
  }
}

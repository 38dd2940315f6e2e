package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.Subscription;
import java.util.IdentityHashMap;

/**
 * Which subscriptions of a durable session were replaced by ones that the store has not answered
 * for. Several of one filter may be under way, one replacing the other; of a refused one nothing
 * must come back when those behind it are refused too.
 *
 * <p>No more than the filters of SUBSCRIBEs that wait for the disk.
 */
@ConfinedTo("the session's I/O thread")
final class UnsettledGrants {
  /** By what they replace, this very one. */
  private final IdentityHashMap<Subscription, Grant> replacing = new IdentityHashMap<>(2);

  boolean isEmpty() {
    return replacing.isEmpty();
  }

  void add(Grant grant) {
    Subscription before = grant.before();
    if (before != null) {
      replacing.put(before, grant);
    }
  }

  /** What replaced one that is refused has replaced what was there before that one. */
  void settle(Grant grant, boolean stored) {
    Subscription before = grant.before();
    if (before != null) {
      replacing.remove(before, grant);
    }
    Grant next = stored ? null : replacing.remove(grant.subscription());
    if (next != null) {
      next.before(before);
      add(next);
    }
  }
}

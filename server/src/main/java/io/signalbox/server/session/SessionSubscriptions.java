package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.routing.SubscriptionTrie;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions of one session, by the filter as it was asked for, {@code $share/} and all
 * (MQTT 5.0 sections 3.8 and 4.8.2). What is put in force here is in the index of all subscriptions
 * too, and leaves it when it is removed; the store is the callers' matter.
 */
@ConfinedTo("the session's I/O thread, but for settle")
public final class SessionSubscriptions {
  private final SubscriptionTrie trie;
  private final Session session;

  /** Made with the first one, and small: most clients have few. */
  private Map<String, Subscription> byFilter = Map.of();

  private int weight;

  /** Null while nothing in the queue can have come by any. */
  private @Nullable LeftShares left;

  /** Null while the store has answered for all that replaced another one. */
  private @Nullable UnsettledGrants unsettled;

  SessionSubscriptions(SubscriptionTrie trie, Session session) {
    this.trie = trie;
    this.session = session;
  }

  public Collection<Subscription> all() {
    return byFilter.values();
  }

  /** As how many they count, see {@link Subscription#weight}. */
  public int weight() {
    return weight;
  }

  public boolean contains(String requestedFilter) {
    return byFilter.containsKey(requestedFilter);
  }

  /** What is in force for a filter as it was asked for; null: it is not subscribed to. */
  public @Nullable Subscription find(String requestedFilter) {
    return byFilter.get(requestedFilter);
  }

  /** Whether it is this very one that the client has now, not one that replaced it. */
  @SuppressWarnings("ReferenceEquality")
  boolean isInForce(Subscription subscription) {
    return byFilter.get(subscription.requestedFilter()) == subscription;
  }

  /**
   * Puts a subscription in force.
   *
   * @return what it replaces; null: there was none for this filter
   */
  public @Nullable Subscription put(Subscription subscription) {
    if (byFilter.isEmpty()) {
      byFilter = new HashMap<>(2);
    }
    if (left != null) {
      left.forget(subscription.requestedFilter());
    }
    Subscription before = byFilter.put(subscription.requestedFilter(), subscription);
    weight += before == null ? subscription.weight() : 0; // the filter is the same
    trie.add(subscription, session);
    return before;
  }

  /**
   * Puts a subscription in force that is on its way to the store; {@link #settle} follows, whatever
   * the store says.
   */
  public Grant grant(Subscription subscription) {
    Grant grant = new Grant(subscription, put(subscription));
    if (session.isDurable() && !grant.isNew()) {
      unsettled = unsettled == null ? new UnsettledGrants() : unsettled;
      unsettled.add(grant);
    }
    return grant;
  }

  /**
   * The store has answered for subscriptions. Those that it did not take are taken back: what they
   * replaced is in force as before, unless another change came meanwhile. Any thread: with a
   * connection that took it over the session may be with another one by now.
   *
   * @param granted by one command, in the order in which they were made
   */
  public void settle(List<Grant> granted, boolean stored) {
    if (!session.owner().isCurrent()) {
      session.owner().execute(() -> settle(granted, stored));
      return;
    }
    for (Grant grant : granted.reversed()) {
      if (unsettled != null) {
        unsettled.settle(grant, stored);
      }
      if (!stored) {
        takeBack(grant);
      }
    }
    if (unsettled != null && unsettled.isEmpty()) {
      unsettled = null;
    }
  }

  private void takeBack(Grant refused) {
    Subscription before = refused.before();
    if (!isInForce(refused.subscription())) { // a later one, maybe an equal one, was taken
      return;
    }
    if (before == null) {
      remove(refused.subscription().requestedFilter());
    } else {
      put(before);
    }
  }

  /**
   * @return false if there was none for this filter
   */
  public boolean remove(String requestedFilter) {
    Subscription gone = byFilter.get(requestedFilter);
    if (gone == null) {
      return false;
    }
    byFilter.remove(requestedFilter);
    weight -= gone.weight();
    trie.remove(gone.filter(), gone.shareName(), session);
    if (gone.shareName() != null && session.isDurable()) {
      left = left == null ? new LeftShares() : left;
      left.add(gone);
    }
    return true;
  }

  /**
   * Shared Subscriptions that the client left since the broker started, and that messages in its
   * queue may have come by.
   */
  public Collection<Subscription> left() {
    return left == null ? List.of() : left.all();
  }

  /**
   * The connection has ended.
   *
   * @param done nothing waited for the client, see {@link OutgoingMessages#isDone}
   */
  void connectionEnded(boolean done) {
    if (left != null && left.connectionEnded(done)) {
      left = null;
    }
  }

  /** The session ends. */
  void removeAll() {
    for (Subscription subscription : byFilter.values()) {
      trie.remove(subscription.filter(), subscription.shareName(), session);
    }
    byFilter = Map.of();
    left = null;
    weight = 0;
  }
}

package io.signalbox.server.protocol;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authorizer;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.session.DeliveryFilter;
import io.signalbox.server.session.Session;
import io.signalbox.server.topic.TopicName;
import java.util.HashSet;
import java.util.Set;

/**
 * What a client may be given. That its subscriptions are allowed proves it for each message, so
 * nothing is asked, but where a part of a subscription is denied, where a subscription is kept
 * although it is allowed no longer, and for messages that were queued, on disk or in memory, under
 * policies of another time.
 */
@ConfinedTo("the client's I/O thread, but for asksEach")
final class DeliveryRights implements DeliveryFilter {
  /** More different rules are not told. */
  private static final int TOLD_MAX = 64;

  private final Session session;
  private final Client client;
  private Authorizer authorizer;

  /** A part of some subscription is denied. */
  private volatile boolean partsAreDenied;

  /** Filters, as they were asked for, that are not allowed any more. */
  private volatile Set<String> lost = Set.of();

  /** How often the client gave up a subscription. */
  private int unsubscribes;

  /** How often it had done so when its output was last seen empty. */
  private int unsubscribesFlushed;

  /** Rules by which a message was not delivered, told once each. */
  private Set<String> told = Set.of();

  /**
   * @param client told of the first message that each rule keeps from it
   */
  DeliveryRights(Session session, Authorizer authorizer, Client client) {
    this.session = session;
    this.client = client;
    this.authorizer = authorizer;
    session.outgoing().deliveryFilter(this);
  }

  /** The client showed a fresh credential. */
  void authorizer(Authorizer renewed) {
    authorizer = renewed;
  }

  /** All of the client's subscriptions were looked at. */
  void reviewed(boolean parts, Set<String> lostFilters) {
    partsAreDenied = parts;
    lost = lostFilters.isEmpty() ? Set.of() : new HashSet<>(lostFilters);
  }

  /** One subscription was granted. */
  void granted(Subscription subscription, boolean partIsDenied) {
    partsAreDenied = partsAreDenied || partIsDenied;
    if (!lost.isEmpty()) {
      lost.remove(subscription.requestedFilter());
    }
  }

  /** The client gave up a subscription. */
  void unsubscribed() {
    unsubscribes++;
  }

  /** Whether its output may hold messages of such a one. */
  boolean hasUnsubscribed() {
    return unsubscribes != unsubscribesFlushed;
  }

  /** As what the output holds now stands behind it. */
  int unsubscribes() {
    return unsubscribes;
  }

  /**
   * What stood in the output has gone.
   *
   * @param then {@link #unsubscribes} at that time
   */
  void flushed(int then) {
    unsubscribesFlushed = then;
  }

  @Override
  public boolean asksEach() {
    return partsAreDenied || !lost.isEmpty();
  }

  @Override
  public boolean mayDeliver(TopicName topic) {
    return mayReceive(topic) && (lost.isEmpty() || mayDeliverQueued(topic));
  }

  private boolean mayReceive(TopicName topic) {
    AccessDecision decision = authorizer.receive(topic);
    if (!decision.allowed() && told.size() < TOLD_MAX && isNews(decision.rule())) {
      client.deliveryRefused(topic, decision);
    }
    return decision.allowed();
  }

  private boolean isNews(String rule) {
    if (told.isEmpty()) {
      told = new HashSet<>();
    }
    return told.add(rule);
  }

  @Override
  public boolean mayDeliverQueued(TopicName topic) {
    if (!mayReceive(topic)) {
      return false;
    }
    if (authorizer.delivery(topic).allowed()) {
      return true;
    }
    for (Subscription subscription :
        session.subscriptions().all()) { // it may be allowed by its text
      if (subscription.filter().matches(topic) && !lost.contains(subscription.requestedFilter())) {
        return true;
      }
    }
    for (Subscription left : session.subscriptions().left()) { // what came by it is its own still
      if (left.filter().matches(topic) && isAllowed(left)) {
        return true;
      }
    }
    return false;
  }

  private boolean isAllowed(Subscription subscription) {
    return authorizer
        .subscribe(
            subscription.shareName(), subscription.filter(), subscription.options().maximumQos())
        .allowed();
  }
}

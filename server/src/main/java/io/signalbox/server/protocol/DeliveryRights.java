package io.signalbox.server.protocol;

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
 * although it is allowed no longer, and for messages that were queued on disk under policies of
 * another time.
 */
@ConfinedTo("the client's I/O thread")
final class DeliveryRights implements DeliveryFilter {
  private final Session session;
  private Authorizer authorizer;

  /** A part of some subscription is denied. */
  private boolean partsAreDenied;

  /** Filters, as they were asked for, that are not allowed any more. */
  private final Set<String> lost = new HashSet<>();

  DeliveryRights(Session session, Authorizer authorizer) {
    this.session = session;
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
    lost.clear();
    lost.addAll(lostFilters);
  }

  /** One subscription was granted. */
  void granted(Subscription subscription, boolean partIsDenied) {
    partsAreDenied |= partIsDenied;
    lost.remove(subscription.requestedFilter());
  }

  @Override
  public boolean asksEach() {
    return partsAreDenied || !lost.isEmpty();
  }

  @Override
  public boolean mayDeliver(TopicName topic) {
    return authorizer.receive(topic).allowed() && (lost.isEmpty() || mayDeliverQueued(topic));
  }

  @Override
  public boolean mayDeliverQueued(TopicName topic) {
    if (!authorizer.receive(topic).allowed()) {
      return false;
    }
    if (authorizer.delivery(topic).allowed()) {
      return true;
    }
    for (Subscription subscription : session.subscriptions()) { // it may be allowed by its text
      if (subscription.filter().matches(topic) && !lost.contains(subscription.requestedFilter())) {
        return true;
      }
    }
    return false;
  }
}

package io.signalbox.server.protocol;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authorizer;
import io.signalbox.server.auth.OnRevoke;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.session.Session;
import io.signalbox.server.store.RemoveSubscriptions;
import io.signalbox.server.store.StoreSubscriptions;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks again at what a client was granted, because the policies or its credential are others now,
 * or because its session was resumed. A subscription that is allowed no longer is filtered at once,
 * and ends as the policies say.
 */
final class AccessReview {
  private static final Logger LOG = System.getLogger(AccessReview.class.getName());

  private final ProtocolContext context;

  AccessReview(ProtocolContext context) {
    this.context = context;
  }

  /**
   * @param lost subscriptions that are not allowed any more
   * @param lowered subscriptions whose granted QoS is lower now
   * @param parts whether a part of some subscription is denied
   * @param why one of them is lost
   */
  private record Findings(
      List<Subscription> lost, List<Subscription> lowered, boolean parts, String why) {}

  /**
   * A connected client's statements are others now.
   *
   * @return whether it may be given less than before, so that what stands in its output must go
   *     before the change counts as made
   */
  boolean review(Client client) {
    if (!client.isServed()) {
      return true; // it has ended, or another connection has its session; output may be left
    }
    context.metrics().policyReviews.inc(loop(client));
    Authorizer rights = client.authorizer();
    context.refusals().unresolved(client);
    AccessDecision connect = rights.connect();
    if (!connect.allowed() && rights.onRevoke() != OnRevoke.FILTER) {
      context.metrics().policyDenials.inc(Metrics.Denial.CONNECT, loop(client));
      LOG.log(
          Level.WARNING,
          "client {0} as {1} may not stay connected: {2}",
          LogText.quote(client.clientId()),
          LogText.quote(client.principal().id()),
          connect.audit());
      context.refusals().refused(Refusals.Action.CONNECT, client, "", connect);
      client.endBy(Ending.accessRevoked(connect.rule()));
      return true;
    }
    client.session().outgoing().policiesChanged();
    Findings found = look(client);
    if (found.lost.isEmpty()) {
      keep(client, found);
      return found.parts || client.deliveryRights().hasUnsubscribed();
    }
    boolean ends = endsConnection(client);
    if (ends || endsForItsGroup(client, found.lost)) {
      remove(client, ends ? found.lost : shared(found.lost), true);
      client.endBy(Ending.accessRevoked(found.why));
    } else {
      keep(client, found);
    }
    return true;
  }

  /**
   * What waits for the client by a Shared Subscription goes to other members, and for that it may
   * not be about to be sent.
   */
  private static boolean endsForItsGroup(Client client, List<Subscription> lost) {
    return client.session().isOwing() && !shared(lost).isEmpty();
  }

  private static List<Subscription> shared(List<Subscription> subscriptions) {
    return subscriptions.stream().filter(one -> one.shareName() != null).toList();
  }

  /**
   * A session with subscriptions was resumed: policies may have changed while it was away, and
   * nobody was there to be told. Before anything is delivered.
   */
  void resumed(Client client) {
    Findings found = look(client);
    if (!found.lost.isEmpty() && endsConnection(client)) {
      remove(client, found.lost, false);
    }
    keep(client, found);
  }

  private static boolean endsConnection(Client client) {
    return switch (client.authorizer().onRevoke()) {
      case DISCONNECT -> true;
      case FILTER -> false;
      case DEFAULT -> client.isV5();
    };
  }

  private Findings look(Client client) {
    List<Subscription> lost = new ArrayList<>();
    List<Subscription> lowered = new ArrayList<>();
    boolean parts = false;
    String why = "";
    for (Subscription subscription : client.session().subscriptions().all()) {
      if (client.session().isRevoked(subscription)) {
        continue; // as good as gone
      }
      SubscribeDecision decision =
          client
              .authorizer()
              .subscribe(
                  subscription.shareName(),
                  subscription.filter(),
                  subscription.options().maximumQos());
      if (!decision.allowed()) {
        lost.add(subscription);
        why = decision.rule();
        context.metrics().subscriptionsRevoked.inc(loop(client));
        LOG.log(
            Level.WARNING,
            "client {0} as {1} may not stay subscribed to {2}: {3}",
            LogText.quote(client.clientId()),
            LogText.quote(client.principal().id()),
            LogText.quote(subscription.requestedFilter()),
            decision.audit());
        context.refusals().refused(client, subscription.requestedFilter(), decision);
        continue;
      }
      parts |= decision.checkEachMessage();
      if (decision.maximumQos() != subscription.options().maximumQos()) {
        lowered.add(subscription.of(decision.maximumQos()));
      }
    }
    return new Findings(lost, lowered, parts, why);
  }

  private void keep(Client client, Findings found) {
    Session session = client.session();
    Set<String> lost = new HashSet<>();
    found.lost.forEach(subscription -> lost.add(subscription.requestedFilter()));
    client.deliveryRights().reviewed(found.parts, lost);
    // What is dropped for one member of a group would be lost for the group.
    remove(client, shared(found.lost), false);
    if (!found.lowered.isEmpty()) {
      found.lowered.forEach(session.subscriptions()::put);
      if (session.isDurable()) {
        context
            .writer()
            .submit(
                new StoreSubscriptions(session.sessionNumber(), session.epoch(), found.lowered),
                null);
      }
    }
  }

  /**
   * @param ends the connection ends next
   */
  private void remove(Client client, List<Subscription> subscriptions, boolean ends) {
    Session session = client.session();
    List<String> gone = new ArrayList<>();
    for (Subscription subscription : subscriptions) {
      boolean removed =
          subscription.shareName() == null
              ? session.subscriptions().remove(subscription.requestedFilter())
              : session.revoke(subscription, ends);
      if (removed) {
        gone.add(subscription.requestedFilter());
      }
    }
    if (session.isDurable() && !gone.isEmpty()) {
      context
          .writer()
          .submit(new RemoveSubscriptions(session.sessionNumber(), session.epoch(), gone), null);
    }
  }

  private static int loop(Client client) {
    return client.connection().loop().index();
  }
}

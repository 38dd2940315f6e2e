package io.signalbox.server.protocol;

import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.session.Grant;
import io.signalbox.server.session.Session;
import io.signalbox.server.session.SessionSubscriptions;
import io.signalbox.server.store.RemoveSubscriptions;
import io.signalbox.server.store.StoreSubscriptions;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.SharedFilter;
import io.signalbox.server.topic.TopicFilter;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 sections 3.8 to 3.11). */
final class SubscribeHandler {
  private static final Logger LOG = System.getLogger(SubscribeHandler.class.getName());

  private final ProtocolContext context;

  SubscribeHandler(ProtocolContext context) {
    this.context = context;
  }

  /** What a filter asks for, taken apart. */
  private record Parsed(@Nullable String shareName, TopicFilter filter) {}

  void onSubscribe(Client client, Subscribe subscribe) throws PacketException {
    int[] identifiers =
        subscribe.properties().subscriptionIdentifiers(); // at most one, the decoder saw to it
    int identifier = identifiers.length == 0 ? Subscription.NO_IDENTIFIER : identifiers[0];
    List<ReasonCode> reasons = new ArrayList<>(subscribe.subscriptions().size());
    List<Grant> granted = new ArrayList<>(subscribe.subscriptions().size());
    List<Subscription> wantRetained = new ArrayList<>();
    boolean tooMany = subscribe.subscriptions().size() > context.limits().filtersPerPacketMax();
    if (tooMany) {
      context
          .metrics()
          .limitsReached
          .inc(Metrics.Limit.FILTERS_PER_PACKET, client.connection().loop().index());
    }
    requireNoLocalOnPlainOnes(subscribe); // before any of them is in force
    String problem = "";
    for (RequestedSubscription requested : subscribe.subscriptions()) {
      Outcome outcome =
          tooMany
              ? new Outcome(
                  ReasonCode.QUOTA_EXCEEDED,
                  "limits.filters-per-packet-max is " + context.limits().filtersPerPacketMax())
              : subscribeOne(client, requested, identifier, granted, wantRetained);
      reasons.add(
          outcome.reason.isError() && !client.isV5()
              ? ReasonCode.UNSPECIFIED_ERROR
              : outcome.reason);
      problem = outcome.problem.isEmpty() ? problem : outcome.problem;
    }
    Properties answer = problem.isEmpty() ? Properties.NONE : client.reasonString(problem);
    SubAck subAck = new SubAck(subscribe.packetId(), reasons, answer); // [MQTT-3.8.4-6]
    Session session = client.session();
    if (session.isDurable() && !granted.isEmpty()) {
      PendingAcks.Ack ack =
          client.acks().await(PendingAcks.Kind.PACKET, subscribe.packetId(), subAck);
      if (!wantRetained.isEmpty()) {
        ack.after = () -> client.retained().add(wantRetained);
      }
      ack.onCommit = () -> session.subscriptions().settle(granted, true);
      ack.onRefusal = () -> session.subscriptions().settle(granted, false);
      ack.whenFull = () -> noRoom(client, reasons, subscribe.packetId());
      List<Subscription> subscriptions = granted.stream().map(Grant::subscription).toList();
      context
          .writer()
          .submit(
              new StoreSubscriptions(session.sessionNumber(), session.epoch(), subscriptions), ack);
    } else {
      client
          .acks()
          .ready(PendingAcks.Kind.PACKET, subscribe.packetId(), ReasonCode.SUCCESS, subAck);
      if (!wantRetained.isEmpty()) {
        client.retained().add(wantRetained);
      }
    }
  }

  private static void requireNoLocalOnPlainOnes(Subscribe subscribe) throws PacketException {
    for (RequestedSubscription requested : subscribe.subscriptions()) {
      if (requested.options().noLocal() && SharedFilter.isShared(requested.topicFilter())) {
        throw PacketException.protocolError("no local on a shared subscription"); // [MQTT-3.8.3-4]
      }
    }
  }

  /** The store did not take them, so they are not granted after all. */
  private static Packet noRoom(Client client, List<ReasonCode> reasons, int packetId) {
    ReasonCode refusal = client.isV5() ? ReasonCode.QUOTA_EXCEEDED : ReasonCode.UNSPECIFIED_ERROR;
    return new SubAck(
        packetId,
        reasons.stream().map(reason -> reason.isError() ? reason : refusal).toList(),
        client.reasonString("the store is full"));
  }

  /**
   * @param problem empty if there is none
   */
  private record Outcome(ReasonCode reason, String problem) {}

  private Outcome subscribeOne(
      Client client,
      RequestedSubscription requested,
      int identifier,
      List<Grant> granted,
      List<Subscription> wantRetained) {
    String text = requested.topicFilter();
    Parsed parsed;
    try {
      parsed = parse(text);
    } catch (InvalidTopicException e) {
      return new Outcome(ReasonCode.TOPIC_FILTER_INVALID, "invalid topic filter"); // [MQTT-4.7.1-1]
    }
    if (parsed.filter.levelCount() > context.limits().topicLevelsMax()) {
      context
          .metrics()
          .limitsReached
          .inc(Metrics.Limit.TOPIC_LEVELS, client.connection().loop().index());
      return new Outcome(
          ReasonCode.TOPIC_FILTER_INVALID,
          "limits.topic-levels-max is " + context.limits().topicLevelsMax());
    }
    SessionSubscriptions held = client.session().subscriptions();
    int most = context.limits().subscriptionsPerSessionMax();
    Subscription asked =
        new Subscription(parsed.filter, parsed.shareName, requested.options(), identifier);
    if (!held.contains(text) && held.weight() + asked.weight() > most) {
      context
          .metrics()
          .limitsReached
          .inc(Metrics.Limit.SUBSCRIPTIONS, client.connection().loop().index());
      return new Outcome(
          ReasonCode.QUOTA_EXCEEDED, "limits.subscriptions-per-session-max is " + most);
    }
    SubscribeDecision decision =
        client
            .authorizer()
            .subscribe(parsed.shareName, parsed.filter, requested.options().maximumQos());
    if (!decision.allowed()) {
      context
          .metrics()
          .policyDenials
          .inc(Metrics.Denial.SUBSCRIBE, client.connection().loop().index());
      LOG.log(
          Level.WARNING,
          "client {0} as {1} may not subscribe to {2}: {3}",
          LogText.quote(client.clientId()),
          LogText.quote(client.principal().id()),
          LogText.quote(text),
          decision.audit());
      context.refusals().refused(client, text, decision);
      return new Outcome(ReasonCode.NOT_AUTHORIZED, decision.rule());
    }
    Subscription subscription = asked.of(decision.maximumQos());
    client.deliveryRights().granted(subscription, decision.checkEachMessage());
    // Before retained messages are read: a duplicate is allowed, a gap is not.
    Grant grant = held.grant(subscription);
    granted.add(grant);
    if (wantsRetained(subscription, grant.isNew())) {
      wantRetained.add(subscription);
    }
    return new Outcome(ReasonCode.granted(decision.maximumQos()), "");
  }

  private static Parsed parse(String text) throws InvalidTopicException {
    if (SharedFilter.isShared(text)) {
      SharedFilter shared = SharedFilter.parse(text);
      return new Parsed(shared.shareName(), shared.filter());
    }
    return new Parsed(null, TopicFilter.of(text));
  }

  private static boolean wantsRetained(Subscription subscription, boolean isNew) {
    if (subscription.shareName() != null) {
      return false; // none is sent for a Shared Subscription (section 4.8.2)
    }
    RetainHandling handling = subscription.options().retainHandling();
    return switch (handling) {
      case SEND -> true; // [MQTT-3.3.1-9]
      case SEND_IF_NEW -> isNew; // [MQTT-3.3.1-10]
      case DO_NOT_SEND -> false; // [MQTT-3.3.1-11]
    };
  }

  void onUnsubscribe(Client client, Unsubscribe unsubscribe) {
    Session session = client.session();
    List<ReasonCode> reasons = new ArrayList<>(unsubscribe.topicFilters().size());
    List<String> gone = new ArrayList<>();
    for (String filter : unsubscribe.topicFilters()) {
      if (session.subscriptions().remove(filter)) { // [MQTT-3.10.4-1]
        client.unsubscribed(filter);
        gone.add(filter);
        reasons.add(ReasonCode.SUCCESS);
      } else {
        reasons.add(ReasonCode.NO_SUBSCRIPTION_EXISTED);
      }
    }
    UnsubAck answer = new UnsubAck(unsubscribe.packetId(), reasons, Properties.NONE);
    if (session.isDurable() && !gone.isEmpty()) {
      context
          .writer()
          .submit(
              new RemoveSubscriptions(session.sessionNumber(), session.epoch(), gone),
              client.acks().await(PendingAcks.Kind.PACKET, unsubscribe.packetId(), answer));
    } else {
      client
          .acks()
          .ready(PendingAcks.Kind.PACKET, unsubscribe.packetId(), ReasonCode.SUCCESS, answer);
    }
  }
}

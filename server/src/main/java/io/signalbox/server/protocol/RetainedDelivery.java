package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.retained.RefusalWatch;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.session.ClientConnection;
import io.signalbox.server.session.OnLoop;
import io.signalbox.server.session.Session;
import io.signalbox.server.store.StorePublish;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/**
 * The retained messages that answer a client's SUBSCRIBEs: slice after slice, each when the session
 * has room, one filter after the other (MQTT 5.0 section 3.3.1.3). One for each client, so that its
 * output never holds more than a slice of them, however many filters wait.
 */
@ConfinedTo("the session's I/O thread")
final class RetainedDelivery {
  private static final int SLICE_MAX = 1_000;

  /** Filters looked up at once before others have their turn on the thread. */
  private static final int LOOKS_MAX = 64;

  private final ProtocolContext context;
  private final Session session;
  private final ClientConnection connection;

  /**
   * What is to be looked for.
   *
   * @param requestedFilter of the subscription
   * @param topic one of its topics, because a value was refused that stood in the way; null: all
   * @param since the subscription for which that was looked up; null if {@code topic} is
   */
  private record Look(
      String requestedFilter, @Nullable TopicFilter topic, @Nullable Subscription since) {
    /** Whether it is still asked for: not where another subscription has come since. */
    @SuppressWarnings("ReferenceEquality") // that very one, not an equal one
    boolean isFor(Subscription inForce) {
      return since == null || since == inForce;
    }
  }

  /**
   * A look that may have met values which are refused after it. All of one filter are equal, so
   * that a topic is watched no more often than the session has subscriptions, however many
   * SUBSCRIBEs come while the disk is slow; of the subscriptions only the last is in force.
   */
  private record Looked(RetainedDelivery delivery, Subscription subscription)
      implements RefusalWatch {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Looked(RetainedDelivery itsDelivery, Subscription its)
          && itsDelivery.equals(delivery)
          && its.filter().equals(subscription.filter());
    }

    @Override
    public int hashCode() {
      return 31 * delivery.hashCode() + subscription.filter().hashCode();
    }

    @Override
    public EventLoop loop() {
      return delivery.connection.loop();
    }

    @Override
    public void again(TopicName topic) {
      String filter = subscription.requestedFilter();
      delivery.again(new Look(filter, TopicFilter.of(topic), subscription));
    }
  }

  /**
   * A filter that is asked for again before its turn is served once, as the last of the SUBSCRIBEs
   * says. So there are never more than the session has subscriptions, and of each the topics of
   * values that were refused at the same time.
   */
  private final SequencedSet<Look> left = new LinkedHashSet<>();

  /** A filter is being served, or looked for. */
  private boolean serving;

  RetainedDelivery(ProtocolContext context, Session session, ClientConnection connection) {
    this.context = context;
    this.session = session;
    this.connection = connection;
  }

  /** SUBACK was sent for them. */
  void add(List<Subscription> subscriptions) {
    for (Subscription subscription : subscriptions) {
      left.add(new Look(subscription.requestedFilter(), null, null));
    }
    begin();
  }

  private void again(Look look) {
    if (connection.isOpen()) {
      left.add(look);
      begin();
    }
  }

  private void begin() {
    if (!serving) {
      serving = true;
      next();
    }
  }

  /** It was unsubscribed from. */
  void forget(String requestedFilter) {
    left.remove(new Look(requestedFilter, null, null));
  }

  /** The next filter that has any, once there is room. */
  private void next() {
    session.outgoing().whenRoom(this::serve);
  }

  private void serve() {
    for (int looked = 0; connection.isOpen(); looked++) {
      if (looked == LOOKS_MAX) {
        connection.loop().execute(this::serve);
        return;
      }
      if (left.isEmpty()) {
        serving = false;
        return;
      }
      Look look = left.removeFirst();
      Subscription subscription = session.subscriptions().find(look.requestedFilter);
      if (subscription == null || !look.isFor(subscription)) {
        continue;
      }
      TopicFilter filter = look.topic == null ? subscription.filter() : look.topic;
      if (filter.hasWildcard()) {
        if (context.retained().mayMatch(filter)) {
          scan(subscription, filter);
          return;
        }
        continue;
      }
      Message message = context.retained().find(filter, new Looked(this, subscription));
      if (message != null) {
        deliver(subscription, message);
        session.outgoing().whenRoom(() -> connection.loop().execute(this::serve));
        return;
      }
    }
  }

  private void scan(Subscription subscription, TopicFilter filter) {
    String requestedFilter = subscription.requestedFilter();
    int slice = Math.clamp(context.sessionConfig().memoryQueueMessagesMax() / 4, 1, SLICE_MAX);
    context
        .retained()
        .forEach(
            filter,
            connection.loop(),
            slice,
            (messages, last, next) -> slice(requestedFilter, messages, last, next),
            new Looked(this, subscription));
  }

  private void slice(String requestedFilter, List<Message> messages, boolean last, Runnable next) {
    Subscription subscription =
        connection.isOpen() ? session.subscriptions().find(requestedFilter) : null;
    for (Message message : messages) {
      if (subscription == null || !connection.isOpen()) {
        break;
      }
      deliver(subscription, message);
    }
    if (connection.isOpen()) {
      session.outgoing().whenRoom(last || subscription == null ? this::serve : next);
    }
  }

  private void deliver(Subscription subscription, Message message) {
    if (subscription.options().noLocal()
        && message.publisherClientId().equals(session.clientId())) {
      return; // [MQTT-3.8.3-3]
    }
    Qos qos = message.qos().min(subscription.options().maximumQos());
    int[] identifiers =
        subscription.identifier() == Subscription.NO_IDENTIFIER
            ? new int[0]
            : new int[] {subscription.identifier()};
    if (qos == Qos.AT_MOST_ONCE || !session.isDurable()) {
      session.outgoing().deliverRetained(message, qos, identifiers, null);
      return;
    }
    StorePublish stored =
        Publisher.storeFor(
            session.sessionNumber(), message, StorePublish.flags(qos, true, false), identifiers);
    if (qos == Qos.EXACTLY_ONCE) {
      context
          .writer()
          .submit(
              stored,
              new OnLoop(
                  connection.loop(),
                  _ -> deliverIfHere(message, qos, identifiers, stored),
                  _ -> {}));
    } else {
      context.writer().submit(stored, null);
      session.outgoing().deliverRetained(message, qos, identifiers, stored);
    }
  }

  private void deliverIfHere(
      Message message, Qos qos, int[] identifiers, @Nullable StorePublish stored) {
    if (connection.isOpen()) { // else the session reads it from disk
      session.outgoing().deliverRetained(message, qos, identifiers, stored);
    }
  }
}

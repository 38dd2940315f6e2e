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
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.StorePublish;
import io.signalbox.server.store.Waiting;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The retained messages that answer a client's SUBSCRIBEs: slice after slice, each when the session
 * has room and the store's queue too, one filter after the other (MQTT 5.0 section 3.3.1.3). One
 * for each client, so that its output never holds more than a slice of them, however many filters
 * wait.
 *
 * <p>QoS 2 for a lasting session is sent once it has a row. What the store has no room for is
 * looked up again when it may have some: it may have been replaced meanwhile.
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
   * @param since the subscription for which that was looked up; null: it is owed whichever
   *     subscription has the filter, which may have come without its retained messages
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
   * values that were refused at the same time. Null while there is nothing: most clients ask once.
   */
  private @Nullable SequencedSet<Look> left;

  /** A filter is being served, or looked for. */
  private boolean serving;

  /** The requested filter whose topics come in slices; null: none, or it was unsubscribed from. */
  private @Nullable String scanned;

  /** Null until one goes to the disk before it goes to the client. */
  private @Nullable Rows rows;

  /** The rows of those that are sent once they have one. */
  private static final class Rows {
    /** On their way to the disk; with {@link #refused} never more than two slices. */
    int submitted;

    /** The store had no room for them, and is waited for. */
    final List<Look> refused = new ArrayList<>();

    /** They go before anything else, and were in {@link #refused} before. */
    final Deque<Look> again = new ArrayDeque<>();

    /** The next slice, once those that were refused are served. */
    @Nullable Runnable nextSlice;

    /** Nothing is served until some are on the disk. */
    boolean awaited;

    @Nullable Waiting forRoom;
    @Nullable Waiting forRelief;

    int underWay() {
      return submitted + refused.size();
    }
  }

  RetainedDelivery(ProtocolContext context, Session session, ClientConnection connection) {
    this.context = context;
    this.session = session;
    this.connection = connection;
  }

  /** SUBACK was sent for them. */
  void add(List<Subscription> subscriptions) {
    for (Subscription subscription : subscriptions) {
      take(subscription.requestedFilter()); // all of it comes
      add(new Look(subscription.requestedFilter(), null, null));
    }
    begin();
  }

  private void add(Look look) {
    SequencedSet<Look> all = left == null ? new LinkedHashSet<>() : left;
    all.add(look);
    left = all;
  }

  private void again(Look look) {
    if (connection.isOpen()) {
      add(look);
      begin();
    }
  }

  private void begin() {
    if (!serving) {
      serving = true;
      next();
    }
  }

  /** It was unsubscribed from: a subscription that comes now has none of what is left of it. */
  void forget(String requestedFilter) {
    take(requestedFilter);
    if (requestedFilter.equals(scanned)) {
      scanned = null;
    }
  }

  private void take(String requestedFilter) {
    if (left != null) { // its topics there are for that subscription only
      left.remove(new Look(requestedFilter, null, null));
    }
    if (rows != null) {
      Predicate<Look> ofIt = look -> look.requestedFilter.equals(requestedFilter);
      rows.refused.removeIf(ofIt);
      rows.again.removeIf(ofIt);
    }
  }

  /** The client has gone: the store may be full for days. */
  void stop() {
    if (rows != null && rows.forRoom != null) {
      rows.forRoom.leave();
    }
    if (rows != null && rows.forRelief != null) {
      rows.forRelief.leave();
    }
  }

  /** The next filter that has any, once there is room. */
  private void next() {
    if (connection.isOpen()) {
      session.outgoing().whenRoom(this::serve);
    }
  }

  private void serve() {
    for (int looked = 0; connection.isOpen(); looked++) {
      if (looked == LOOKS_MAX) {
        connection.loop().execute(this::serve);
        return;
      }
      if (nothingIsLeft()) {
        left = null;
        serving = false;
        forgetRows();
        return;
      }
      if (waitsForTheStore() || goesOnWithSlices()) {
        return;
      }
      Look look = nextLook();
      Subscription subscription =
          look == null ? null : session.subscriptions().find(look.requestedFilter);
      if (look == null || subscription == null || !look.isFor(subscription)) {
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

  private boolean nothingIsLeft() {
    return (left == null || left.isEmpty())
        && (rows == null || (rows.again.isEmpty() && rows.nextSlice == null));
  }

  private void forgetRows() {
    if (rows != null && rows.underWay() == 0 && rows.forRoom == null) {
      rows = null;
    }
  }

  private @Nullable Look nextLook() {
    if (rows != null && !rows.again.isEmpty()) {
      return rows.again.removeFirst();
    }
    return left == null || left.isEmpty() ? null : left.removeFirst();
  }

  private int sliceMax() {
    return Math.clamp(context.sessionConfig().memoryQueueMessagesMax() / 4, 1, SLICE_MAX);
  }

  /** Whether what is to be served waits until the store is done with what came before. */
  private boolean waitsForTheStore() {
    if (!session.isDurable()) {
      return false;
    }
    if (rows != null && rows.underWay() >= SLICE_MAX) {
      rows.awaited = true;
      return true;
    }
    if (context.writer().congested()) {
      rows().forRelief = context.writer().whenRelieved(connection.loop(), this::next);
      return true;
    }
    return false;
  }

  /** Whether there is another slice, and nothing goes before it. */
  private boolean goesOnWithSlices() {
    Runnable nextSlice = rows == null || !rows.again.isEmpty() ? null : rows.nextSlice;
    if (nextSlice == null) {
      return false;
    }
    rows().nextSlice = null;
    nextSlice.run();
    return true;
  }

  private Rows rows() {
    Rows known = rows;
    if (known == null) {
      known = new Rows();
      rows = known;
    }
    return known;
  }

  private void scan(Subscription subscription, TopicFilter filter) {
    String requestedFilter = subscription.requestedFilter();
    scanned = requestedFilter;
    context
        .retained()
        .forEach(
            filter,
            connection.loop(),
            sliceMax(),
            (messages, last, next) -> slice(requestedFilter, messages, last, next),
            new Looked(this, subscription));
  }

  private void slice(String requestedFilter, List<Message> messages, boolean last, Runnable next) {
    boolean wanted = connection.isOpen() && requestedFilter.equals(scanned);
    Subscription subscription = wanted ? session.subscriptions().find(requestedFilter) : null;
    for (Message message : messages) {
      if (subscription == null || !connection.isOpen()) {
        break;
      }
      deliver(subscription, message);
    }
    if (!connection.isOpen()) {
      return;
    }
    boolean over = last || subscription == null;
    if (!over && session.isDurable()) {
      rows().nextSlice = next;
    }
    session.outgoing().whenRoom(over || session.isDurable() ? this::serve : next);
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
        new StorePublish(
            message,
            StorePublish.Keepers.one(
                session.sessionNumber(), StorePublish.flags(qos, true, false), identifiers));
    if (qos == Qos.EXACTLY_ONCE) {
      rows().submitted++;
      TopicName topic = message.topic();
      context
          .writer()
          .submit(
              stored,
              new OnLoop(
                  connection.loop(),
                  _ -> {
                    deliverIfHere(message, qos, identifiers, stored);
                    answered();
                  },
                  problem -> {
                    refused(subscription, topic, problem);
                    answered();
                  }));
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

  private void refused(Subscription subscription, TopicName topic, StoreException problem) {
    boolean full =
        switch (problem.reason()) {
          case STORE_FULL, BUSY -> true;
          case STALE_EPOCH, REVISION_CONFLICT, INTERNAL, FAILED, CLOSED -> false;
        };
    if (!full || !connection.isOpen()) {
      return;
    }
    Rows all = rows();
    all.refused.add(new Look(subscription.requestedFilter(), TopicFilter.of(topic), null));
    if (all.forRoom == null) {
      all.forRoom = context.writer().whenRoom(connection.loop(), this::tryAgain);
    }
  }

  private void tryAgain() {
    Rows all = rows();
    all.forRoom = null;
    all.again.addAll(all.refused);
    all.refused.clear();
    goOn();
  }

  /** A row is on the disk, or refused. */
  private void answered() {
    rows().submitted--;
    goOn();
  }

  private void goOn() {
    Rows all = rows();
    if (all.awaited && all.underWay() < SLICE_MAX) {
      all.awaited = false;
      next();
    } else if (!all.again.isEmpty()) {
      begin();
    } else if (!serving) {
      forgetRows();
    }
  }
}

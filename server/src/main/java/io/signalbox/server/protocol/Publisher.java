package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.retained.RetainedMessages;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.Receivers;
import io.signalbox.server.routing.Router;
import io.signalbox.server.routing.Subscriber;
import io.signalbox.server.session.GivenInstead;
import io.signalbox.server.session.InboundQos2;
import io.signalbox.server.session.OnLoop;
import io.signalbox.server.session.Session;
import io.signalbox.server.store.Completion;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.StorePublish;
import io.signalbox.server.store.StorePublish.Keepers;
import io.signalbox.server.store.StorePublish.Qos2Origin;
import io.signalbox.server.store.StorePublish.Retaining;
import io.signalbox.server.store.StoreWriter;
import io.signalbox.server.store.Submitter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings a message to its receivers: matched once, committed first where it must be, offered to
 * each. One for each I/O thread.
 *
 * <p>What has a durable receiver, is retained, or came as QoS 2 from a durable session is one
 * command to the store, and its acknowledgement follows the commit. QoS 0 and 1 are offered to
 * online receivers without waiting for it; QoS 2 is offered after it, because a crash between would
 * deliver twice, and so is what the same client publishes meanwhile with QoS 2.
 */
@ConfinedTo("its I/O thread")
final class Publisher {
  /** Shared Subscriptions; with more of them a search for each would multiply. */
  private static final int SEARCHED_MAX = 4;

  private final EventLoop loop;
  private final Router router;
  private final RetainedMessages retained;
  private final StoreWriter writer;
  private final Metrics metrics;
  private final Receivers receivers = new Receivers();

  /** Places among the receivers of a stored message. */
  private final BitSet secondCopies = new BitSet();

  Publisher(
      EventLoop loop,
      Router router,
      RetainedMessages retained,
      StoreWriter writer,
      Metrics metrics) {
    this.loop = loop;
    this.router = router;
    this.retained = retained;
    this.writer = writer;
    this.metrics = metrics;
  }

  /**
   * What must be committed with a message besides the queues of its receivers.
   *
   * @param setRetained it becomes, or with an empty payload clears, its topic's retained message
   * @param willOf number of the session whose stored will this is; 0: none
   */
  record Also(boolean setRetained, Qos2Origin origin, long willOf) {
    static final Also NOTHING = new Also(false, Qos2Origin.NONE, 0);
    static final Also RETAINED = new Also(true, Qos2Origin.NONE, 0);

    boolean needsStore() {
      return setRetained || origin.number() != 0 || willOf != 0;
    }
  }

  /** Where the acknowledgement goes once it may be sent. */
  interface Acknowledgement {
    /** Nothing waits for the disk. */
    void now(ReasonCode reason);

    /** A place in the order of acknowledgements, completed by the store. */
    PendingAcks.Ack afterCommit();

    /** Who sends again from a message on that is not acknowledged; null: is told instead. */
    @Nullable Submitter submitter();

    /** Whether the listener's durability is lazy. */
    boolean isLazy();
  }

  /**
   * @param from whose message it is, for No Local; null for the broker's own
   * @param acknowledgement null: nobody waits
   */
  void publish(
      Message message,
      @Nullable Session from,
      Also also,
      @Nullable Acknowledgement acknowledgement) {
    if (also.setRetained()) {
      retained.pending(
          message); // before the receivers are looked for: a new subscriber misses nothing
    }
    boolean kept = message.qos() != Qos.AT_MOST_ONCE;
    router.receivers(message.topic(), kept, from, receivers);
    int count = receivers.size();
    int durable = kept ? durableReceivers(count) : 0;
    if (durable == 0 && !also.needsStore()) {
      if (from != null && acknowledgement != null && count > 0 && isBehindAnother(message, from)) {
        publishBehind(message, from, acknowledgement, count);
        return;
      }
      Subscriber pressed = null;
      for (int i = 0; i < count; i++) {
        Delivery delivery = receivers.get(i);
        delivery.subscriber().offer(delivery, message, null, 0);
        pressed = pressed(delivery.subscriber(), message, pressed);
      }
      if (count == 0) {
        metrics.messagesUnmatched.inc(loop.index());
      }
      if (acknowledgement != null) {
        acknowledge(acknowledgement, count, pressed);
      }
      return;
    }
    publishStored(message, from, also, acknowledgement, count, durable);
  }

  /**
   * Whom the acknowledgement is to wait for; not the publisher: who waits for itself waits for
   * ever.
   *
   * @param before another receiver that is pressed; null: none is so far
   */
  private static @Nullable Subscriber pressed(
      Subscriber receiver, Message message, @Nullable Subscriber before) {
    return receiver.isPressed() && receiver != message.publisher() ? receiver : before;
  }

  /** At once, unless a receiver does not keep up. */
  private void acknowledge(
      Acknowledgement acknowledgement, int count, @Nullable Subscriber pressed) {
    if (pressed == null) {
      acknowledgement.now(count == 0 ? ReasonCode.NO_MATCHING_SUBSCRIBERS : ReasonCode.SUCCESS);
    } else {
      pressed.whenRelieved(loop, acknowledgement.afterCommit()::complete);
    }
  }

  /** One that waits for the disk may not be overtaken by one that need not [MQTT-4.6.0-6]. */
  private static boolean isBehindAnother(Message message, Session from) {
    return message.qos() == Qos.EXACTLY_ONCE && from.inboundQos2().isCommitting();
  }

  /** Nothing of the message is for the disk; it is offered when the disk has those before it. */
  private void publishBehind(
      Message message, Session from, Acknowledgement acknowledgement, int count) {
    Delivery[] to = new Delivery[count];
    Arrays.setAll(to, receivers::get);
    InboundQos2 exchanges = from.inboundQos2();
    exchanges.committing();
    PendingAcks.Ack ack = acknowledgement.afterCommit();
    writer.submit(
        storeNothing(message, 0), // a barrier that is refused with what its client sends again
        new OnLoop(
            loop,
            _ -> {
              exchanges.committed();
              offerBehind(message, to, ack);
            },
            problem -> {
              exchanges.committed();
              ack.completed(null, problem);
            }),
        acknowledgement.submitter());
  }

  private void offerBehind(Message message, Delivery[] to, PendingAcks.Ack ack) {
    Subscriber pressed = null;
    for (Delivery delivery : to) {
      delivery.subscriber().offer(delivery, message, null, 0);
      pressed = pressed(delivery.subscriber(), message, pressed);
    }
    if (pressed == null) {
      ack.complete();
    } else {
      pressed.whenRelieved(loop, ack::complete);
    }
  }

  private int durableReceivers(int count) {
    int durable = 0;
    for (int i = 0; i < count; i++) {
      if (isDurable(receivers.get(i))) {
        durable++;
      }
    }
    return durable;
  }

  private static boolean isDurable(Delivery delivery) {
    return delivery.subscriber().isDurable() && delivery.maximumQos() != Qos.AT_MOST_ONCE;
  }

  /** One receiver, and where its row is if it has one. */
  private record Receiver(Delivery delivery, @Nullable StorePublish stored, int place) {
    void offer(Message message) {
      delivery.subscriber().offer(delivery, message, stored, place);
    }
  }

  /**
   * A message of QoS 2 waits for the disk.
   *
   * @return to be told when it has answered; null: the disk keeps the order by itself
   */
  private static @Nullable InboundQos2 committing(@Nullable Session from) {
    if (from == null || from.isDurable()) {
      return null;
    }
    from.inboundQos2().committing();
    return from.inboundQos2();
  }

  private static void committed(@Nullable InboundQos2 exchanges) {
    if (exchanges != null) {
      exchanges.committed();
    }
  }

  private void publishStored(
      Message message,
      @Nullable Session from,
      Also also,
      @Nullable Acknowledgement acknowledgement,
      int count,
      int durable) {
    noteSecondCopies(count);
    boolean hearsOfRefusal = acknowledgement != null && !mayAcknowledgeNow(acknowledgement);
    StorePublish stored = toStore(message, also, hearsOfRefusal, count, durable);
    Submitter submitter = acknowledgement == null ? null : acknowledgement.submitter();
    List<StorePublish> copies = secondCopies.isEmpty() ? List.of() : new ArrayList<>();
    Receiver[] to = toReceivers(message, stored, count, copies);
    boolean early = message.qos() != Qos.EXACTLY_ONCE;
    InboundQos2 exchanges = early ? null : committing(from);
    if (acknowledgement == null || !hearsOfRefusal) {
      boolean nothingFollows = early && !isKeptByShares(to);
      submit(
          stored,
          copies,
          nothingFollows ? null : afterCommit(to, message, stored, exchanges),
          null);
      // INVARIANT: offered after submit, see Session.moveTo
      Subscriber pressed = early ? offer(to, message) : pressed(to, message);
      if (acknowledgement != null) {
        if (pressed == null) {
          metrics.acksBeforeCommit.inc(loop.index());
        }
        acknowledge(acknowledgement, count, pressed);
      }
      return;
    }
    PendingAcks.Ack ack = acknowledgement.afterCommit();
    if (count == 0) {
      ack.reason(ReasonCode.NO_MATCHING_SUBSCRIBERS);
    }
    ack.onCommit =
        () -> {
          committed(exchanges);
          ack.onRefusal = null; // of this command, not of one that follows
          if (stored.refusedAsAWhole()) {
            ack.refusedAsAWhole();
            return;
          }
          GivenInstead instead = refusedShares(to, message, stored);
          if (instead == null && stored.refusedByAll()) {
            ack.refusedByAll();
          }
          if (!early) {
            ack.pressed = offer(to, message);
          }
          if (instead != null) {
            ack.awaitAnother();
            instead.start(new Instead(ack, stored));
          }
        };
    ack.onRefusal = exchanges == null ? null : exchanges::committed;
    submit(stored, copies, ack, submitter);
    if (early) {
      ack.pressed = offer(to, message); // INVARIANT: after submit, see Session.moveTo
    }
  }

  private void submit(
      StorePublish stored,
      List<StorePublish> copies,
      @Nullable Completion completion,
      @Nullable Submitter submitter) {
    if (copies.isEmpty()) {
      writer.submit(stored, completion, submitter);
    } else {
      writer.submit(stored, copies, completion, submitter);
    }
  }

  /**
   * While there is no room, on the disk or soon before the writer, even a lazy publisher waits to
   * hear whether its message was taken.
   */
  private boolean mayAcknowledgeNow(Acknowledgement acknowledgement) {
    return acknowledgement.isLazy() && writer.hasRoom() && !writer.congested();
  }

  /** Nobody waits for the answer of the store but the receivers. */
  private OnLoop afterCommit(
      Receiver[] to, Message message, StorePublish stored, @Nullable InboundQos2 exchanges) {
    return new OnLoop(
        loop,
        _ -> {
          committed(exchanges);
          if (message.qos() == Qos.EXACTLY_ONCE) {
            offer(to, message);
          }
          GivenInstead instead = refusedShares(to, message, stored);
          if (instead != null) {
            instead.start(null);
          }
        },
        _ -> committed(exchanges));
  }

  /** The publisher waits until another member has what the queue of one did not take. */
  private record Instead(PendingAcks.Ack ack, StorePublish stored) implements GivenInstead.Outcome {
    @Override
    public void given(boolean taken, @Nullable Subscriber pressed) {
      if (!taken && stored.refusedByAll()) {
        ack.refusedByAll();
      } else if (pressed != null) {
        ack.pressed = pressed;
      }
      ack.arrived();
    }

    @Override
    public void failed(StoreException problem) {
      ack.completed(null, problem);
    }
  }

  /** Those of Shared Subscriptions come last. */
  private static boolean isKeptByShares(Receiver[] to) {
    for (int i = to.length - 1; i >= 0 && to[i].delivery.group() != null; i--) {
      if (to[i].stored != null) {
        return true;
      }
    }
    return false;
  }

  /**
   * Once it is committed.
   *
   * @return null, as a rule: no queue of a member of a Shared Subscription was full; nor is another
   *     one asked when all of them together are
   */
  private @Nullable GivenInstead refusedShares(
      Receiver[] to, Message message, StorePublish stored) {
    GivenInstead refused = null;
    for (int i = to.length - 1; i >= 0 && to[i].delivery.group() != null; i--) {
      StorePublish asked = to[i].stored;
      if (asked != null && asked.isQueueFull(to[i].place)) {
        refused = refused == null ? new GivenInstead(loop, writer, message, stored) : refused;
        refused.add(to[i].delivery, asked, to[i].place);
      }
    }
    return refused;
  }

  /**
   * @return one that is pressed; null: none is
   */
  private static @Nullable Subscriber offer(Receiver[] to, Message message) {
    Subscriber pressed = null;
    for (Receiver receiver : to) {
      receiver.offer(message);
      pressed = pressed(receiver.delivery.subscriber(), message, pressed);
    }
    return pressed;
  }

  /** As {@link #offer}, of a message that is offered later. */
  private static @Nullable Subscriber pressed(Receiver[] to, Message message) {
    Subscriber pressed = null;
    for (Receiver receiver : to) {
      pressed = pressed(receiver.delivery.subscriber(), message, pressed);
    }
    return pressed;
  }

  private StorePublish toStore(
      Message message, Also also, boolean hearsOfRefusal, int count, int durable) {
    long[] numbers = new long[durable];
    byte[] flags = new byte[durable];
    int[][] identifiers = new int[durable][];
    int next = 0;
    for (int i = 0; i < count && durable > 0; i++) {
      Delivery delivery = receivers.get(i);
      if (isDurable(delivery) && !secondCopies.get(i)) {
        numbers[next] = delivery.subscriber().sessionNumber();
        flags[next] = flags(message, delivery);
        identifiers[next] = delivery.subscriptionIdentifiers();
        next++;
      }
    }
    return new StorePublish(
        message,
        next == durable
            ? new Keepers(numbers, flags, identifiers)
            : new Keepers(
                Arrays.copyOf(numbers, next),
                Arrays.copyOf(flags, next),
                Arrays.copyOf(identifiers, next)),
        retaining(also, hearsOfRefusal),
        also.origin(),
        also.willOf(),
        next < count);
  }

  private static Retaining retaining(Also also, boolean hearsOfRefusal) {
    if (!also.setRetained()) {
      return Retaining.NO;
    }
    return hearsOfRefusal ? Retaining.OR_REFUSED : Retaining.IF_POSSIBLE;
  }

  /**
   * Each durable receiver has its place in the command, in the order of the list; the second copy
   * for one session has a command of its own, committed with it.
   */
  private Receiver[] toReceivers(
      Message message, StorePublish stored, int count, List<StorePublish> copies) {
    Receiver[] to = new Receiver[count];
    int place = 0;
    for (int i = 0; i < count; i++) {
      Delivery delivery = receivers.get(i);
      if (message.qos() == Qos.AT_MOST_ONCE || !isDurable(delivery)) {
        to[i] = new Receiver(delivery, null, 0);
      } else if (secondCopies.get(i)) {
        StorePublish own =
            stored.copyFor(
                delivery.subscriber().sessionNumber(),
                flags(message, delivery),
                delivery.subscriptionIdentifiers());
        copies.add(own);
        to[i] = new Receiver(delivery, own, 0);
      } else {
        to[i] = new Receiver(delivery, stored, place++);
      }
    }
    return to;
  }

  /**
   * A client with a Shared Subscription and another one that match the same topic gets both copies
   * (MQTT 5.0 section 4.8.2).
   */
  private void noteSecondCopies(int count) {
    secondCopies.clear();
    int shared = count; // plain ones come first, merged to one for each session
    while (shared > 0 && receivers.get(shared - 1).group() != null) {
      shared--;
    }
    if (count - shared <= SEARCHED_MAX) {
      for (int i = shared; i < count; i++) {
        secondCopies.set(i, isDurable(receivers.get(i)) && isSecondOfItsSession(i));
      }
      return;
    }
    Set<Subscriber> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < count; i++) {
      Delivery delivery = receivers.get(i);
      secondCopies.set(i, isDurable(delivery) && !seen.add(delivery.subscriber()));
    }
  }

  private boolean isSecondOfItsSession(int index) {
    Subscriber subscriber = receivers.get(index).subscriber();
    for (int i = 0; i < index; i++) {
      if (receivers.get(i).subscriber() == subscriber && isDurable(receivers.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static byte flags(Message message, Delivery delivery) {
    return StorePublish.flags(
        message.qos().min(delivery.maximumQos()),
        message.retain() && delivery.retainAsPublished(),
        delivery.group() != null);
  }

  /** A stored will that is not published after all leaves its session's row. */
  void forgetWill(Message will, long number) {
    writer.submit(storeNothing(will, number), null);
  }

  private static StorePublish storeNothing(Message message, long willOf) {
    return new StorePublish(message, Keepers.NONE, Retaining.NO, Qos2Origin.NONE, willOf, false);
  }
}

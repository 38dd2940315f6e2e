package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.routing.Subscriber;
import io.signalbox.server.store.Dequeue;
import io.signalbox.server.store.MoveQueued;
import io.signalbox.server.store.StorePublish;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One message whose row is in the queue of a session, or on its way there, that has left the Shared
 * Subscription meanwhile or may not receive it: another member gets it. The row may be named before
 * it is known where it is, so that the session cannot read it first.
 */
@ConfinedTo("the leaving session's I/O thread")
final class GivenOn {
  private final SessionContext context;
  private final Session leaver;
  private final EventLoop loop;

  /** Of the connection it was for: another one reads the row itself. */
  private final long epoch;

  private final SharedGroup group;
  private final Message message;
  private final long sequence;
  private final @Nullable StorePublish handle;

  /** Of the handle's row. */
  private final int place;

  private final @Nullable ClientConnection connection;

  /** What the session's client may not receive; null: it came by a subscription that has left. */
  private final @Nullable OutgoingPublish barred;

  private final Predicate<Delivery> eligible;
  private final Set<Subscriber> refusing = new HashSet<>();

  /** The first one in memory that had no place; null: none was asked. */
  private @Nullable Delivery full;

  private GivenOn(
      SessionContext context,
      Session leaver,
      SharedGroup group,
      Message message,
      long sequence,
      @Nullable StorePublish handle,
      int place,
      @Nullable OutgoingPublish barred,
      Predicate<Delivery> eligible) {
    this.context = context;
    this.leaver = leaver;
    this.loop = leaver.owner();
    this.epoch = leaver.epoch();
    this.connection = leaver.connection();
    this.group = group;
    this.message = message;
    this.sequence = sequence;
    this.handle = handle;
    this.place = place;
    this.barred = barred;
    this.eligible = eligible;
    refusing.add(leaver);
  }

  /** By a Shared Subscription that has left the session; if nobody takes it, its filter decides. */
  static GivenOn left(
      SessionContext context,
      Session leaver,
      SharedGroup group,
      Message message,
      StorePublish handle,
      int place) {
    return new GivenOn(context, leaver, group, message, 0, handle, place, null, _ -> true);
  }

  /**
   * The session's client may not receive it; if nobody takes it, it is dropped.
   *
   * @param eligible whether a member may get it
   */
  static GivenOn barred(
      SessionContext context,
      Session leaver,
      SharedGroup group,
      Message message,
      OutgoingPublish barred,
      Predicate<Delivery> eligible) {
    return new GivenOn(
        context,
        leaver,
        group,
        message,
        barred.sequence(),
        barred.handle,
        barred.receiverIndex,
        barred,
        eligible);
  }

  /** To this member, or to another one if its queue is full. */
  void to(Delivery taker) {
    boolean stored = message.qos().min(taker.maximumQos()) != Qos.AT_MOST_ONCE;
    if (stored && taker.subscriber().isDurable()) {
      moveTo(taker);
    } else if (stored && taker.subscriber() instanceof Session member) {
      int places = member.reserve(message);
      if (places == 0) {
        full = full == null ? taker : full;
        refused(member);
      } else {
        takeOutFor(
            () -> member.take(taker, message, places), () -> member.outgoing().leave(places));
      }
    } else {
      takeOutFor(() -> taker.subscriber().offer(taker, message, null, 0), () -> {});
    }
  }

  /**
   * @param given what is done with the message if the row was there
   * @param kept what is done if it was not
   */
  private void takeOutFor(Runnable given, Runnable kept) {
    context
        .writer()
        .submit(
            new Dequeue(leaver.sessionNumber(), epoch, sequence, handle),
            new OnLoop(
                loop,
                found -> {
                  if (Boolean.TRUE.equals(found)) {
                    context.metrics().sharedHandovers.inc(loop.index());
                    given.run();
                  } else {
                    kept.run();
                    gone();
                  }
                },
                _ -> kept.run()));
  }

  private void moveTo(Delivery taker) {
    context
        .writer()
        .submit(
            new MoveQueued(
                leaver.sessionNumber(),
                epoch,
                sequence,
                handle,
                taker.subscriber().sessionNumber(),
                SharedHandover.flags(message, taker),
                taker.subscriptionIdentifiers()),
            new OnLoop(loop, result -> moved(taker.subscriber(), result), _ -> {}));
  }

  private void moved(Subscriber taker, @Nullable Object result) {
    if (MoveQueued.REFUSED.equals(result)) {
      refused(taker);
    } else if (MoveQueued.GONE.equals(result)) {
      gone();
    } else {
      context.metrics().sharedHandovers.inc(loop.index());
      if (taker instanceof Session session) {
        session.rowsArrived();
      }
    }
  }

  private void refused(Subscriber taker) {
    refusing.add(taker);
    if (barred == null && !leaver.outgoing().isAllInMemory()) {
      nobody(); // who reads the queue may see the row before another member has it
      return;
    }
    Delivery another = SharedHandover.another(group, refusing, eligible);
    if (another != null) {
      to(another);
    } else {
      nobody();
    }
  }

  private void nobody() {
    if (leaver.owner() != loop || leaver.connection() != connection) {
      return; // whoever has the session now reads the row
    }
    Delivery last = full;
    if (barred == null) {
      leaver.rowsArrived();
    } else if (last != null) { // half of its queue is for what is published: it has the last word
      takeOutFor(() -> last.subscriber().offer(last, message, null, 0), () -> {});
    } else {
      leaver.outgoing().notTaken(barred);
    }
  }

  /**
   * The row is not there. If the session's queue was full, the publisher gives the message to
   * another member, unless the session seemed to be about to send it.
   */
  private void gone() {
    if (handle == null || !handle.isOverQuota(place)) {
      return;
    }
    Delivery taker =
        group.pickAmong(0, member -> !leaver.equals(member.subscriber()) && eligible.test(member));
    if (taker != null && handle.begin(place, 1)) { // whichever identifier: it is not sent
      GivenFromMemory given = new GivenFromMemory(context, loop, group, eligible);
      given.to(taker, message);
      given.tellTakers();
    }
  }
}

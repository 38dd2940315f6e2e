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
  private final Predicate<Delivery> eligible;
  private final Runnable nobody;
  private final Set<Subscriber> refusing = new HashSet<>();

  /**
   * @param sequence of the row; 0: only the handle names it
   * @param eligible whether a member may get the message
   * @param nobody runs, if the connection is still the same, when no member has taken it
   */
  GivenOn(
      SessionContext context,
      Session leaver,
      SharedGroup group,
      Message message,
      long sequence,
      @Nullable StorePublish handle,
      Predicate<Delivery> eligible,
      Runnable nobody) {
    this.context = context;
    this.leaver = leaver;
    this.loop = leaver.owner();
    this.epoch = leaver.epoch();
    this.group = group;
    this.message = message;
    this.sequence = sequence;
    this.handle = handle;
    this.eligible = eligible;
    this.nobody = nobody;
    refusing.add(leaver);
  }

  /** To this member, or to another one if its queue is full. */
  void to(Delivery taker) {
    boolean stored = message.qos().min(taker.maximumQos()) != Qos.AT_MOST_ONCE;
    if (stored && taker.subscriber().isDurable()) {
      moveTo(taker);
    } else if (stored && taker.subscriber() instanceof Session member) {
      int places = member.reserve(message);
      if (places == 0) {
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
    } else if (!MoveQueued.GONE.equals(result)) {
      context.metrics().sharedHandovers.inc(loop.index());
      if (taker instanceof Session session) {
        session.rowsArrived();
      }
    }
  }

  private void refused(Subscriber taker) {
    refusing.add(taker);
    Delivery another = SharedHandover.another(group, refusing, eligible);
    if (another != null) {
      to(another);
    } else if (leaver.epoch() == epoch) {
      nobody.run();
    }
  }
}

package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.routing.Subscriber;
import io.signalbox.server.store.StorePublish;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One message of a Shared Subscription that is in no queue on disk, and whose member in memory has
 * gone or has left the subscription: the first member that has room gets it. It is nowhere else
 * meanwhile, so it cannot wait for one.
 */
@ConfinedTo("the I/O thread that gives it on")
final class GivenFromMemory {
  private final SessionContext context;
  private final EventLoop loop;
  private final SharedGroup group;
  private final Message message;
  private final Set<Subscriber> refusing = new HashSet<>(2);

  /** The first one in memory that had no place for it; null: none was asked. */
  private @Nullable Delivery full;

  /** It takes nothing, for whichever queue. */
  private boolean storeRefuses;

  /**
   * @param loop the calling thread's
   */
  GivenFromMemory(SessionContext context, EventLoop loop, SharedGroup group, Message message) {
    this.context = context;
    this.loop = loop;
    this.group = group;
    this.message = message;
  }

  /** To whoever's turn it is. */
  void give() {
    Delivery taker = group.pick();
    if (taker != null) { // else it was the last member
      to(taker);
    }
  }

  /** To this member, else to another one. */
  void to(Delivery first) {
    Delivery taker = first;
    while (taker != null && !isTaken(taker)) {
      refusing.add(taker.subscriber());
      taker = SharedHandover.another(group, refusing);
    }
    if (taker == null && full != null) {
      offer(full); // half of its queue is for what is published: it has the last word
    }
  }

  /** Whether the member has it, or its queue on disk is asked. */
  private boolean isTaken(Delivery taker) {
    if (message.qos().min(taker.maximumQos()) == Qos.AT_MOST_ONCE) {
      offer(taker);
      return true;
    }
    if (taker.subscriber().isDurable()) {
      return !storeRefuses && isSubmitted(taker);
    }
    if (taker.subscriber() instanceof Session member) {
      return isPlaced(taker, member);
    }
    offer(taker);
    return true;
  }

  private boolean isPlaced(Delivery taker, Session member) {
    int places = member.reserve(message);
    if (places == 0) {
      full = full == null ? taker : full;
      return false;
    }
    context.metrics().sharedHandovers.inc(loop.index());
    member.take(taker, message, places);
    return true;
  }

  private void offer(Delivery taker) {
    context.metrics().sharedHandovers.inc(loop.index());
    taker.subscriber().offer(taker, message, null, 0);
  }

  /** Always true. */
  private boolean isSubmitted(Delivery taker) {
    Subscriber member = taker.subscriber();
    StorePublish stored =
        new StorePublish(
            message,
            new long[] {member.sessionNumber()},
            new byte[] {SharedHandover.flags(message, taker)},
            new int[][] {taker.subscriptionIdentifiers()},
            StorePublish.Retaining.NO,
            0,
            0,
            0,
            0,
            false);
    context
        .writer()
        .submit(
            stored,
            new OnLoop(
                loop,
                _ -> answered(taker, stored.accepted(0)),
                _ -> {
                  storeRefuses = true;
                  answered(taker, false);
                }));
    if (member instanceof Session session) {
      session.rowsArrived(); // not offered: it may have no row, and somebody else gets it then
    }
    return true;
  }

  private void answered(Delivery taker, boolean accepted) {
    if (accepted) {
      context.metrics().sharedHandovers.inc(loop.index());
      return;
    }
    refusing.add(taker.subscriber());
    Delivery another = SharedHandover.another(group, refusing);
    if (another != null) {
      to(another);
    } else if (full != null) {
      offer(full);
    }
  }
}

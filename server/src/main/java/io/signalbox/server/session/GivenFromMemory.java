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
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Messages of a Shared Subscription that are in no queue on disk, and whose member in memory has
 * gone or has left the subscription: the first member that has room gets each. They are nowhere
 * else meanwhile, so they cannot wait for one.
 *
 * <p>What one of them has found out about the members the others know too: thousands may be given
 * on at once.
 */
@ConfinedTo("the I/O thread that gives them on")
final class GivenFromMemory {
  private final SessionContext context;
  private final EventLoop loop;
  private final SharedGroup group;
  private final Predicate<Delivery> eligible;

  /** Had no room, in memory or on disk; without those on disk once {@link #storeRefuses}. */
  private final Set<Subscriber> refusing = new HashSet<>(2);

  /** To be told of rows that are on their way. */
  private final Set<Session> takers = new HashSet<>(2);

  /** The first one in memory that had no place; null: none was asked. */
  private @Nullable Delivery full;

  /** It takes nothing, for whichever queue. */
  private boolean storeRefuses;

  /** Enough were asked. */
  private boolean nobody;

  /** Of the smallest message for which {@link #refusing} holds. */
  private int refusedBytes = Integer.MAX_VALUE;

  /** Where the next search begins: or all that one member refuses would go to the same next one. */
  private int searches;

  /**
   * @param loop the calling thread's
   */
  GivenFromMemory(SessionContext context, EventLoop loop, SharedGroup group) {
    this(context, loop, group, _ -> true);
  }

  /**
   * @param loop the calling thread's
   * @param eligible whether a member may get any of the messages
   */
  GivenFromMemory(
      SessionContext context, EventLoop loop, SharedGroup group, Predicate<Delivery> eligible) {
    this.context = context;
    this.loop = loop;
    this.group = group;
    this.eligible = eligible;
  }

  /** To whoever's turn it is, or another one that may get it; {@link #tellTakers} follows. */
  void give(Message message) {
    Delivery turn = group.pick();
    Delivery taker = turn == null || eligible.test(turn) ? turn : another(message);
    if (taker != null) { // else it was the last member
      to(taker, message);
    }
  }

  /** To this member, else to another one; {@link #tellTakers} follows. */
  void to(Delivery taker, Message message) {
    if (message.bytes() < refusedBytes / 2) { // there may be room for a much smaller one
      refusing.clear();
      nobody = false;
      refusedBytes = message.bytes();
    }
    if (!isTaken(isLeftOut(taker, message) ? another(message) : taker, message)) {
      if (full != null) {
        offerToFull(full, message);
      } else {
        submit(taker, message); // who drops it counts it
      }
    }
  }

  /** After all that was submitted for them, and at once: see {@link SharedHandover}. */
  void tellTakers() {
    takers.forEach(Session::rowsArrived);
    takers.clear();
  }

  /** Whether this member or another one has it, or a queue on disk is asked. */
  private boolean isTaken(@Nullable Delivery first, Message message) {
    Delivery taker = first;
    while (taker != null && !takes(taker, message)) {
      refusing.add(taker.subscriber());
      taker = another(message);
    }
    return taker != null;
  }

  private boolean takes(Delivery taker, Message message) {
    if (!isStored(taker, message)) {
      offer(taker, message);
      return true;
    }
    if (taker.subscriber().isDurable()) {
      submit(taker, message);
      return true;
    }
    if (taker.subscriber() instanceof Session member) {
      return isPlaced(taker, member, message);
    }
    offer(taker, message);
    return true;
  }

  private static boolean isStored(Delivery taker, Message message) {
    return message.qos().min(taker.maximumQos()) != Qos.AT_MOST_ONCE;
  }

  private boolean isLeftOut(Delivery member, Message message) {
    Subscriber subscriber = member.subscriber();
    return isStored(member, message)
        && (refusing.contains(subscriber) || (storeRefuses && subscriber.isDurable()));
  }

  /**
   * Who is asked next.
   *
   * @return null: there is nobody else, or enough were asked
   */
  private @Nullable Delivery another(Message message) {
    if (nobody) {
      return null;
    }
    int asked = refusing.size();
    boolean anybody = asked < SharedHandover.MEMBERS_ASKED_MAX;
    Delivery taker = null;
    if (anybody || asked < SharedHandover.MEMBERS_ASKED_MAX + SharedHandover.KEEPERS_ASKED_MAX) {
      taker =
          group.pickAmong(
              searches++,
              member ->
                  eligible.test(member)
                      && !isLeftOut(member, message)
                      && (anybody || SharedGroup.keepsMessages(member)));
    }
    nobody = taker == null;
    return taker;
  }

  private boolean isPlaced(Delivery taker, Session member, Message message) {
    int places = member.reserve(message);
    if (places == 0) {
      full = full == null ? taker : full;
      return false;
    }
    context.metrics().sharedHandovers.inc(loop.index());
    member.take(taker, message, places);
    return true;
  }

  /** Half of its queue is for what is published: it has the last word. */
  private void offerToFull(Delivery known, Message message) {
    Delivery turn = group.pick();
    if (turn != null && !turn.subscriber().isDurable() && eligible.test(turn)) {
      offer(turn, message);
    } else {
      offer(known, message);
    }
  }

  private void offer(Delivery taker, Message message) {
    context.metrics().sharedHandovers.inc(loop.index());
    taker.subscriber().offer(taker, message, null, 0);
  }

  private void submit(Delivery taker, Message message) {
    Subscriber member = taker.subscriber();
    StorePublish stored =
        new StorePublish(
            message,
            StorePublish.Keepers.one(
                member.sessionNumber(),
                SharedHandover.flags(message, taker),
                taker.subscriptionIdentifiers()));
    context
        .writer()
        .submit(
            stored,
            new OnLoop(
                loop,
                _ -> answered(member, message, stored.accepted(0)),
                _ -> {
                  refuseAll();
                  answered(member, message, false);
                }));
    if (member instanceof Session session) {
      takers.add(session); // not offered: it may have no row, and somebody else gets it then
    }
  }

  /** Those in memory that were not asked may be now. */
  private void refuseAll() {
    if (!storeRefuses) {
      storeRefuses = true;
      refusing.removeIf(Subscriber::isDurable);
      nobody = false;
    }
  }

  private void answered(Subscriber member, Message message, boolean accepted) {
    if (accepted) {
      context.metrics().sharedHandovers.inc(loop.index());
      return;
    }
    if (!storeRefuses) {
      refusing.add(member);
    }
    if (!isTaken(another(message), message) && full != null) {
      offerToFull(full, message);
    }
    tellTakers();
  }
}

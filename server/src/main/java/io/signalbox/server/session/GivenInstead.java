package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.routing.Subscriber;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.StoreException.Reason;
import io.signalbox.server.store.StorePublish;
import io.signalbox.server.store.StoreWriter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A message that came by Shared Subscriptions to members whose queues on disk were full: in each of
 * these groups another member gets it. One group follows the other, and a command for one member
 * the answer for the one before, because only the first that takes a message which nobody had
 * stores the Packet Identifier of QoS 2 as well.
 */
@ConfinedTo("the publisher's I/O thread")
public final class GivenInstead {
  /** What it came to, on the publisher's I/O thread. */
  public interface Outcome {
    /**
     * Every group was asked, and what a member on disk took is committed.
     *
     * @param taken whether anybody got the message now
     * @param pressed one of those who did, that is pressed; null: none is
     */
    void given(boolean taken, @Nullable Subscriber pressed);

    /** The store does not say whether it has it, or the publisher's session has moved on. */
    void failed(StoreException problem);
  }

  private record Refusal(Subscriber member, SharedGroup group, StorePublish stored, int place) {}

  private final EventLoop loop;
  private final StoreWriter writer;
  private final Message message;
  private final StorePublish first;
  private final Deque<Refusal> refusals = new ArrayDeque<>(2);

  /** Null: nobody waits for it. */
  private @Nullable Outcome outcome;

  /** Whether the first member is known not to send it. */
  private boolean withdrawn;

  /** Of the group that is first: whose queues were full. */
  private final Set<Subscriber> refusing = new HashSet<>(2);

  /** Why no queue on disk takes it, whosoever it is; null: one may. */
  private @Nullable StoreException noRoom;

  /** The limit of all queues together is reached, so that no other one takes it either. */
  private boolean allFull;

  private boolean taken;
  private @Nullable Subscriber pressed;

  /**
   * @param loop the calling thread's
   * @param first what was submitted for the message, and is answered
   */
  public GivenInstead(EventLoop loop, StoreWriter writer, Message message, StorePublish first) {
    this.loop = loop;
    this.writer = writer;
    this.message = message;
    this.first = first;
  }

  /**
   * A member whose queue was full.
   *
   * @param stored answered; it names the member's row at this place
   */
  public void add(Delivery member, StorePublish stored, int place) {
    SharedGroup group = member.group();
    if (group != null) {
      refusals.add(new Refusal(member.subscriber(), group, stored, place));
    }
  }

  /**
   * Once, after all were added.
   *
   * @param told null: nobody waits, so that the publisher may have its acknowledgement already
   */
  public void start(@Nullable Outcome told) {
    outcome = told;
    goOn();
  }

  private void goOn() {
    Refusal refusal = refusals.peek();
    while (refusal != null) {
      refusing.add(refusal.member);
      Delivery taker = another(refusal.group);
      if (taker != null && mayGive(refusal)) {
        if (isKept(taker) || (isWhole() && first.cameAsQos2())) {
          submit(taker);
          return;
        }
        give(taker, null);
      } else {
        nextGroup();
      }
      refusal = refusals.peek();
    }
    tell();
  }

  private void tell() {
    if (outcome == null) {
      return;
    }
    if (noRoom != null && first.refusedByAll() && !taken) {
      outcome.failed(noRoom); // as if the first one had been refused so: 3.1.1 cannot be told no
    } else {
      outcome.given(taken, pressed);
    }
  }

  /**
   * Whose queue is known to be full is asked last, and only if the client could take it at once: an
   * overload is not to be made worse.
   */
  private @Nullable Delivery another(SharedGroup group) {
    if (refusing.size() > SharedHandover.MEMBERS_ASKED_MAX) {
      return null;
    }
    Delivery taker =
        group.pickAmong(0, member -> mayAsk(member) && !(isKept(member) && isFull(member)));
    return taker != null
        ? taker
        : group.pickAmong(0, member -> mayAsk(member) && member.subscriber().hasRoom());
  }

  private boolean mayAsk(Delivery member) {
    boolean needsDisk = isKept(member) || (isWhole() && first.cameAsQos2());
    return !refusing.contains(member.subscriber())
        && !(needsDisk && noRoom != null)
        && !(isKept(member) && allFull);
  }

  private static boolean isFull(Delivery member) {
    return member.subscriber().isFull();
  }

  /** A member that sends the message all the same has room: it is not noted as full. */
  private boolean mayGive(Refusal refusal) {
    if (!withdrawn) {
      withdrawn = refusal.stored.withdraw(refusal.place);
      if (withdrawn) {
        noteFull(refusal.member);
      }
    }
    return withdrawn;
  }

  private void nextGroup() {
    refusals.remove();
    withdrawn = false;
    refusing.clear();
  }

  /**
   * Whether nobody has the message, so that nothing of it is stored, and its publisher has heard
   * nothing yet: one that has may have released the Packet Identifier, which would stay for ever.
   */
  private boolean isWhole() {
    return outcome != null && first.refusedByAll() && !taken;
  }

  private boolean isKept(Delivery member) {
    return member.subscriber().isDurable() && qos(member) != Qos.AT_MOST_ONCE;
  }

  private Qos qos(Delivery member) {
    return message.qos().min(member.maximumQos());
  }

  private void submit(Delivery taker) {
    boolean kept = isKept(taker);
    StorePublish stored =
        first.instead(
            message,
            isWhole(),
            kept ? taker.subscriber().sessionNumber() : 0,
            SharedHandover.flags(message, taker),
            taker.subscriptionIdentifiers());
    writer.submit(
        stored, new OnLoop(loop, _ -> answered(taker, kept ? stored : null, stored), this::failed));
  }

  private void answered(Delivery taker, @Nullable StorePublish handle, StorePublish stored) {
    if (handle == null || handle.accepted(0) || stored.duplicate()) {
      give(taker, handle);
    } else if (handle.isQueueFull(0)) {
      refusing.add(taker.subscriber());
      noteFull(taker.subscriber());
    } else if (handle.isOverQuota(0)) {
      allFull = true;
    } else { // its session has ended
      refusing.add(taker.subscriber());
    }
    goOn();
  }

  private void give(Delivery taker, @Nullable StorePublish handle) {
    Subscriber member = taker.subscriber();
    member.offer(taker, message, handle, 0);
    taken = true;
    pressed = member.isPressed() && member != message.publisher() ? member : pressed;
    nextGroup();
  }

  private void noteFull(Subscriber member) {
    if (member instanceof Session session) {
      session.queueIsFull(loop);
    }
  }

  private void failed(StoreException problem) {
    if (problem.reason() == Reason.STORE_FULL || problem.reason() == Reason.BUSY) {
      noRoom = problem;
      goOn(); // a member in memory may take it
    } else if (outcome != null) {
      outcome.failed(problem);
    }
  }
}

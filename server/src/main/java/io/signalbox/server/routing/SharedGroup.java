package io.signalbox.server.routing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicName;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that share one Topic Filter under one Share Name; each message goes to one of them
 * (MQTT 5.0 section 4.8.2).
 *
 * <p>Members take turns. First those online that have room, then those online, then those that are
 * away but keep their messages. Whose queue on disk was full a moment ago comes behind the online
 * ones while it is online with room, else behind all. Joined and left by one writer at a time;
 * {@link #pick} from any thread, without a lock.
 */
public final class SharedGroup implements SharedGroups {
  /**
   * Places looked at for one message, so that a huge group of sleeping members cannot stop an I/O
   * thread. A group of up to an eighth as many members is always seen whole.
   */
  static final int SCAN_MAX = 1_024;

  private static final int CLAIM_ATTEMPTS = 4;
  private static final AtomicIntegerFieldUpdater<SharedGroup> TURN =
      AtomicIntegerFieldUpdater.newUpdater(SharedGroup.class, "turn");

  private static final int NEVER = 0;
  private static final int FULL_AWAY = 1;
  private static final int FULL_BUSY = 2;
  private static final int LATER = 3;

  /** The client takes QoS 1 at once, whatever its queue does. */
  private static final int FULL_READY = 4;

  private static final int BUSY = 5;
  private static final int READY = 6;

  private final String shareName;
  private final int nameHash;
  private volatile @Nullable Members members;
  private volatile int turn;

  /** Who was online when last somebody was; spares a group above {@link #SCAN_MAX} the search. */
  private volatile @Nullable Delivery lastOnline;

  SharedGroup(String shareName) {
    this.shareName = shareName;
    this.nameHash = nameHash(shareName);
  }

  static int nameHash(String shareName) {
    byte[] utf8 = shareName.getBytes(UTF_8);
    return TopicName.hash(utf8, 0, utf8.length);
  }

  int nameHash() {
    return nameHash;
  }

  /** Never empty. */
  public String shareName() {
    return shareName;
  }

  /** As {@link #pick(boolean)}, of a message of QoS 1 or 2. */
  public @Nullable Delivery pick() {
    return pick(true);
  }

  /**
   * The member that gets the next message; null when no member could ever deliver it. Any thread.
   *
   * @param kept whether it is one of QoS 1 or 2, which queues on disk take
   */
  public @Nullable Delivery pick(boolean kept) {
    return switch (members) {
      case null -> null; // the last one left a moment ago
      case Delivery lone -> readiness(lone, kept) == NEVER ? null : lone;
      case DeliveryTable table -> pick(table, kept);
    };
  }

  private @Nullable Delivery pick(DeliveryTable table, boolean kept) {
    for (int attempt = 1; ; attempt++) {
      int start = turn;
      @Nullable Object[] slots = table.slots();
      boolean seenWhole = slots.length <= SCAN_MAX;
      int places = seenWhole ? slots.length : SCAN_MAX;
      Delivery best = null;
      int bestReadiness = NEVER;
      int next = start + places;
      for (int place = start; place != start + places && bestReadiness != READY; place++) {
        Delivery member = DeliveryTable.delivery(slots, place & (slots.length - 1));
        int readiness = member == null ? NEVER : readiness(member, kept);
        if (readiness > bestReadiness) {
          best = member;
          bestReadiness = readiness;
          next = place + 1;
        }
      }
      if (!seenWhole) {
        if (bestReadiness >= BUSY) {
          lastOnline = best;
        } else {
          best = isOnlineMember(table, lastOnline) ? lastOnline : best;
          next = start + places; // so that the whole group is seen in the course of messages
        }
      }
      // Another thread that claimed this turn sends us on to the next member. After a few lost
      // races two messages in
      // a row for one member do less harm than another search.
      if (TURN.compareAndSet(this, start, next) || attempt == CLAIM_ATTEMPTS) {
        return best;
      }
    }
  }

  /**
   * Another member, when some did not take a message after all; null when there is none. Any
   * thread.
   */
  public @Nullable Delivery pickOtherThan(Set<Subscriber> refusing) {
    return pickAmong(0, member -> !refusing.contains(member.subscriber()));
  }

  /**
   * As {@link #pickOtherThan}, of some. Any thread.
   *
   * @param offset from whose turn it is; a caller that counts it up goes round those that are
   *     equally ready
   */
  public @Nullable Delivery pickAmong(int offset, Predicate<Delivery> eligible) {
    return switch (members) {
      case null -> null;
      case Delivery lone -> eligible.test(lone) ? pick() : null;
      case DeliveryTable table -> pickAmong(offset, eligible, table);
    };
  }

  /** Leaves the turn alone: that one was for the message, not for the attempt. */
  private @Nullable Delivery pickAmong(
      int offset, Predicate<Delivery> eligible, DeliveryTable table) {
    int start = turn + offset;
    @Nullable Object[] slots = table.slots();
    int places = Math.min(slots.length, SCAN_MAX);
    Delivery best = null;
    int bestReadiness = NEVER;
    for (int place = start; place != start + places; place++) {
      Delivery member = DeliveryTable.delivery(slots, place & (slots.length - 1));
      if (member != null && eligible.test(member) && readiness(member, true) > bestReadiness) {
        best = member;
        bestReadiness = readiness(member, true);
      }
    }
    return best;
  }

  private static int readiness(Delivery member, boolean kept) {
    Subscriber subscriber = member.subscriber();
    boolean full = kept && subscriber.isFull() && keepsMessages(member);
    if (subscriber.isOnline()) {
      boolean room = subscriber.hasRoom();
      if (full) {
        return room ? FULL_READY : FULL_BUSY;
      }
      return room ? READY : BUSY;
    }
    if (keepsMessages(member)) {
      return full ? FULL_AWAY : LATER;
    }
    return NEVER;
  }

  /** Whether what the member gets is kept on disk, also while it is away. Any thread. */
  public static boolean keepsMessages(Delivery member) {
    return member.subscriber().isDurable() && member.maximumQos() != Qos.AT_MOST_ONCE;
  }

  private static boolean isOnlineMember(DeliveryTable table, @Nullable Delivery delivery) {
    return delivery != null
        && delivery.subscriber().isOnline()
        && table.find(delivery.subscriber()) == delivery;
  }

  /** Whether the last member has left. It stays so: who joins then makes another group. */
  public boolean isEmpty() {
    return members == null;
  }

  /** Any thread; a moment later it may be otherwise. */
  public boolean hasMember(Subscriber subscriber) {
    return find(subscriber) != null;
  }

  @Nullable Delivery find(Subscriber subscriber) {
    return Members.find(members, subscriber);
  }

  void join(Delivery member) {
    members = Members.with(members, member);
  }

  /** Removes a member found before; false when it was the last. */
  boolean leave(Delivery member) {
    if (lastOnline == member) {
      lastOnline = null;
    }
    Members present = members;
    members = present == null ? null : Members.without(present, member);
    return members != null;
  }

  @Override
  public String toString() {
    return "SharedGroup[" + shareName + "]";
  }
}

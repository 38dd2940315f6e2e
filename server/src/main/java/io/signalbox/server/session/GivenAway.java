package io.signalbox.server.session;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.store.StorePublish;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What came to a session by a Shared Subscription and is not for it, or not any more: who of the
 * other members is asked, {@link GivenOn} and {@link GivenFromMemory} do the rest. On the session's
 * I/O thread, but for {@link #missed}.
 */
final class GivenAway {
  private GivenAway() {}

  /** What other members may take of a session in memory: not QoS 2 that was begun. */
  static List<OutgoingPublish> whatIsLeft(Session session) {
    return session.outgoing().inMemory().stream()
        .filter(
            publish ->
                publish.group != null
                    && (publish.qos == Qos.AT_LEAST_ONCE
                        || publish.state == OutgoingPublish.State.WAITING))
        .toList();
  }

  /** Messages of a session in memory that is over or has left their groups. */
  static void all(Session session, List<OutgoingPublish> left) {
    all(session, left, _ -> true);
  }

  /** The same when the broker ends: to members whose queues are on disk, all others end too. */
  static void toKeepers(Session session, List<OutgoingPublish> left) {
    all(session, left, SharedGroup::keepsMessages);
  }

  private static void all(
      Session session, List<OutgoingPublish> left, Predicate<Delivery> eligible) {
    Map<SharedGroup, GivenFromMemory> givenTo = new HashMap<>();
    for (OutgoingPublish publish : left) {
      SharedGroup group = publish.group;
      Message message = publish.message;
      if (group != null && message != null) {
        givenTo
            .computeIfAbsent(
                group,
                its -> new GivenFromMemory(session.context(), session.owner(), its, eligible))
            .give(message);
      }
    }
    givenTo.values().forEach(GivenFromMemory::tellTakers);
  }

  /**
   * The publisher chose the session from a group a moment before it ended; of a durable one it is
   * on disk. Any I/O thread.
   */
  static void missed(Session session, Delivery delivery, Message message) {
    SharedGroup group = delivery.group();
    if (group != null && !session.isDurable() && message.qos() != Qos.AT_MOST_ONCE) {
      SessionContext context = session.context();
      context
          .registry()
          .current()
          .ifPresent(
              loop -> {
                GivenFromMemory given = new GivenFromMemory(context, loop, group);
                given.give(message);
                given.tellTakers();
              });
    }
  }

  /**
   * A message whose Shared Subscription has left the session while it was on its way there.
   *
   * @param handle of its row; null: it has none
   * @param place of the row
   * @return false: it is for this session, or nobody else is there
   */
  static boolean ofLeft(
      Session session,
      Delivery delivery,
      Message message,
      @Nullable StorePublish handle,
      int place) {
    SharedGroup group = delivery.group();
    if (group == null || group.hasMember(session)) {
      return false;
    }
    Delivery taker = group.pick();
    if (taker == null) {
      return false;
    }
    if (handle == null) {
      GivenFromMemory given = new GivenFromMemory(session.context(), session.owner(), group);
      given.to(taker, message);
      given.tellTakers();
    } else {
      GivenOn.left(session.context(), session, group, message, handle, place).to(taker);
    }
    return true;
  }

  /**
   * A message that the session's client may not receive, to a member that is connected and may
   * receive all: others would have to be asked on their own threads, and might send it round for
   * ever.
   *
   * @return false: there is nobody, or it may have been sent with QoS 2
   */
  static boolean barred(Session session, OutgoingPublish publish, Message message) {
    SharedGroup group = publish.sharedRow ? onlyGroupOf(session, publish, message) : publish.group;
    if (group == null || (publish.dup && publish.qos == Qos.EXACTLY_ONCE)) {
      return false;
    }
    if (!publish.durable()) {
      return barred(session, group, message);
    }
    Delivery taker = group.pickAmong(0, member -> isEntitled(member, session));
    if (taker != null) {
      GivenOn.barred(
              session.context(),
              session,
              group,
              message,
              publish,
              member -> isEntitled(member, session))
          .to(taker);
    }
    return taker != null;
  }

  /** The same of one that is in no queue on disk. */
  static boolean barred(Session session, SharedGroup group, Message message) {
    Delivery taker = group.pickAmong(0, member -> isEntitled(member, session));
    if (taker != null) {
      GivenFromMemory given =
          new GivenFromMemory(
              session.context(), session.owner(), group, member -> isEntitled(member, session));
      given.to(taker, message);
      given.tellTakers();
    }
    return taker != null;
  }

  private static boolean isEntitled(Delivery member, Session giver) {
    return member.subscriber() instanceof Session other
        && !giver.equals(other)
        && other.isOnline()
        && !other.isOpening() // else its rights are not known yet
        && other.outgoing().takesAll();
  }

  /** By which Shared Subscription it came; null if that may have been one of several. */
  private static @Nullable SharedGroup onlyGroupOf(
      Session session, OutgoingPublish publish, Message message) {
    SessionSubscriptions subscriptions = session.subscriptions();
    List<Subscription> candidates =
        SharedHandover.candidates(
            Stream.concat(subscriptions.all().stream(), subscriptions.left().stream())
                .filter(subscription -> subscription.shareName() != null)
                .toList(),
            message,
            publish.subscriptionIdentifiers);
    if (candidates.size() != 1) {
      return null;
    }
    Subscription only = candidates.getFirst();
    return session.context().trie().group(only.filter(), String.valueOf(only.shareName()));
  }
}

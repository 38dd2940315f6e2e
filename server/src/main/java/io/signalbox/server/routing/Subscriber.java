package io.signalbox.server.routing;

import io.signalbox.server.eventloop.EventLoop;
import org.jspecify.annotations.Nullable;

/**
 * Who takes messages: an MQTT session. Compared by identity, so a session keeps one object from its
 * first subscription to its last. All methods may be called from any I/O thread.
 */
public interface Subscriber {

  /** The Client Identifier. */
  String clientId();

  /** Whether a connection stands now; a moment later it may not. */
  boolean isOnline();

  /** Whether messages are kept while the client is away (Session Expiry Interval above 0). */
  boolean isDurable();

  /** The session's number in the store. */
  long sessionNumber();

  /**
   * Whether another message would leave soon. A cheap hint that may be stale: a Shared Subscription
   * prefers members with room.
   */
  default boolean hasRoom() {
    return true;
  }

  /**
   * Whether its queue on disk refused a message a moment ago: a Shared Subscription prefers members
   * whose queues take some. May be stale.
   */
  default boolean isFull() {
    return false;
  }

  /**
   * Whether so much waits in memory for this subscriber that whoever publishes QoS 1 or 2 to it
   * should get the acknowledgement later. May be stale.
   */
  default boolean isPressed() {
    return false;
  }

  /** Runs a task on a loop when this subscriber is no longer pressed, or after a bounded time. */
  default void whenRelieved(EventLoop loop, Runnable task) {
    loop.execute(task);
  }

  /**
   * Takes a message. Called on the publisher's I/O thread; crosses to the owner's when that is
   * another.
   *
   * @param delivery what this client subscribed to
   * @param stored non-null when the message was submitted to the store for this subscriber
   * @param receiverIndex this subscriber's place among the receivers that {@code stored} names
   */
  void offer(Delivery delivery, Message message, @Nullable StoredMessage stored, int receiverIndex);
}

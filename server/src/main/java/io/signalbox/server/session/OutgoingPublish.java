package io.signalbox.server.session;

import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.LargePayload;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.store.StorePublish;
import org.jspecify.annotations.Nullable;

/**
 * A QoS 1 or 2 message on its way to one session: first in the {@link OutboundQueue}, then in the
 * {@link InflightWindow}. Confined to the session's I/O thread.
 */
final class OutgoingPublish {
  /** Where it stands; a QoS 1 message is never RELEASED. */
  enum State {
    WAITING,
    SENT,
    /** PUBREC came, PUBREL is ours to send until PUBCOMP comes. */
    RELEASED
  }

  private static final int[] NO_IDENTIFIERS = {};

  /**
   * Null once it was sent and nobody will get it instead: who does not acknowledge holds little.
   */
  @Nullable Message message;

  final Qos qos;
  final boolean retain;

  /** Empty once it was sent. */
  int[] subscriptionIdentifiers;

  /** Null of a message that is in memory only, or was read from disk. */
  final @Nullable StorePublish handle;

  final int receiverIndex;

  State state = State.WAITING;

  /** 0 until one is chosen. */
  int packetId;

  /** It was, or may have been, sent before. */
  boolean dup;

  /** By whose Shared Subscription it came; null for others and for what was read from disk. */
  @Nullable SharedGroup group;

  /** It was read from disk, and came by a Shared Subscription: the row does not say by which. */
  boolean sharedRow;

  /** A command that gives it its packet identifier is on the way to the disk. */
  boolean assigning;

  /** That the client has it is on the way to the disk; PUBREL follows the commit. */
  boolean releasing;

  /** The policies are others since it was queued: it is asked about as one from disk is. */
  boolean queuedBefore;

  /** It had not to wait for the client when it came: whatever its expiry, delivery has begun. */
  boolean goesAtOnce;

  /** Its row gave way to a newer one: it is not sent. */
  boolean gone;

  @Nullable OutgoingPublish previous;
  @Nullable OutgoingPublish next;

  private long sequence;

  OutgoingPublish(
      @Nullable Message message,
      Qos qos,
      boolean retain,
      int[] subscriptionIdentifiers,
      @Nullable StorePublish handle,
      int receiverIndex,
      long sequence) {
    this.message = message;
    this.qos = qos;
    this.retain = retain;
    this.subscriptionIdentifiers = subscriptionIdentifiers;
    this.handle = handle;
    this.receiverIndex = receiverIndex;
    this.sequence = sequence;
  }

  /** It was queued on disk, maybe long ago. */
  boolean isFromDisk() {
    return handle == null && sequence != 0;
  }

  /** Whether a row of the session's queue on disk stands, or will stand, for it. */
  boolean durable() {
    return handle != null || sequence != 0;
  }

  /** See {@link StorePublish#comesAgain}. */
  boolean comesAgain() {
    return handle != null && handle.comesAgain();
  }

  /**
   * See {@link StorePublish#withdraw}. QoS 2 without a row never comes so far. To be asked when the
   * Packet Identifier is chosen and the message goes out next.
   */
  boolean goesToAnother() {
    return group != null
        && handle != null
        && qos == Qos.AT_LEAST_ONCE
        && !handle.begin(receiverIndex, packetId);
  }

  /** Whether the publisher has given it to another member, see {@link StorePublish#withdraw}. */
  boolean isWithdrawn() {
    return handle != null && handle.isWithdrawn(receiverIndex);
  }

  /** Of its row; 0 while the row is not applied, or there is none. */
  long sequence() {
    if (sequence == 0 && handle != null) {
      sequence = handle.sequence();
    }
    return sequence;
  }

  /** It has gone out. Another connection of a durable session gets it from the disk. */
  void sent() {
    state = State.SENT;
    subscriptionIdentifiers = NO_IDENTIFIERS;
    boolean goesToOthersAtTheEnd = group != null && !durable() && qos == Qos.AT_LEAST_ONCE;
    if (!goesToOthersAtTheEnd) {
      message = null;
    }
  }

  /** Counts what it takes in the memory of all while it waits. */
  void countIn(MemoryShare memory) {
    LargePayload large = message == null ? null : message.largePayload();
    if (large == null) {
      memory.charge(bytes());
    } else {
      memory.charge(bytes() - large.length());
      large.hold(memory);
    }
  }

  /** The reverse, with the same message. */
  void countOut(MemoryShare memory) {
    LargePayload large = message == null ? null : message.largePayload();
    if (large == null) {
      memory.charge(-bytes());
    } else {
      memory.charge(large.length() - bytes());
      large.letGo(memory);
    }
  }

  /** Approximate heap, whoever shares it. */
  int bytes() {
    return 96
        + (message == null ? 0 : message.bytes())
        + Integer.BYTES * subscriptionIdentifiers.length;
  }
}

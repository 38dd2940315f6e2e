package io.signalbox.server.store;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Message;
import org.jspecify.annotations.Nullable;

/**
 * One message in a session's queue, as it is on disk.
 *
 * @param sequence its position; ascending, never used twice
 * @param packetId 1..65,535 when the row carries one; else 0, and {@link
 *     StorePublish#derivedPacketId} gives that of a QoS 1 message
 * @param qos effective for this receiver
 * @param retain RETAIN flag towards this receiver
 * @param shared it came by a Shared Subscription, so another member may take it
 * @param maybeSent it may have been sent before: send it with DUP
 * @param message null when RELEASED
 */
public record QueuedRow(
    long sequence,
    State state,
    int packetId,
    Qos qos,
    boolean retain,
    boolean shared,
    int[] subscriptionIdentifiers,
    boolean maybeSent,
    @Nullable Message message) {

  /** Approximate heap in bytes, for limits. */
  int bytes() {
    return (message == null ? QueueRow.OVERHEAD_BYTES : message.bytes())
        + Integer.BYTES * subscriptionIdentifiers.length;
  }

  /** Where it stands. */
  public enum State {
    QUEUED,
    /** Sent with the Packet Identifier that the row carries. */
    SENT,
    /** PUBREC came; PUBREL is to be sent until PUBCOMP comes. */
    RELEASED
  }
}

package io.signalbox.server.store;

import org.jspecify.annotations.Nullable;

/**
 * A QoS 2 message is about to be sent with this Packet Identifier, which a crash must not change.
 * Result: whether the row still exists; only then may it be sent.
 *
 * @param sequence of the row; 0 while unknown
 * @param handle names the row while the sequence is unknown
 * @param packetId 1..65,535
 */
public record AssignPacketId(
    long number, long epoch, long sequence, @Nullable StorePublish handle, int packetId)
    implements Command {
  public AssignPacketId {
    StorePublish.requireSequenceOrHandle(sequence, handle);
    StorePublish.requirePacketId(packetId);
  }
}

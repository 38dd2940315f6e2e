package io.signalbox.server.store;

import org.jspecify.annotations.Nullable;

/**
 * PUBREC came: the row now only stands for the PUBREL to send, its message is dropped. Result:
 * whether the row existed.
 *
 * @param sequence of the row; 0 while unknown
 * @param handle names the row while the sequence is unknown
 * @param packetId 1..65,535
 */
public record MarkReleased(
    long number, long epoch, long sequence, @Nullable StorePublish handle, int packetId)
    implements Command {
  public MarkReleased {
    StorePublish.requireSequenceOrHandle(sequence, handle);
    StorePublish.requirePacketId(packetId);
  }
}

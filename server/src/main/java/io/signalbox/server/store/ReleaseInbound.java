package io.signalbox.server.store;

/**
 * PUBREL came for an inbound QoS 2 message: its Packet Identifier is free again. Result: null.
 *
 * @param packetId 1..65,535
 */
public record ReleaseInbound(long number, long epoch, int packetId) implements Command {
  public ReleaseInbound {
    StorePublish.requirePacketId(packetId);
  }
}

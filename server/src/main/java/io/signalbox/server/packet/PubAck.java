package io.signalbox.server.packet;

/** PUBACK (MQTT 5.0 section 3.4): the answer to a PUBLISH with QoS 1. */
public record PubAck(int packetId, ReasonCode reason, Properties properties) implements Packet {

  public PubAck {
    Checks.packetId(packetId);
    Checks.allowed(reason, PacketType.PUBACK);
  }

  /** With {@link ReasonCode#SUCCESS} and no properties: all that 3.1.1 can say. */
  public PubAck(int packetId) {
    this(packetId, ReasonCode.SUCCESS, Properties.NONE);
  }

  @Override
  public PacketType type() {
    return PacketType.PUBACK;
  }
}

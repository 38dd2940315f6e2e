package io.signalbox.server.packet;

/** PUBREC (MQTT 5.0 section 3.5): the first answer to a PUBLISH with QoS 2. */
public record PubRec(int packetId, ReasonCode reason, Properties properties) implements Packet {

  public PubRec {
    Checks.packetId(packetId);
    Checks.allowed(reason, PacketType.PUBREC);
  }

  /** With {@link ReasonCode#SUCCESS} and no properties: all that 3.1.1 can say. */
  public PubRec(int packetId) {
    this(packetId, ReasonCode.SUCCESS, Properties.NONE);
  }

  @Override
  public PacketType type() {
    return PacketType.PUBREC;
  }
}

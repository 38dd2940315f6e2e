package io.signalbox.server.packet;

/** PUBREL (MQTT 5.0 section 3.6): the answer to PUBREC. */
public record PubRel(int packetId, ReasonCode reason, Properties properties) implements Packet {

  public PubRel {
    Checks.packetId(packetId);
    Checks.allowed(reason, PacketType.PUBREL);
  }

  /** With {@link ReasonCode#SUCCESS} and no properties: all that 3.1.1 can say. */
  public PubRel(int packetId) {
    this(packetId, ReasonCode.SUCCESS, Properties.NONE);
  }

  @Override
  public PacketType type() {
    return PacketType.PUBREL;
  }
}

package io.signalbox.server.packet;

/** PUBCOMP (MQTT 5.0 section 3.7): the answer to PUBREL, which ends QoS 2. */
public record PubComp(int packetId, ReasonCode reason, Properties properties) implements Packet {

  public PubComp {
    Checks.packetId(packetId);
    Checks.allowed(reason, PacketType.PUBCOMP);
  }

  /** With {@link ReasonCode#SUCCESS} and no properties: all that 3.1.1 can say. */
  public PubComp(int packetId) {
    this(packetId, ReasonCode.SUCCESS, Properties.NONE);
  }

  @Override
  public PacketType type() {
    return PacketType.PUBCOMP;
  }
}

package io.signalbox.server.packet;

/** AUTH (MQTT 5.0 section 3.15): a step of enhanced authentication, 5.0 only. */
public record Auth(ReasonCode reason, Properties properties) implements Packet {

  public Auth {
    Checks.allowed(reason, PacketType.AUTH);
  }

  @Override
  public PacketType type() {
    return PacketType.AUTH;
  }
}

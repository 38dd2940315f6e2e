package io.signalbox.server.packet;

/** DISCONNECT (MQTT 5.0 section 3.14): the last packet of its sender. */
public record Disconnect(ReasonCode reason, Properties properties) implements Packet {

  public Disconnect {
    Checks.allowed(reason, PacketType.DISCONNECT);
  }

  @Override
  public PacketType type() {
    return PacketType.DISCONNECT;
  }
}

package io.signalbox.server.packet;

/** PINGRESP (MQTT 5.0 section 3.13): the answer to PINGREQ. */
public record PingResp() implements Packet {

  @Override
  public PacketType type() {
    return PacketType.PINGRESP;
  }
}

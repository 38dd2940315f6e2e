package io.signalbox.server.packet;

/** PINGREQ (MQTT 5.0 section 3.12): the client shows that it is there. */
public record PingReq() implements Packet {

  @Override
  public PacketType type() {
    return PacketType.PINGREQ;
  }
}

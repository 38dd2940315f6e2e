package io.signalbox.server.packet;

/**
 * CONNACK (MQTT 5.0 section 3.2).
 *
 * @param sessionPresent whether the server goes on with an earlier session; never with an error
 */
public record ConnAck(boolean sessionPresent, ReasonCode reason, Properties properties)
    implements Packet {

  public ConnAck {
    Checks.allowed(reason, PacketType.CONNACK); // [MQTT-3.2.2-8]
    if (sessionPresent && reason != ReasonCode.SUCCESS) {
      throw new IllegalArgumentException("session present with " + reason); // [MQTT-3.2.2-6]
    }
  }

  @Override
  public PacketType type() {
    return PacketType.CONNACK;
  }
}

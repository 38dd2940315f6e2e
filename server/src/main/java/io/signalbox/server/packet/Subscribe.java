package io.signalbox.server.packet;

import java.util.List;

/**
 * SUBSCRIBE (MQTT 5.0 section 3.8).
 *
 * @param subscriptions at least one
 */
public record Subscribe(
    int packetId, List<RequestedSubscription> subscriptions, Properties properties)
    implements Packet {

  public Subscribe {
    Checks.packetId(packetId);
    subscriptions = List.copyOf(subscriptions);
    if (subscriptions.isEmpty()) {
      throw new IllegalArgumentException("SUBSCRIBE without a topic filter"); // [MQTT-3.8.3-2]
    }
  }

  @Override
  public PacketType type() {
    return PacketType.SUBSCRIBE;
  }
}

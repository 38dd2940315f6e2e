package io.signalbox.server.packet;

import java.util.List;

/**
 * UNSUBSCRIBE (MQTT 5.0 section 3.10).
 *
 * @param topicFilters at least one, as given in SUBSCRIBE: not parsed, compared by their characters
 */
public record Unsubscribe(int packetId, List<String> topicFilters, Properties properties)
    implements Packet {

  public Unsubscribe {
    Checks.packetId(packetId);
    topicFilters = List.copyOf(topicFilters);
    if (topicFilters.isEmpty()) {
      throw new IllegalArgumentException("UNSUBSCRIBE without a topic filter"); // [MQTT-3.10.3-2]
    }
  }

  @Override
  public PacketType type() {
    return PacketType.UNSUBSCRIBE;
  }
}

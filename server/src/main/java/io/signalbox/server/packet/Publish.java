package io.signalbox.server.packet;

import io.signalbox.server.topic.TopicName;

/**
 * PUBLISH (MQTT 5.0 section 3.3).
 *
 * @param topic {@link TopicName#EMPTY} only when a Topic Alias among the properties stands for it
 * @param dup whether this may be a repetition; never with QoS 0
 * @param packetId 1..65,535 for QoS 1 and 2, {@link #NO_PACKET_ID} for QoS 0
 * @param payload shared, never modified
 */
public record Publish(
    TopicName topic,
    Qos qos,
    boolean dup,
    boolean retain,
    int packetId,
    Properties properties,
    byte[] payload)
    implements Packet {
  public static final int NO_PACKET_ID = 0;

  public Publish {
    if (qos == Qos.AT_MOST_ONCE) {
      if (packetId != NO_PACKET_ID || dup) {
        throw new IllegalArgumentException(
            "QoS 0 with packet id " + packetId + ", dup " + dup); // [MQTT-2.2.1-2] [MQTT-3.3.1-2]
      }
    } else {
      Checks.packetId(packetId);
    }
  }

  @Override
  public PacketType type() {
    return PacketType.PUBLISH;
  }

  /** For logs: never the payload. */
  @Override
  public String toString() {
    return "Publish[topic=%s, qos=%s, dup=%s, retain=%s, packetId=%d, properties=%s, payload=%d bytes]"
        .formatted(topic, qos, dup, retain, packetId, properties, payload.length);
  }
}

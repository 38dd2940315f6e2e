package io.signalbox.server.packet;

import io.signalbox.server.topic.TopicName;

/**
 * The Will Message of a CONNECT (MQTT 5.0 section 3.1.2.5).
 *
 * @param payload at most 65,535 bytes; shared, never modified
 * @param properties with the Will Delay Interval and those of the PUBLISH it becomes
 */
public record Will(
    TopicName topic, byte[] payload, Qos qos, boolean retain, Properties properties) {

  @Override
  public String toString() {
    return "Will[topic=%s, payload=%d bytes, qos=%s, retain=%s, properties=%s]"
        .formatted(topic, payload.length, qos, retain, properties);
  }
}

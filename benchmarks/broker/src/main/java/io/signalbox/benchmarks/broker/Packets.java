package io.signalbox.benchmarks.broker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import java.util.List;

/** The packets that are decoded and encoded, in MQTT 5.0. */
public enum Packets {
  PUBLISH_QOS_0,
  PUBLISH_QOS_1,
  PUBLISH_WITH_PROPERTIES,
  PUBACK,
  SUBSCRIBE;

  static final int PAYLOAD_BYTES = 64;
  static final TopicName TOPIC = topic("site-7/hall-3/line-2/device-4711/state");

  /** Number {@code i} of a burst. */
  Packet packet(int i) {
    return switch (this) {
      case PUBLISH_QOS_0 -> publish(Qos.AT_MOST_ONCE, 0, Properties.NONE);
      case PUBLISH_QOS_1 -> publish(Qos.AT_LEAST_ONCE, 1 + i, Properties.NONE);
      case PUBLISH_WITH_PROPERTIES ->
          publish(
              Qos.AT_LEAST_ONCE,
              1 + i,
              Properties.NONE
                  .with(Property.CONTENT_TYPE, "application/json")
                  .with(Property.RESPONSE_TOPIC, "answers/device-4711")
                  .with(Property.CORRELATION_DATA, "request-1234".getBytes(UTF_8)));
      case PUBACK -> new PubAck(1 + i, ReasonCode.SUCCESS, Properties.NONE);
      case SUBSCRIBE ->
          new Subscribe(
              1 + i,
              List.of(
                  new RequestedSubscription(
                      "site-7/+/line-2/device-4711/#",
                      SubscriptionOptions.ofQos(Qos.AT_LEAST_ONCE))),
              Properties.NONE);
    };
  }

  static Connect connect() {
    return new Connect(
        ProtocolVersion.V5,
        "device-4711",
        true,
        60,
        null,
        "device-4711",
        "secret".getBytes(UTF_8),
        Properties.NONE);
  }

  private static Publish publish(Qos qos, int packetId, Properties properties) {
    return new Publish(TOPIC, qos, false, false, packetId, properties, new byte[PAYLOAD_BYTES]);
  }

  static TopicName topic(String name) {
    try {
      return TopicName.of(name);
    } catch (InvalidTopicException e) {
      throw new IllegalArgumentException(e);
    }
  }
}

package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.Will;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the broker publishes when this client is lost. */
final class WillOptions {
  @Option(
      names = "--will-topic",
      paramLabel = "TOPIC",
      description = "Topic of the Will Message; without it there is none.")
  private @Nullable String topic;

  @Option(
      names = "--will-message",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Its payload (default: empty).")
  private String message = "";

  @Option(
      names = "--will-qos",
      paramLabel = "0|1|2",
      defaultValue = "0",
      converter = QosConverter.class,
      description = "Its QoS (default: ${DEFAULT-VALUE}).")
  private Qos qos = Qos.AT_MOST_ONCE;

  @Option(names = "--will-retain", description = "The broker keeps it as retained message.")
  private boolean retain;

  @Option(
      names = "--will-delay",
      paramLabel = "TIME",
      converter = LifetimeConverter.class,
      description =
          "How long the broker waits with it for the client to return, such as 30s (MQTT 5).")
  private @Nullable Duration delay;

  @Nullable Will will(ConnectionOptions connection) {
    if (topic == null) {
      return null;
    }
    Properties properties = Properties.NONE;
    if (delay != null) {
      if (connection.version() != ProtocolVersion.V5) {
        throw connection.usage("--will-delay needs --mqtt 5");
      }
      properties = properties.with(Property.WILL_DELAY_INTERVAL, delay.toSeconds());
    }
    try {
      return new Will(TopicName.of(topic), message.getBytes(UTF_8), qos, retain, properties);
    } catch (InvalidTopicException e) {
      throw connection.usage("--will-topic: " + e.getMessage());
    }
  }
}

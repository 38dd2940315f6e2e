package io.signalbox.server.cli;

import io.signalbox.server.bench.Load;
import io.signalbox.server.packet.Qos;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is published in a measurement, and how. */
final class BenchLoadOptions {
  @Option(
      names = {"-q", "--qos"},
      paramLabel = "0|1|2",
      defaultValue = "1",
      converter = QosConverter.class,
      description = "Quality of Service (default: ${DEFAULT-VALUE}).")
  private Qos qos = Qos.AT_LEAST_ONCE;

  @Option(
      names = "--subscribe-qos",
      paramLabel = "0|1|2",
      converter = QosConverter.class,
      description = "Highest QoS that subscribers want (default: that of --qos).")
  private @Nullable Qos subscribeQos;

  @Option(
      names = "--payload",
      paramLabel = "BYTES",
      defaultValue = "64",
      description = "Bytes of a payload, 24 or more (default: ${DEFAULT-VALUE}).")
  private int payloadBytes = 64;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "100",
      description =
          "Unacknowledged QoS 1 and 2 messages a publisher (default: ${DEFAULT-VALUE}); the"
              + " broker's Receive Maximum bounds it too. In MQTT 3.1.1 no broker can tell that:"
              + " those that close the connection want less (mosquitto: 20 with QoS 2).")
  private int window = 100;

  @Option(
      names = "--undelivered",
      paramLabel = "N",
      defaultValue = "1000",
      description =
          "Published but not yet delivered messages a publisher, so that no broker needs to drop"
              + " QoS 0 (default: ${DEFAULT-VALUE}).")
  private int undeliveredMax = 1_000;

  Qos qos() {
    return qos;
  }

  Qos subscribeQos() {
    return subscribeQos == null ? qos : subscribeQos;
  }

  /** With a pace and an end. */
  Load load(double messagesPerSecond, long messages, Duration duration, Duration warmUp) {
    return new Load(
        qos, payloadBytes, window, undeliveredMax, messagesPerSecond, messages, duration, warmUp);
  }
}

package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.Traffic;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures messages between clients that are there; registered once for each shape. */
@Command(sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class BenchTrafficCommand implements Callable<Integer> {
  private final Traffic.Shape shape;

  @Option(
      names = "--publishers",
      paramLabel = "N",
      description = "Publishing clients (default: p2p 10, fan-in 50, fan-out 1).")
  private @Nullable Integer publishers;

  @Option(
      names = "--subscribers",
      paramLabel = "N",
      description = "Subscribing clients (default: p2p as many, fan-in 1, fan-out 50).")
  private @Nullable Integer subscribers;

  @Option(
      names = "--share",
      paramLabel = "NAME",
      description = "The subscribers share one subscription of this name (fan-in, MQTT 5).")
  private @Nullable String shareName;

  @Option(
      names = "--lasting",
      description =
          "The subscribers' sessions outlive their connections, so that a broker that keeps"
              + " sessions writes QoS 1 and 2 messages down.")
  private boolean lasting;

  @Mixin private BenchLoadOptions load;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Messages a second of all publishers together; latency then counts from when a message"
              + " was due (default: as fast as the bounds allow).")
  private double messagesPerSecond;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      defaultValue = "0",
      description = "Messages a publisher (default: as many as go into --duration).")
  private long messages;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = BenchTimeConverter.class,
      description = "Of the measured part (default: ${DEFAULT-VALUE}).")
  private Duration duration = Duration.ofSeconds(10);

  @Option(
      names = "--warm-up",
      paramLabel = "TIME",
      defaultValue = "3s",
      converter = BenchTimeConverter.class,
      description = "The same, before it counts; 0s for none (default: ${DEFAULT-VALUE}).")
  private Duration warmUp = Duration.ofSeconds(3);

  @Mixin private BenchTargetOptions target;

  @Spec private CommandSpec spec;

  BenchTrafficCommand(Traffic.Shape shape) {
    this.shape = shape;
  }

  @Override
  public Integer call() throws CommandFailure, PkiException {
    int publishing = publishers != null ? publishers : defaultPublishers();
    int subscribing = subscribers != null ? subscribers : defaultSubscribers(publishing);
    return BenchMeasurement.run(
        target,
        spec,
        broker ->
            Traffic.measure(
                broker,
                shape,
                load.load(messagesPerSecond, messages, duration, warmUp),
                load.subscribeQos(),
                new Traffic.Clients(publishing, subscribing, shareName, lasting)));
  }

  private int defaultPublishers() {
    return switch (shape) {
      case P2P -> 10;
      case FAN_IN -> 50;
      case FAN_OUT -> 1;
    };
  }

  private int defaultSubscribers(int publishing) {
    return switch (shape) {
      case P2P -> publishing;
      case FAN_IN -> 1;
      case FAN_OUT -> 50;
    };
  }
}

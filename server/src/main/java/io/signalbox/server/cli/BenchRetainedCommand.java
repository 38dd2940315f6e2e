package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.Retained;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures retained messages. */
@Command(
    name = "retained",
    description = "Set retained messages, have subscribers fetch them all, and take them back.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox bench retained --url mqtt://localhost:1883 -n 10000 --publishers 10"
          + " --subscribers 3",
      "  signalbox bench retained --url mqtt://localhost:1883 -n 1000 --sets 100",
    },
    sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class BenchRetainedCommand implements Callable<Integer> {
  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      defaultValue = "10000",
      description = "Topics with a retained message, a publisher (default: ${DEFAULT-VALUE}).")
  private long topics;

  @Option(
      names = "--publishers",
      paramLabel = "N",
      defaultValue = "10",
      description = "Publishing clients (default: ${DEFAULT-VALUE}).")
  private int publishers;

  @Option(
      names = "--subscribers",
      paramLabel = "N",
      defaultValue = "1",
      description = "Clients that fetch all of them; 0: nobody (default: ${DEFAULT-VALUE}).")
  private int subscribers;

  @Option(
      names = "--sets",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "How often each topic is set: all of them once, then all again (default:"
              + " ${DEFAULT-VALUE}).")
  private int setsEach;

  @Option(names = "--leave", description = "Leave the messages with the broker.")
  private boolean leave;

  @Mixin private BenchLoadOptions load;

  @Mixin private BenchTargetOptions target;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    return BenchMeasurement.run(
        target,
        spec,
        broker ->
            Retained.measure(
                broker,
                load.load(0, topics, Duration.ZERO, Duration.ZERO),
                load.subscribeQos(),
                new Retained.Size(publishers, subscribers, setsEach, leave)));
  }
}

package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.Offline;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures queues of sessions whose clients are away. */
@Command(
    name = "offline",
    description = {
      "Publish to sessions whose clients are away, then have them return and fetch everything;"
          + " or have them stay.",
      "The broker must queue that much: see its limits.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox bench offline --url mqtt://localhost:1883 --sessions 10 -n 10000 -q 1 --pid"
          + " $$(pidof mosquitto)",
    },
    sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class BenchOfflineCommand implements Callable<Integer> {
  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      defaultValue = "1000",
      description = "Messages a session (default: ${DEFAULT-VALUE}).")
  private long messages;

  @Option(
      names = "--sessions",
      paramLabel = "N",
      defaultValue = "10",
      description = "Sessions, each with its own publisher (default: ${DEFAULT-VALUE}).")
  private int sessions;

  @ArgGroup private Whereabouts whereabouts = new Whereabouts();

  /** One of them, or neither. */
  private static final class Whereabouts {
    @Option(
        names = "--stay",
        description = "The clients of the sessions are connected all the time.")
    private boolean stay;

    @Option(
        names = "--leave",
        description = "They do not come back: sessions and messages are left with the broker.")
    private boolean leave;

    Offline.Clients clients() {
      return stay ? Offline.Clients.STAY : leave ? Offline.Clients.LEAVE : Offline.Clients.RETURN;
    }
  }

  @Mixin private BenchLoadOptions load;

  @Mixin private BenchTargetOptions target;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    return BenchMeasurement.run(
        target,
        spec,
        broker ->
            Offline.measure(
                broker,
                load.load(0, messages, Duration.ZERO, Duration.ZERO),
                sessions,
                whereabouts.clients()));
  }
}

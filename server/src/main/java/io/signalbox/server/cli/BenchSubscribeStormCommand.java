package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.SubscribeStorm;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures many subscriptions. */
@Command(
    name = "subscribe-storm",
    description = "Subscribe to many filters, publish among them, and unsubscribe.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox bench subscribe-storm --url mqtt://localhost:1883 --filters 1000000 --batch 100",
    },
    sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class BenchSubscribeStormCommand implements Callable<Integer> {
  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "10",
      description = "Subscribing clients (default: ${DEFAULT-VALUE}).")
  private int clients;

  @Option(
      names = "--filters",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Filters of all clients together (default: ${DEFAULT-VALUE}).")
  private long filters;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "10",
      description = "Filters a SUBSCRIBE or UNSUBSCRIBE (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      defaultValue = "10000",
      description =
          "Messages, published one by one, each for one subscription (default: ${DEFAULT-VALUE}).")
  private long messages;

  @Mixin private BenchTargetOptions target;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    return BenchMeasurement.run(
        target, spec, broker -> SubscribeStorm.measure(broker, clients, filters, batch, messages));
  }
}

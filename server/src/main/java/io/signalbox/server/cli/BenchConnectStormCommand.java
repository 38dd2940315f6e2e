package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.ConnectStorm;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures connecting. */
@Command(
    name = "connect-storm",
    description = {
      "Connect and disconnect again and again, with TLS and a client certificate if the options say"
          + " so.",
      "Latency is from the first packet of TCP, with --rate from when that was due, to CONNACK.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox bench connect-storm --cafile ca.crt --certs devices --clients 5000",
      "  signalbox bench connect-storm --url mqtt://localhost:1883 --clients 20000 --connecting"
          + " 200",
    },
    sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class BenchConnectStormCommand implements Callable<Integer> {
  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Connections (default: ${DEFAULT-VALUE}).")
  private int clients;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description = "Connections a second (default: as fast as --connecting allows).")
  private double perSecond;

  @Mixin private BenchTargetOptions target;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    return BenchMeasurement.run(
        target, spec, broker -> ConnectStorm.measure(broker, clients, perSecond));
  }
}

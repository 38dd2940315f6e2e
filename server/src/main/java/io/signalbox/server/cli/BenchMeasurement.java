package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.Report;
import io.signalbox.server.bench.Target;
import io.signalbox.server.bench.client.ClientException;
import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;

/** Runs one measurement and prints what it found. */
interface BenchMeasurement {
  Report measure(Target target) throws ClientException, IOException, CommandFailure;

  /**
   * @return the exit code: a report with something wrong in it is a failure
   */
  static int run(BenchTargetOptions options, CommandSpec spec, BenchMeasurement measurement)
      throws CommandFailure, PkiException {
    try (var interruption = new BenchInterruption()) {
      return run(options, spec, measurement, interruption);
    }
  }

  private static int run(
      BenchTargetOptions options,
      CommandSpec spec,
      BenchMeasurement measurement,
      BenchInterruption interruption)
      throws CommandFailure, PkiException {
    try {
      Report report = measurement.measure(options.target(interruption::isRequested));
      spec.commandLine()
          .getOut()
          .print(options.isJson() ? report.toJson() + System.lineSeparator() : report.toText());
      spec.commandLine().getOut().flush();
      return report.passed() ? ExitCode.DONE : ExitCode.FAILED;
    } catch (IllegalArgumentException e) {
      throw options.connection().usage(String.valueOf(e.getMessage()));
    } catch (ClientException e) {
      if (interruption.isRequested()) { // the process ends before anybody else could tell it
        spec.commandLine().getErr().println("signalbox: " + e.getMessage());
        spec.commandLine().getErr().flush();
        return ExitCode.of(e);
      }
      throw new CommandFailure(ExitCode.of(e), String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new CommandFailure("the measurement failed: " + e.getMessage(), e);
    }
  }
}

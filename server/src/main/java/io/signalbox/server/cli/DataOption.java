package io.signalbox.server.cli;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.PkiException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The option that says where a broker's data directory is. */
final class DataOption {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "data",
      description = "Data directory of the broker (default: ${DEFAULT-VALUE}).")
  private Path directory = Path.of("data");

  Path directory() {
    return directory;
  }

  /** Warns who issues from the development PKI while the broker does not accept that. */
  void warnIfOutOfUse(CommandSpec command) throws PkiException {
    DevelopmentPki.outOfUse(pki())
        .ifPresent(why -> command.commandLine().getErr().println("warning: " + why));
  }

  /** Where the development PKI of this data directory is. */
  Path pki() {
    return directory.resolve("pki");
  }
}

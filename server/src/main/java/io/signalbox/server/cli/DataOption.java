package io.signalbox.server.cli;

import java.nio.file.Path;
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

  /** Where the development PKI of this data directory is. */
  Path pki() {
    return directory.resolve("pki");
  }
}

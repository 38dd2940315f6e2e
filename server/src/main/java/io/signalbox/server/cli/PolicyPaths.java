package io.signalbox.server.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** The policies that a question is about. */
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before use
final class PolicyPaths {
  @Option(
      names = "--policies",
      paramLabel = "PATH",
      defaultValue = ".",
      description =
          "Folder or file, or the word shipped; may be repeated (default: the working directory).")
  private List<String> paths;

  List<String> paths() {
    return paths;
  }
}

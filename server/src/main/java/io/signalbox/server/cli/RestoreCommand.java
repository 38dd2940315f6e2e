package io.signalbox.server.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a data directory of a backup. */
@Command(
    name = "restore",
    description = {
      "Make a data directory of a backup.",
      "The directory is made, or must be empty. No broker starts on it before all is there and the"
          + " store is checked; a restore that was cut short is done again by the same command.",
      "A data directory that no broker holds is as good as a backup of it.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox restore /backup/signalbox-monday --data /var/lib/signalbox",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class RestoreCommand implements Callable<Integer> {
  private final StoreTools tools;

  @Parameters(paramLabel = "BACKUP", description = "A directory that \"signalbox backup\" wrote.")
  private Path backup;

  @Mixin private DataOption data;

  @Spec private CommandSpec spec;

  RestoreCommand(StoreTools tools) {
    this.tools = tools;
  }

  @Override
  public Integer call() throws CommandFailure {
    spec.commandLine().getOut().println(tools.restore(backup, data.directory()).text());
    return ExitCode.DONE;
  }
}

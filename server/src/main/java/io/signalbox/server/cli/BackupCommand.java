package io.signalbox.server.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Copies a data directory, under load if a broker runs on it. */
@Command(
    name = "backup",
    description = {
      "Copy a data directory: the store as it is at one moment, keys and certificates.",
      "A running broker writes the copy itself, while it goes on, and is found by --data. The copy"
          + " is a data directory; it holds private keys, so keep it as safe as the original.",
      "The command fails where it does not see what the broker wrote, such as in a /tmp of the"
          + " broker's own. Below the data directory both see it; other backups there are left"
          + " out.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox backup --data /var/lib/signalbox /backup/signalbox-monday",
      "  signalbox restore /backup/signalbox-monday --data /var/lib/signalbox",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class BackupCommand implements Callable<Integer> {
  private final StoreTools tools;

  @Parameters(
      paramLabel = "DIR",
      description = "Where the copy goes; made if it is missing, otherwise it must be empty.")
  private Path to;

  @Mixin private DataOption data;

  @Spec private CommandSpec spec;

  BackupCommand(StoreTools tools) {
    this.tools = tools;
  }

  @Override
  public Integer call() throws CommandFailure {
    spec.commandLine().getOut().println(tools.backup(data.directory(), to).text());
    return ExitCode.DONE;
  }
}

package io.signalbox.server.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Says whether a store is sound. */
@Command(
    name = "check",
    description = {
      "Check that the store of a data directory is sound: every row has its form and its owner,"
          + " every counter is true.",
      "A running broker checks its own while it goes on.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox store check --data /var/lib/signalbox",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:sound",
      "1:not sound, or it cannot be read",
      "2:wrong usage of the command line",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class StoreCheckCommand implements Callable<Integer> {
  private final StoreTools tools;

  @Mixin private DataOption data;

  @Spec private CommandSpec spec;

  StoreCheckCommand(StoreTools tools) {
    this.tools = tools;
  }

  @Override
  public Integer call() throws CommandFailure {
    StoreTools.Outcome outcome = tools.check(data.directory());
    spec.commandLine().getOut().println(outcome.text());
    return outcome.sound() ? ExitCode.DONE : ExitCode.FAILED;
  }
}

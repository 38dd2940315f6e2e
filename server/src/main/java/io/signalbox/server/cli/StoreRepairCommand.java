package io.signalbox.server.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Replaces a damaged store by what can still be read. */
@Command(
    name = "repair",
    description = {
      "Write what can still be read of a damaged store into a new file, and put it in the place of"
          + " the old one.",
      "The broker must not run. The old file stays beside it as store/damaged-TIME.mdb, so the disk"
          + " needs room for a second one, at most as large. What is lost is told; a backup, if"
          + " there is one, loses less when the damage is large.",
      "A row of the registry that is left out may have been a revocation or a disabled device,"
          + " which are then good again: the outcome says so.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox store repair --data /var/lib/signalbox",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing was left out",
      "1:something was left out, or it cannot be repaired",
      "2:wrong usage of the command line",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class StoreRepairCommand implements Callable<Integer> {
  private final StoreTools tools;

  @Mixin private DataOption data;

  @Spec private CommandSpec spec;

  StoreRepairCommand(StoreTools tools) {
    this.tools = tools;
  }

  @Override
  public Integer call() throws CommandFailure {
    StoreTools.Outcome outcome = tools.repair(data.directory());
    spec.commandLine().getOut().println(outcome.text());
    return outcome.sound() ? ExitCode.DONE : ExitCode.FAILED;
  }
}

package io.signalbox.server.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Puts a store aside. */
@Command(
    name = "quarantine",
    description = {
      "Put the store of a data directory aside, so that the broker starts with an empty one.",
      "The broker must not run. Nothing is deleted: the file becomes store/damaged-TIME.mdb.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox store quarantine --data /var/lib/signalbox",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:there is none, or it is in use",
      "2:wrong usage of the command line",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class StoreQuarantineCommand implements Callable<Integer> {
  private final StoreTools tools;

  @Mixin private DataOption data;

  @Spec private CommandSpec spec;

  StoreQuarantineCommand(StoreTools tools) {
    this.tools = tools;
  }

  @Override
  public Integer call() throws CommandFailure {
    StoreTools.Outcome outcome = tools.quarantine(data.directory());
    spec.commandLine().getOut().println(outcome.text());
    return outcome.sound() ? ExitCode.DONE : ExitCode.FAILED;
  }
}

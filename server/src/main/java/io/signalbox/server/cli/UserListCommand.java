package io.signalbox.server.cli;

import io.signalbox.server.scram.ScramUser;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the users of a file. */
@Command(
    name = "list",
    description = "Print the users, one a line: name, groups, iterations; with tabs between.",
    footerHeading = "%nExamples:%n",
    footer = "  signalbox users-file list --file users")
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class UserListCommand implements Callable<Integer> {
  @Mixin private UsersFileOption file;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure {
    PrintWriter out = spec.commandLine().getOut();
    for (ScramUser user : file.read().users()) {
      out.println(
          user.name()
              + "\t"
              + String.join(",", user.groups())
              + "\t"
              + user.verifier().iterations());
    }
    return ExitCode.DONE;
  }
}

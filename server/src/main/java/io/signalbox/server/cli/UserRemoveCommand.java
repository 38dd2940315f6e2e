package io.signalbox.server.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Takes a user out of the file. */
@Command(
    name = "remove",
    description = {
      "Remove a user.",
      "A running broker ends the connections that the user has.",
    },
    footerHeading = "%nExamples:%n",
    footer = "  signalbox users-file remove alice --file users")
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class UserRemoveCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "User name as \"users-file list\" prints it.")
  private String name;

  @Mixin private UsersFileOption file;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure {
    file.change(
        users -> {
          if (users.find(name) == null) {
            throw new CommandFailure("there is no user \"" + name + "\" in " + file);
          }
          return users.without(name);
        });
    spec.commandLine().getOut().println("user \"" + name + "\" is no longer in " + file);
    return ExitCode.DONE;
  }
}

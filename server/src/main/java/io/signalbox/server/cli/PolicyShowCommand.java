package io.signalbox.server.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Prints a policy of a running broker. */
@Command
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyShowCommand extends ApiCommand {
  @Parameters(paramLabel = "NAME", description = "Its name, without api:.")
  private String name;

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    ApiConnection.Answer policy = connection.get("/policies/" + ApiConnection.encoded(name));
    if (json()) {
      show(policy.json());
    } else {
      out().print(policy.value("document").getAsString());
    }
  }
}

package io.signalbox.server.cli;

import com.google.gson.JsonObject;
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
    JsonObject policy = connection.get("/policies/" + ApiConnection.encoded(name)).json();
    if (json()) {
      show(policy);
    } else {
      out().print(policy.get("document").getAsString());
    }
  }
}

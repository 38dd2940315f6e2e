package io.signalbox.server.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Shows one object. */
@Command
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class ApiGetCommand extends ApiCommand {
  private final String path;

  @Parameters(paramLabel = "NAME", description = "Its name, id or fingerprint.")
  private String name;

  ApiGetCommand(String path) {
    this.path = path;
  }

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    show(connection.get(path + "/" + ApiConnection.encoded(name)).json());
  }
}

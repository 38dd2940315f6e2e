package io.signalbox.server.cli;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command on the admin API. */
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
abstract sealed class ApiCommand implements Callable<Integer>
    permits ApiListCommand,
        ApiGetCommand,
        ApiPutCommand,
        ApiActionCommand,
        ApiMembersCommand,
        CertIssueCommand,
        PolicyPutCommand,
        PolicyShowCommand,
        PolicyRollbackCommand,
        PolicyAuthorizeCommand {
  @Mixin private ApiOptions api;

  @Spec private CommandSpec spec;

  @Override
  public final Integer call() throws CommandFailure {
    run(api.connect());
    out().flush();
    return exitCode();
  }

  /** Of a command that was answered; for those whose answer is yes or no. */
  int exitCode() {
    return ExitCode.DONE;
  }

  abstract void run(ApiConnection connection) throws CommandFailure;

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final boolean json() {
    return api.json();
  }

  /** One object, as it was asked for. */
  final void show(JsonObject object) {
    if (json()) {
      out().println(object);
    } else {
      Table.print(object, out());
    }
  }
}

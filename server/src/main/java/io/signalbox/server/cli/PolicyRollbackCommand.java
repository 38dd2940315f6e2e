package io.signalbox.server.cli;

import com.google.gson.JsonObject;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Takes back what became of a running broker's API policies since a revision. */
@Command
final class PolicyRollbackCommand extends ApiCommand {
  @Parameters(paramLabel = "N", description = "A revision, as \"policy revisions\" lists them.")
  private long number;

  @Option(
      names = "--dry-run",
      description = "Say what would change, and who would gain and lose what; change nothing.")
  private boolean dryRun;

  @Option(
      names = "--if-latest",
      paramLabel = "M",
      description = "Only if M is the latest revision: nobody changed anything meanwhile.")
  private @Nullable Long ifLatest;

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    String path = "/policy-revisions/" + number + "/rollback" + (dryRun ? "?dryRun=true" : "");
    String[] headers =
        ifLatest == null ? new String[0] : new String[] {"If-Match", "\"" + ifLatest + "\""};
    ApiConnection.Answer answer =
        dryRun ? connection.ask(path, null, headers) : connection.send("POST", path, null, headers);
    if (json()) {
      show(answer.json());
      return;
    }
    List<JsonObject> changes = answer.objects("changes");
    for (JsonObject change : changes) {
      out()
          .printf("%s %s %s%n", word(change, "what"), word(change, "name"), word(change, "became"));
    }
    for (JsonObject one : answer.objects("leftOut")) {
      out().printf("attachment %s left out: %s%n", word(one, "name"), word(one, "why"));
    }
    if (dryRun) {
      answer.objects("access").forEach(each -> out().println(word(each, "text")));
      out().println("nothing was changed");
    } else if (changes.isEmpty()) {
      out().println("all is as it was at revision " + number);
    } else {
      out().println("in force, revision " + answer.value("revision").getAsString());
    }
  }

  private static String word(JsonObject of, String field) {
    return of.get(field).getAsString();
  }
}

package io.signalbox.server.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
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
    JsonObject answer =
        (dryRun
                ? connection.ask(path, null, headers)
                : connection.send("POST", path, null, headers))
            .json();
    if (json()) {
      show(answer);
      return;
    }
    for (JsonElement each : answer.getAsJsonArray("changes")) {
      JsonObject change = each.getAsJsonObject();
      out()
          .printf("%s %s %s%n", word(change, "what"), word(change, "name"), word(change, "became"));
    }
    for (JsonElement each : answer.getAsJsonArray("leftOut")) {
      JsonObject one = each.getAsJsonObject();
      out().printf("attachment %s left out: %s%n", word(one, "name"), word(one, "why"));
    }
    if (dryRun) {
      answer
          .getAsJsonArray("access")
          .forEach(each -> out().println(word(each.getAsJsonObject(), "text")));
      out().println("nothing was changed");
    } else if (answer.getAsJsonArray("changes").isEmpty()) {
      out().println("all is as it was at revision " + number);
    } else {
      out().println("in force, revision " + answer.get("revision").getAsLong());
    }
  }

  private static String word(JsonObject of, String field) {
    return of.get(field).getAsString();
  }
}

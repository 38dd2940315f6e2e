package io.signalbox.server.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists a collection, all its pages. */
@Command
final class ApiListCommand extends ApiCommand {
  private final String path;
  private final List<String> columns;

  @Option(
      names = "--where",
      paramLabel = "FIELD=VALUE",
      description = "Only those; the fields are those of the API's list. May stand several times.")
  private Map<String, String> where = new LinkedHashMap<>();

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "At most so many (default: ${DEFAULT-VALUE}).")
  private int limit = 1_000_000;

  ApiListCommand(String path, List<String> columns) {
    this.path = path;
    this.columns = columns;
  }

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    if (limit < 1) {
      throw new CommandFailure(ExitCode.USAGE, "--limit: " + limit + " is less than 1");
    }
    JsonArray all = connection.all(path, where, limit);
    if (json()) {
      var items = new JsonObject();
      items.add("items", all);
      out().println(items);
    } else {
      Table.print(all.asList().stream().map(JsonElement::getAsJsonObject).toList(), columns, out());
    }
  }
}

package io.signalbox.server.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
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
    List<JsonObject> rows = new ArrayList<>();
    var all = new JsonArray();
    String cursor = "";
    do {
      var query = new StringBuilder(path + "?limit=" + Math.clamp(limit - all.size(), 1, 1_000));
      where.forEach(
          (field, value) ->
              query.append('&').append(field).append('=').append(ApiConnection.encoded(value)));
      if (!cursor.isEmpty()) {
        query.append("&cursor=").append(ApiConnection.encoded(cursor));
      }
      JsonObject page = connection.get(query.toString()).json();
      for (JsonElement item : page.getAsJsonArray("items")) {
        all.add(item);
        if (item.isJsonObject()) {
          rows.add(item.getAsJsonObject());
        }
      }
      cursor = page.has("next") ? page.get("next").getAsString() : "";
    } while (!cursor.isEmpty() && all.size() < limit);
    if (json()) {
      var items = new JsonObject();
      items.add("items", all);
      out().println(items);
    } else {
      Table.print(rows, columns, out());
    }
  }
}

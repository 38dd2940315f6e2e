package io.signalbox.server.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Lists the ids of the devices in a group, all of them. */
@Command
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class ApiMembersCommand extends ApiCommand {
  @Parameters(paramLabel = "NAME", description = "The group.")
  private String name;

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    String path = "/groups/" + ApiConnection.encoded(name) + "/members";
    JsonArray ids = connection.all(path, Map.of(), Integer.MAX_VALUE);
    if (json()) {
      var items = new JsonObject();
      items.add("items", ids);
      out().println(items);
      return;
    }
    List<JsonObject> rows = new ArrayList<>();
    for (JsonElement id : ids) {
      var row = new JsonObject();
      row.add("id", id);
      rows.add(row);
    }
    Table.print(rows, List.of("id"), out());
  }
}

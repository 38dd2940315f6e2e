package io.signalbox.server.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes one object, or changes some of its fields and nobody else's change meanwhile. */
@Command
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class ApiPutCommand extends ApiCommand {
  private static final int FILE_BYTES_MAX = 1 << 20;

  /** Fields whose values are lists; a text with commas is one for people. */
  private static final Set<String> LISTS =
      Set.of("groups", "audiences", "algorithms", "allowedCidrs", "policies", "publicKeysPem");

  /** What the API keeps when it is left out: an empty one is a mistake, which it tells. */
  private static final Set<String> SECRETS = Set.of("password", "secret", "hmacSecret");

  /** Fields that are numbers, true or false, or objects; all others are texts. */
  private static final Set<String> PLAIN =
      Set.of(
          "enabled",
          "pendingApproval",
          "offline",
          "autoRegister",
          "validityHours",
          "pathLength",
          "maxUses",
          "clockSkewSeconds",
          "maxLifetimeSeconds",
          "attributes",
          "claimMapping",
          "identityMapping",
          "ocsp",
          "csrRules",
          "nameConstraints");

  private final String path;
  private final boolean create;
  private final Map<String, String> fixed;

  @Parameters(paramLabel = "NAME", description = "Its name or id.")
  private String name;

  @Option(
      names = "--set",
      paramLabel = "FIELD=VALUE",
      description =
          "A field of the API. The value is a text, a number, true or false, JSON, a list with"
              + " commas, or @FILE for what is in a file; an empty one takes the field away, so"
              + " that it has its default, but for passwords and secrets. May stand several times.")
  private List<String> fields = new ArrayList<>();

  /**
   * @param create false: change one that is there
   * @param fixed fields that the command sets by itself
   */
  ApiPutCommand(String path, boolean create, Map<String, String> fixed) {
    this.path = path;
    this.create = create;
    this.fixed = Map.copyOf(fixed);
  }

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    Map<String, String> given = fields(fields);
    String one = path + "/" + ApiConnection.encoded(name);
    JsonObject object = new JsonObject();
    String header = "If-None-Match";
    String value = "*";
    if (!create) {
      ApiConnection.Answer before = connection.get(one);
      object = before.json();
      header = "If-Match";
      value = before.etag();
    }
    for (Map<String, String> some : List.of(given, fixed)) {
      for (Map.Entry<String, String> field : some.entrySet()) {
        if (field.getValue().isEmpty() && !SECRETS.contains(field.getKey())) {
          object.remove(field.getKey());
        } else {
          object.add(field.getKey(), value(field.getKey(), field.getValue()));
        }
      }
    }
    show(connection.send("PUT", one, object, header, value).json());
  }

  /** What stands behind each {@code --set}. */
  static Map<String, String> fields(List<String> options) throws CommandFailure {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String option : options) {
      int equals = option.indexOf('=');
      if (equals < 1) {
        throw new CommandFailure(ExitCode.USAGE, "--set " + option + ": is no FIELD=VALUE");
      }
      String field = option.substring(0, equals);
      if (fields.put(field, option.substring(equals + 1)) != null) {
        throw new CommandFailure(
            ExitCode.USAGE, "--set " + field + ": is given twice; a list has commas");
      }
    }
    return fields;
  }

  static JsonElement value(String field, String given) throws CommandFailure {
    String text = given.startsWith("@") ? content(Path.of(given.substring(1))) : given;
    if (LISTS.contains(field) && !text.startsWith("[")) {
      var list = new JsonArray();
      for (String item : field.equals("publicKeysPem") ? new String[] {text} : text.split(",")) {
        if (!item.isEmpty()) {
          list.add(item);
        }
      }
      return list;
    }
    try {
      return PLAIN.contains(field) || LISTS.contains(field)
          ? JsonParser.parseString(text)
          : new JsonPrimitive(text);
    } catch (JsonParseException e) {
      throw new CommandFailure("--set " + field + ": is no well-formed JSON", e);
    }
  }

  private static String content(Path file) throws CommandFailure {
    try {
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw new IOException("is larger than " + FILE_BYTES_MAX + " bytes");
      }
      return Files.readString(file).stripTrailing();
    } catch (IOException e) {
      throw new CommandFailure("cannot read \"" + file + "\": " + e.getMessage(), e);
    }
  }
}

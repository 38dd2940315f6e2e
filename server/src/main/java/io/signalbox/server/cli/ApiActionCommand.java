package io.signalbox.server.cli;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Does something with one object: removes it, revokes it, ends its connection. */
@Command
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class ApiActionCommand extends ApiCommand {
  private static final String PEM = "-----BEGIN ";

  private final String method;
  private final String template;
  private final @Nullable Map<String, String> body;

  @Parameters(arity = "1..3", paramLabel = "NAME", description = "Its name, id or fingerprint.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--set",
      paramLabel = "FIELD=VALUE",
      description = "A field of the API's request, such as reason=keyCompromise.")
  private List<String> fields = new ArrayList<>();

  /**
   * @param template of the path, with {@code {}} for each name
   * @param body fields that the request has anyway; null: it has no body
   */
  ApiActionCommand(String method, String template, @Nullable Map<String, String> body) {
    this.method = method;
    this.template = template;
    this.body = body;
  }

  /** A command without one has no {@code --set}. */
  boolean hasBody() {
    return body != null;
  }

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    String path = template;
    for (String name : names) {
      if (!path.contains("{}")) {
        throw new CommandFailure(ExitCode.USAGE, "one name too many: " + name);
      }
      path =
          path.substring(0, path.indexOf("{}"))
              + ApiConnection.encoded(name)
              + path.substring(path.indexOf("{}") + 2);
    }
    if (path.contains("{}")) {
      throw new CommandFailure(ExitCode.USAGE, "a name is missing");
    }
    JsonObject request = request();
    ApiConnection.Answer answer = connection.send(method, path, request);
    String text = answer.text();
    if (text.startsWith("{")) {
      show(answer.json());
    } else if (text.startsWith(PEM)) {
      out().print(text);
    } else if (!text.isEmpty()) {
      throw answer.notOurs("is neither a JSON object nor PEM");
    } else if (!json()) {
      out().println("done");
    }
  }

  private @Nullable JsonObject request() throws CommandFailure {
    if (body == null) {
      return null;
    }
    var request = new JsonObject();
    for (Map<String, String> some : List.of(body, ApiPutCommand.fields(fields))) {
      for (Map.Entry<String, String> field : some.entrySet()) {
        request.add(field.getKey(), ApiPutCommand.value(field.getKey(), field.getValue()));
      }
    }
    return request;
  }
}

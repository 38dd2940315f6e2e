package io.signalbox.server.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks a running broker whether a client may do something. */
@Command
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyAuthorizeCommand extends ApiCommand {
  @Parameters(
      index = "0",
      paramLabel = "ACTION",
      description = "connect, publish, subscribe or receive.")
  private String action;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TOPIC",
      description = "Topic Name, or Topic Filter with $share/GROUP/ and all; not for connect.")
  private @Nullable String topic;

  @Option(names = "--device", paramLabel = "ID", description = "A registered device.")
  private @Nullable String device;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "A client certificate, PEM; the broker checks it.")
  private @Nullable Path certificate;

  @Option(names = "--token-file", paramLabel = "FILE", description = "A token; it is checked.")
  private @Nullable Path token;

  @Option(
      names = "--client-id",
      paramLabel = "ID",
      description = "Client Identifier (default: the device's id or the user's name).")
  private @Nullable String clientId;

  @Option(
      names = "--source",
      paramLabel = "ADDRESS",
      description = "IP address that it comes from (default: 192.0.2.1, which nobody has).")
  private @Nullable String source;

  @Option(names = "--qos", paramLabel = "0..2", description = "QoS asked for (default: 0).")
  private int qos;

  @Option(names = "--retain", description = "A retained publish.")
  private boolean retain;

  private boolean allowed;

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    var question = new JsonObject();
    question.addProperty("action", action);
    question.addProperty("topic", topic);
    question.addProperty("device", device);
    question.addProperty("certificatePem", content(certificate));
    question.addProperty("token", content(token));
    question.addProperty("clientId", clientId);
    question.addProperty("source", source);
    question.addProperty("qos", qos);
    question.addProperty("retain", retain);
    ApiConnection.Answer answer = connection.ask("/policy-tools/authorize", question);
    allowed = answer.field("allowed").getAsBoolean();
    if (json()) {
      show(answer.json());
    } else {
      out().println(answer.field("text").getAsString());
      if (answer.json().get("notes") instanceof JsonArray notes) {
        notes.forEach(note -> out().println("note: " + note.getAsString()));
      }
    }
  }

  @Override
  int exitCode() {
    return allowed ? ExitCode.DONE : ExitCode.FAILED;
  }

  /**
   * @throws CommandFailure with the code of wrong usage, so that it is no answer about the client
   */
  private static @Nullable String content(@Nullable Path file) throws CommandFailure {
    try {
      return file == null ? null : Files.readString(file).strip();
    } catch (IOException e) {
      throw new CommandFailure(ExitCode.USAGE, "cannot read \"" + file + "\": " + e.getMessage());
    }
  }
}

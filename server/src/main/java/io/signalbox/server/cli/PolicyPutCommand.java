package io.signalbox.server.cli;

import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Node;
import io.signalbox.acl.source.Node.MapNode;
import io.signalbox.acl.source.Node.ScalarNode;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Puts a policy file in force in a running broker. */
@Command
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyPutCommand extends ApiCommand {
  @Parameters(paramLabel = "FILE", description = "A policy, YAML, or JSON if it ends in .json.")
  private Path file;

  @Option(names = "--create", description = "Only if the broker has no policy of this name.")
  private boolean create;

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    PolicyDocument document = PolicyDocument.read(file);
    String text = document.text();
    String type = document.isJson() ? "application/json" : "application/yaml";
    String[] headers = create ? new String[] {"If-None-Match", "*"} : new String[0];
    String path = "/policies/" + ApiConnection.encoded(name(text));
    ApiConnection.Answer policy = connection.send("PUT", path, type, text, headers);
    if (json()) {
      show(policy.json());
    } else {
      out()
          .printf(
              "%s is in force, revision %s%n",
              policy.value("ref").getAsString(), policy.value("revision").getAsString());
    }
  }

  private String name(String text) throws CommandFailure {
    Problems problems = new Problems();
    Node root = Documents.read(file.toString(), text, SourceLimits.DEFAULTS, problems).orElse(null);
    if (root instanceof MapNode map) {
      for (Node.Entry entry : map.entries()) {
        if (entry.key().equals("name") && entry.value() instanceof ScalarNode name) {
          return name.text();
        }
      }
    }
    throw new CommandFailure(
        problems.isEmpty()
            ? file + " has no name: it needs a line such as \"name: pump\""
            : problems.toString().strip());
  }
}

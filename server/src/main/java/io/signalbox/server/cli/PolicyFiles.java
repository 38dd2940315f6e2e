package io.signalbox.server.cli;

import com.google.gson.JsonElement;
import io.signalbox.acl.load.PolicySources;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.tool.ToolJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Where policies come from, and how results are printed, for all commands on policies. */
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before use
final class PolicyFiles {
  /** Instead of a path: the policies that come with the broker. */
  private static final String SHIPPED = "shipped";

  @Option(names = "--json", description = "Print JSON instead of text.")
  private boolean json;

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  /**
   * @param paths as they were given; the word {@code shipped} stands for the broker's own policies
   * @throws CommandFailure naming every problem by file:line:column
   */
  PolicySources read(List<String> paths) throws CommandFailure {
    List<Path> files = new ArrayList<>();
    for (String path : paths) {
      if (!path.equals(SHIPPED)) {
        files.add(Path.of(path));
      }
    }
    Problems problems = new Problems();
    return PolicySources.read(files, paths.contains(SHIPPED), SourceLimits.DEFAULTS, problems)
        .orElseThrow(() -> unusable(problems));
  }

  CommandFailure unusable(Problems problems) {
    if (json) {
      spec.commandLine().getOut().println(ToolJson.ofProblems(problems.list()));
    }
    return new CommandFailure(
        ExitCode.CONFIGURATION,
        problems.list().stream()
            .map(Problem::toString)
            .collect(
                Collectors.joining(
                    System.lineSeparator(),
                    "these policies cannot be used:" + System.lineSeparator(),
                    "")));
  }

  /** Prints a result in the form that was asked for. */
  void print(String text, JsonElement asJson) {
    if (json) {
      spec.commandLine().getOut().println(asJson);
    } else {
      spec.commandLine().getOut().print(text);
      spec.commandLine().getOut().flush();
    }
  }
}

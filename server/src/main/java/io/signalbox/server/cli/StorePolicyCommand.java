package io.signalbox.server.cli;

import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Mends access policies of the API while no broker runs. */
@Command(
    name = "policy",
    description = {
      "List, show, replace or remove the access policies that the API put into a store.",
      "The broker must not run: this is for one that does not start because of such a policy. While"
          + " it runs, \"signalbox policy\" does the same and more. What is changed is a revision"
          + " that has the document of before (\"signalbox policy revision\"). As long as the"
          + " broker does not take that document, no rollback goes back beyond it.",
      "Without NAME: lists them and says what is wrong with each. With NAME alone: prints its"
          + " document.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox store policy --data /var/lib/signalbox",
      "  signalbox store policy pumps --data /var/lib/signalbox >pumps.yaml",
      "  signalbox store policy pumps --replace pumps.yaml --data /var/lib/signalbox",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done; of the list: nothing is wrong with any",
      "1:something is wrong with one of the list, there is none of that name, the new document"
          + " cannot be used either, or the store is in use",
      "2:wrong usage of the command line",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class StorePolicyCommand implements Callable<Integer> {
  private final StoreTools tools;

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "A policy, as \"signalbox policy list\" names it, without \"api:\".")
  private @Nullable String name;

  @ArgGroup private @Nullable Change change;

  @Mixin private DataOption data;

  @Spec private CommandSpec spec;

  /** What is to become of it. */
  private static final class Change {
    @Option(
        names = "--replace",
        paramLabel = "FILE",
        description = "Put this in its place: YAML, or JSON if it ends in .json.")
    private @Nullable Path file;

    @Option(
        names = "--remove",
        description = "Remove it, and its attachments. What it denied is not denied any more.")
    private boolean remove;
  }

  StorePolicyCommand(StoreTools tools) {
    this.tools = tools;
  }

  @Override
  public Integer call() throws CommandFailure {
    StoreTools.Outcome outcome = run();
    spec.commandLine().getOut().println(outcome.text().stripTrailing());
    return outcome.sound() ? ExitCode.DONE : ExitCode.FAILED;
  }

  private StoreTools.Outcome run() throws CommandFailure {
    Path directory = data.directory();
    String policy = name;
    if (policy == null) {
      if (change != null) {
        throw new ParameterException(
            spec.commandLine(), "--replace and --remove need the NAME of a policy");
      }
      return tools.policies(directory);
    }
    if (policy.startsWith("api:")) {
      policy = policy.substring("api:".length());
    }
    if (change == null) {
      return tools.policy(directory, policy);
    }
    if (change.remove) {
      return tools.removePolicy(directory, policy);
    }
    Path file = Objects.requireNonNull(change.file, "given, or --remove is");
    return tools.replacePolicy(directory, policy, PolicyDocument.read(file));
  }
}

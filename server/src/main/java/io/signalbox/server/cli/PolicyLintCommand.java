package io.signalbox.server.cli;

import io.signalbox.acl.load.PolicySources;
import io.signalbox.acl.testing.TestReport;
import io.signalbox.acl.testing.TestRunner;
import io.signalbox.acl.tool.Finding;
import io.signalbox.acl.tool.Linter;
import io.signalbox.acl.tool.ToolJson;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Finds what is valid and yet probably not meant. */
@Command(
    name = "lint",
    description = {
      "Find what is valid and yet probably not meant: allows of everything, statements that"
          + " another one makes useless, denies that match nothing, variables that nobody binds,"
          + " policies that bind nobody, statements that no test hits, and more.",
      "Tests beside the policies are run to know which statements they hit; if there are none,"
          + " that rule is left out.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox policy lint",
      "  signalbox policy lint policies --ignore untested",
      "  signalbox policy lint policies --json",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing found",
      "1:something found",
      "2:wrong usage of the command line",
      "78:the policies cannot be used; each problem is on standard error",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyLintCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "PATH",
      arity = "0..*",
      defaultValue = ".",
      description = "Folders and files, or the word shipped (default: the working directory).")
  private List<String> paths;

  @Option(
      names = "--ignore",
      paramLabel = "RULE",
      split = ",",
      description = "Rules to leave out, by the names in brackets.")
  private List<String> ignored = List.of();

  @Mixin private PolicyFiles files;

  @Override
  public Integer call() throws CommandFailure {
    PolicySources sources = files.read(paths);
    Optional<TestReport> tests =
        sources.tests().isEmpty()
            ? Optional.empty()
            : Optional.of(TestRunner.run(sources.bundle(), sources.tests()));
    List<Finding> findings =
        Linter.lint(sources.bundle(), tests).stream()
            .filter(finding -> !ignored.contains(finding.rule()))
            .toList();
    files.print(Linter.text(findings), ToolJson.ofFindings(findings));
    return findings.isEmpty() ? ExitCode.DONE : ExitCode.FAILED;
  }
}

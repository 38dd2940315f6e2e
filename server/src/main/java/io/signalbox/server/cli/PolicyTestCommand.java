package io.signalbox.server.cli;

import io.signalbox.acl.load.PolicySources;
import io.signalbox.acl.testing.TestReport;
import io.signalbox.acl.testing.TestRunner;
import io.signalbox.acl.tool.ToolJson;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Runs the tests beside policies. */
@Command(
    name = "test",
    description = {
      "Run the tests beside policies (*.test.yaml): cases by asking the broker's own engine,"
          + " invariants by proof over all clients.",
      "The broker runs them too, at its start and before each reload.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox policy test",
      "  signalbox policy test /etc/signalbox/policies",
      "  signalbox policy test pump.policy.yaml pump.test.yaml",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every test passed",
      "1:some test failed, or there is none",
      "2:wrong usage of the command line",
      "78:the policies or tests cannot be used; each problem is on standard error",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyTestCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "PATH",
      arity = "0..*",
      defaultValue = ".",
      description = "Folders and files (default: the working directory).")
  private List<String> paths;

  @Mixin private PolicyFiles files;

  @Override
  public Integer call() throws CommandFailure {
    PolicySources sources = files.read(paths);
    TestReport report = TestRunner.run(sources.bundle(), sources.tests());
    files.print(report.text(), ToolJson.of(report));
    if (report.results().isEmpty()) {
      throw new CommandFailure("there is no test; put one into NAME.test.yaml beside the policies");
    }
    return report.passed() ? ExitCode.DONE : ExitCode.FAILED;
  }
}

package io.signalbox.server.cli;

import io.signalbox.acl.proof.PolicyDiff;
import io.signalbox.acl.tool.ToolJson;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Says who gains and who loses what. */
@Command(
    name = "diff",
    description = {
      "Say who gains and who loses what between two sets of policies: not which lines differ, but"
          + " which decisions do, with an example client for each.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox policy diff /etc/signalbox/policies policies",
      "  signalbox policy diff shipped policies --json",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:no client gains or loses anything",
      "1:some client does",
      "2:wrong usage of the command line",
      "78:the policies cannot be used; each problem is on standard error",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyDiffCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "OLD", description = "Folder or file, or the word shipped.")
  private String before;

  @Parameters(index = "1", paramLabel = "NEW", description = "Folder or file, or the word shipped.")
  private String after;

  @Mixin private PolicyFiles files;

  @Override
  public Integer call() throws CommandFailure {
    PolicyDiff diff =
        PolicyDiff.between(
            files.read(List.of(before)).bundle(), files.read(List.of(after)).bundle());
    files.print(diff.text(), ToolJson.of(diff));
    return diff.isEmpty() ? ExitCode.DONE : ExitCode.FAILED;
  }
}

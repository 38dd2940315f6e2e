package io.signalbox.server.cli;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.load.PolicySources;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.proof.WhoCan;
import io.signalbox.acl.tool.ToolJson;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Says who can reach a topic, of all clients there could be. */
@Command(
    name = "who-can",
    description =
        "Say which clients, of all there could be, can publish to a topic or subscribe to a"
            + " filter: by which statements, with which values of variables, less which denies.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox policy who-can publish devices/p7/cmd/reboot --policies shipped",
      "  signalbox policy who-can subscribe 'pump/#' --policies policies --json",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done, also when nobody can",
      "2:wrong usage of the command line",
      "78:the policies cannot be used; each problem is on standard error",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyWhoCanCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "ACTION", description = "publish or subscribe.")
  private Action action;

  @Parameters(index = "1", paramLabel = "TOPIC", description = "Topic Name or Topic Filter.")
  private String topic;

  @Mixin private PolicyPaths policies;
  @Mixin private PolicyFiles files;

  @Override
  public Integer call() throws CommandFailure {
    if (action != Action.PUBLISH && action != Action.SUBSCRIBE) {
      throw new CommandFailure(ExitCode.USAGE, "who can publish or subscribe, nothing else");
    }
    String fault = action == Action.PUBLISH ? Filter.topicFault(topic) : Filter.fault(topic);
    if (!fault.isEmpty()) {
      throw new CommandFailure(ExitCode.USAGE, "\"" + topic + "\": " + fault);
    }
    PolicySources sources = files.read(policies.paths());
    WhoCan who = WhoCan.of(sources.bundle(), action, Filter.of(topic));
    files.print(who.text(), ToolJson.of(who));
    return ExitCode.DONE;
  }
}

package io.signalbox.server.cli;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.filter.SharedFilter;
import io.signalbox.acl.load.PolicySources;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.tool.AccessRequest;
import io.signalbox.acl.tool.Explanation;
import io.signalbox.acl.tool.ToolJson;
import io.signalbox.pki.PkiException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows why a decision is as it is. */
@Command(
    name = "explain",
    description =
        "Say whether a client may do something, and of every policy and statement why it matters"
            + " or does not.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox policy explain publish devices/p7/data --as \"{ device: { id: p7 } }\""
          + " --policies shipped",
      "  signalbox policy explain subscribe 'pump/+/cmd' --cert p7.crt --ca factory-ca --policies"
          + " policies",
      "  signalbox policy explain connect my-client --token-file me.jwt --issuer acme-login",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:allowed",
      "1:denied",
      "2:wrong usage of the command line, or a client that cannot be read",
      "78:the policies cannot be used; each problem is on standard error",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyExplainCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "ACTION",
      description = "connect, publish, subscribe or receive.")
  private Action action;

  @Parameters(
      index = "1",
      paramLabel = "REQUEST",
      description = "Client Identifier, Topic Name, or Topic Filter, $share/GROUP/ and all.")
  private String request;

  @Option(names = "--qos", paramLabel = "0..2", defaultValue = "0", description = "QoS asked for.")
  private int qos;

  @Option(names = "--retain", description = "A retained publish.")
  private boolean retain;

  @Option(
      names = "--payload-bytes",
      paramLabel = "N",
      defaultValue = "0",
      description = "Size of the payload.")
  private int payloadBytes;

  @Mixin private PolicyClientOptions client;
  @Mixin private PolicyPaths policies;
  @Mixin private PolicyFiles files;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    PolicySources sources = files.read(policies.paths());
    Explanation explanation =
        Explanation.of(sources.bundle(), client.read(sources), accessRequest());
    files.print(explanation.text(), ToolJson.of(explanation));
    return explanation.decision().allowed() ? ExitCode.DONE : ExitCode.FAILED;
  }

  private AccessRequest accessRequest() throws CommandFailure {
    if (qos < 0 || qos > 2) {
      throw new CommandFailure(ExitCode.USAGE, "--qos: " + qos + " is not 0, 1 or 2");
    }
    if (action == Action.SUBSCRIBE && SharedFilter.isShared(request)) {
      try {
        SharedFilter shared = SharedFilter.of(request);
        return new AccessRequest(
            action, shared.filter(), qos, retain, payloadBytes, shared.shareName());
      } catch (IllegalArgumentException e) {
        throw new CommandFailure(ExitCode.USAGE, "\"" + request + "\": " + e.getMessage());
      }
    }
    String fault =
        switch (action) {
          case CONNECT -> "";
          case SUBSCRIBE -> Filter.fault(request);
          case PUBLISH, RECEIVE -> Filter.topicFault(request);
        };
    if (!fault.isEmpty()) {
      throw new CommandFailure(ExitCode.USAGE, "\"" + request + "\": " + fault);
    }
    return new AccessRequest(action, request, qos, retain, payloadBytes, null);
  }
}

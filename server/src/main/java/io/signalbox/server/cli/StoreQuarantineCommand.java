package io.signalbox.server.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Puts a store aside. */
@Command(
    name = "quarantine",
    description = {
      "Put the store of a data directory aside, so that the broker starts with an empty one.",
      "The broker must not run. Nothing is deleted: the file becomes store/damaged-TIME.mdb.",
      StoreQuarantineCommand.GONE,
      StoreQuarantineCommand.GOOD_AGAIN,
      "A backup, or \"signalbox store repair\", loses less.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox store quarantine --data /var/lib/signalbox",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:there is none, or it is in use",
      "2:wrong usage of the command line",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class StoreQuarantineCommand implements Callable<Integer> {
  static final String GONE =
      "With it go sessions, queues and retained messages, and the whole registry: revocations,"
          + " devices, groups, users, policies of the API, issuing and trusted authorities, token"
          + " issuers, claim tokens.";

  static final String GOOD_AGAIN =
      "What was revoked or disabled is good again: any certificate of the development authority, or"
          + " of one in tls.trusted-cas, lets its device in. Before listeners can be reached, set"
          + " \"registry.required: certificate\"; or replace the development authority: move the"
          + " folder \"pki\" of the data directory away, and the next start makes another.";

  private final StoreTools tools;

  @Mixin private DataOption data;

  @Spec private CommandSpec spec;

  StoreQuarantineCommand(StoreTools tools) {
    this.tools = tools;
  }

  @Override
  public Integer call() throws CommandFailure {
    StoreTools.Outcome outcome = tools.quarantine(data.directory());
    PrintWriter out = spec.commandLine().getOut();
    out.println(outcome.text());
    if (outcome.sound()) {
      out.println(GONE);
      out.println(GOOD_AGAIN);
    }
    return outcome.sound() ? ExitCode.DONE : ExitCode.FAILED;
  }
}

package io.signalbox.server.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Groups the commands about access policies. */
@Command(
    name = "policy",
    description = {
      "Work on access policies: the engine of the broker on files, without a broker; and list,"
          + " show, put, rm, attach, detach, attachments, authorize, revisions, revision and"
          + " rollback on a running one.",
      "Exit codes are made for CI: 0 all is well, 1 findings, 78 policies that cannot be used.",
    },
    synopsisSubcommandLabel = "COMMAND")
final class PolicyCommand {
  static CommandLine commandLine() {
    CommandLine policy =
        new CommandLine(new PolicyCommand())
            .addSubcommand(new PolicyLintCommand())
            .addSubcommand(new PolicyTestCommand())
            .addSubcommand(new PolicyExplainCommand())
            .addSubcommand(new PolicyWhoCanCommand())
            .addSubcommand(new PolicyWhatCanCommand())
            .addSubcommand(new PolicyDiffCommand())
            .addSubcommand(new PolicyFmtCommand())
            .addSubcommand(new PolicyImportMosquittoCommand())
            .addSubcommand(new PolicySchemaCommand());
    ApiCommands.addPolicies(policy);
    return policy;
  }
}

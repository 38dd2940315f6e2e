package io.signalbox.server.cli;

import picocli.CommandLine.Command;

/** Groups the commands about the users file. */
@Command(
    name = "users-file",
    description = {
      "Users who log in by name and password, in a file that auth.users-file names.",
      "The file holds verifiers of SCRAM-SHA-256, never passwords. A running broker takes a changed"
          + " file over within seconds.",
    },
    synopsisSubcommandLabel = "COMMAND")
final class UserCommand {}

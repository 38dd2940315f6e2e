package io.signalbox.server.cli;

import picocli.CommandLine.Command;

/** Groups the commands about tokens. */
@Command(
    name = "token",
    description = "Tokens signed with the key in the data directory.",
    synopsisSubcommandLabel = "COMMAND")
final class TokenCommand {}

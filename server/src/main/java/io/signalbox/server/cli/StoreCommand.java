package io.signalbox.server.cli;

import picocli.CommandLine.Command;

/** Groups the commands that look after the data file. */
@Command(
    name = "store",
    description = "Check, repair, mend or put aside the store of a data directory.",
    synopsisSubcommandLabel = "COMMAND")
final class StoreCommand {}

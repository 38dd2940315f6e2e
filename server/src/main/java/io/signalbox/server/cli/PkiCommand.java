package io.signalbox.server.cli;

import picocli.CommandLine.Command;

/** Groups the commands about certificates. */
@Command(
    name = "pki",
    description = "Certificates of the development PKI in the data directory.",
    synopsisSubcommandLabel = "COMMAND")
final class PkiCommand {}

package io.signalbox.server.cli;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.PkiException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The option that says where a broker's data directory is. */
final class DataOption {
  static final String RENEWAL =
      "The certificate ends after two years, and the broker refuses it from then on. Before, the"
          + " device renews it by itself by EST, or you issue another one into another folder"
          + " (--out); docs/identity.md says how, and how to withdraw one.";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "data",
      description = "Data directory of the broker (default: ${DEFAULT-VALUE}).")
  private Path directory = Path.of("data");

  Path directory() {
    return directory;
  }

  /**
   * Refuses a directory that is not there: a key made in the wrong folder is one that no broker
   * accepts.
   */
  void requireThere() throws CommandFailure {
    if (!Files.isDirectory(directory)) {
      throw new CommandFailure(
          "there is no data directory \""
              + directory.toAbsolutePath()
              + "\"; name the broker's with --data");
    }
  }

  /** The development PKI, made if there is none; whoever meant another one is warned. */
  DevelopmentPki openPki(CommandSpec command, SecureRandom random) throws PkiException {
    boolean isThere = DevelopmentPki.exists(pki());
    DevelopmentPki opened = DevelopmentPki.openOrCreate(pki(), Clock.systemUTC(), random);
    if (!isThere) {
      warnOfNew(command, "development authority", pki());
    }
    return opened;
  }

  /** Warns that there is something new which only a broker of this directory knows. */
  void warnOfNew(CommandSpec command, String what, Path where) {
    command
        .commandLine()
        .getErr()
        .println(
            "warning: made a new "
                + what
                + ", \""
                + where.toAbsolutePath()
                + "\", which only a broker on this data directory accepts; if yours has another,"
                + " name that with --data");
  }

  /** Tells until when a certificate is good. */
  static void printEnd(CommandSpec command, X509Certificate issued) {
    command.commandLine().getOut().println("valid until " + issued.getNotAfter().toInstant());
  }

  /** Warns who issues from the development PKI while the broker does not accept that. */
  void warnIfOutOfUse(CommandSpec command) throws PkiException {
    DevelopmentPki.outOfUse(pki())
        .ifPresent(why -> command.commandLine().getErr().println("warning: " + why));
  }

  /** Where the development PKI of this data directory is. */
  Path pki() {
    return directory.resolve("pki");
  }
}

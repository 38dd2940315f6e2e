package io.signalbox.server.cli;

import io.signalbox.pki.DeviceFiles;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.PkiException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a key and a signing request, so that the key never leaves the device. */
@Command(
    name = "csr",
    description = {
      "Make a key and a certificate signing request for a device; the key stays where it is made.",
      "Writes ID.key (private key, mode 0600) and ID.csr. Needs no data directory: run it on the"
          + " device, then \"pki sign-csr\" where the broker is.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox pki csr pump7 --out /etc/pump",
      "  signalbox pki sign-csr /etc/pump/pump7.csr"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class CsrCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID", description = "Device id, the common name of the request.")
  private String id;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = ".",
      description = "Folder for the files (default: the working directory).")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws PkiException {
    DeviceFiles files = DeviceFiles.in(out, id);
    files.writeNewRequest(id, KeyAlgorithm.EC_P256, new SecureRandom());
    spec.commandLine().getOut().println("wrote " + files.request() + ", " + files.key());
    return ExitCode.DONE;
  }
}

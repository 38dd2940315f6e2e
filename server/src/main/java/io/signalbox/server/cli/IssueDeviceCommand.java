package io.signalbox.server.cli;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.DeviceFiles;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.TlsIdentity;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a key and a certificate for a device. */
@Command(
    name = "issue-device",
    description = {
      "Make a key and a certificate for a device.",
      "Writes ID.crt (certificate chain), ID.key (private key, mode 0600) and ca.crt (what the"
          + " device trusts). An existing key is never overwritten.",
      DataOption.RENEWAL,
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox pki issue-device pump7",
      "  signalbox pki issue-device pump7 --out /etc/pump"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class IssueDeviceCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "ID",
      description =
          "Device id, the common name of its certificate: 1 to 64 letters, digits, dots, hyphens,"
              + " underscores.")
  private String id;

  @Mixin private DataOption data;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = ".",
      description = "Folder for the files (default: the working directory).")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws PkiException {
    SecureRandom random = new SecureRandom();
    DeviceFiles files = DeviceFiles.in(out, id);
    DevelopmentPki pki = data.openPki(spec, random);
    TlsIdentity issued = pki.issueDevice(id);
    files.write(issued, pki.root());
    data.warnIfOutOfUse(spec);
    spec.commandLine()
        .getOut()
        .println("wrote " + files.certificate() + ", " + files.key() + ", " + files.trusted());
    DataOption.printEnd(spec, issued.certificate());
    return ExitCode.DONE;
  }
}

package io.signalbox.server.cli;

import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.DeviceFiles;
import io.signalbox.pki.PkiException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Signs a device's request. */
@Command(
    name = "sign-csr",
    description = {
      "Sign the certificate signing request of a device; its id is the common name of the request.",
      "Writes ID.crt (certificate chain) and ca.crt (what the device trusts). An existing"
          + " certificate is never overwritten.",
      DataOption.RENEWAL,
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox pki sign-csr pump7.csr",
      "  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout pump8.key"
          + " -subj /CN=pump8 -out pump8.csr",
      "  signalbox pki sign-csr pump8.csr --out /etc/pump",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class SignCsrCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "PKCS#10 request, PEM.")
  private Path request;

  @Mixin private DataOption data;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder for the files (default: the folder of the request).")
  private @Nullable Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws PkiException, CommandFailure {
    CertificateSigningRequest csr = CertificateSigningRequest.read(request);
    Path folder = out != null ? out : request.toAbsolutePath().resolveSibling("");
    DeviceFiles files = DeviceFiles.in(folder, csr.names().commonName());
    data.requireThere();
    DevelopmentPki pki = data.openPki(spec, new SecureRandom());
    List<X509Certificate> chain = pki.signDeviceCsr(csr);
    files.writeCertificate(chain, pki.root());
    data.warnIfOutOfUse(spec);
    spec.commandLine().getOut().println("wrote " + files.certificate() + ", " + files.trusted());
    DataOption.printEnd(spec, chain.getFirst());
    return ExitCode.DONE;
  }
}

package io.signalbox.server.cli;

import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.TlsContexts;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which broker's admin API a command talks to, as whom, and how it shows the answer. */
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class ApiOptions {
  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "https://localhost:8443",
      description = "The broker's HTTPS address (default: ${DEFAULT-VALUE}).")
  private URI server = URI.create("https://localhost:8443");

  @Option(
      names = "--credential",
      paramLabel = "FILE",
      description =
          "A file with a token: the first administrator's, or a JWT (default: admin.token in the"
              + " data directory).")
  private @Nullable Path credential;

  @Option(
      names = "--cafile",
      paramLabel = "FILE",
      description =
          "Certificates of the authority that the broker's own is checked with, as PEM (default:"
              + " pki/ca.crt in the data directory, and what Java trusts).")
  private @Nullable Path trusted;

  @Option(names = "--json", description = "Print what the API answers, for programs.")
  private boolean json;

  @Mixin private DataOption data;

  boolean json() {
    return json;
  }

  ApiConnection connect() throws CommandFailure {
    Path token = credential == null ? data.directory().resolve("admin.token") : credential;
    return ApiConnection.open(server, token, trustedCertificates());
  }

  /** Whose certificate the broker has is for its configuration to say, which nobody knows here. */
  private List<X509Certificate> trustedCertificates() throws CommandFailure {
    try {
      if (trusted != null) {
        return Pem.readCertificates(trusted);
      }
      List<X509Certificate> all = new ArrayList<>(TlsContexts.trustedByJava());
      Path development = data.pki().resolve("ca.crt");
      if (Files.exists(development)) {
        all.addAll(Pem.readCertificates(development));
      }
      return all;
    } catch (PkiException e) {
      int code = trusted == null ? ExitCode.UNREACHABLE : ExitCode.USAGE;
      throw new CommandFailure(code, String.valueOf(e.getMessage()));
    }
  }
}

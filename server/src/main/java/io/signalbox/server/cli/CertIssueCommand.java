package io.signalbox.server.cli;

import com.google.gson.JsonObject;
import io.signalbox.pki.AtomicFile;
import io.signalbox.pki.PkiException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Issues a device's certificate from its signing request, or registers one made elsewhere. */
@Command
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class CertIssueCommand extends ApiCommand {
  @Parameters(paramLabel = "DEVICE", description = "The device's id; it is registered already.")
  private String device;

  @Option(
      names = "--csr",
      paramLabel = "FILE",
      description = "The signing request, as PEM; its common name is the device's id.")
  private @Nullable Path csr;

  @Option(
      names = "--certificate",
      paramLabel = "FILE",
      description = "Instead of --csr: a certificate made elsewhere, to be registered.")
  private @Nullable Path certificate;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "main",
      description = "Under which the device has it (default: ${DEFAULT-VALUE}).")
  private String name;

  @Option(
      names = "--ca",
      paramLabel = "NAME",
      description = "Issuing authority (default: the broker's registry.default-ca).")
  private @Nullable String ca;

  @Option(
      names = "--hours",
      paramLabel = "N",
      description = "How long it is valid (default: the broker decides).")
  private @Nullable Integer hours;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where its chain is written (default: it is printed).")
  private @Nullable Path to;

  @Override
  void run(ApiConnection connection) throws CommandFailure {
    if ((csr == null) == (certificate == null)) {
      throw new CommandFailure(ExitCode.USAGE, "give exactly one of --csr and --certificate");
    }
    var request = new JsonObject();
    String field = csr == null ? "certificatePem" : "csrPem";
    request.add(field, ApiPutCommand.value(field, "@" + (csr == null ? certificate : csr)));
    if (ca != null) {
      request.addProperty("ca", ca);
    }
    if (hours != null) {
      request.addProperty("validityHours", hours);
    }
    ApiConnection.Answer answer =
        connection.send(
            "PUT",
            "/devices/"
                + ApiConnection.encoded(device)
                + "/certificates/"
                + ApiConnection.encoded(name),
            request);
    if (to == null) {
      show(answer.json());
      return;
    }
    try {
      AtomicFile.writePublic(to, answer.value("chainPem").getAsString());
      out().println(json() ? answer.json().toString() : "wrote " + to);
    } catch (PkiException e) {
      throw new CommandFailure(e.getMessage(), e);
    }
  }
}

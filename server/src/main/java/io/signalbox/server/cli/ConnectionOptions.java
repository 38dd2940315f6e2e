package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.ClientIdentity;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.TlsContexts;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.server.bench.client.Endpoint;
import io.signalbox.server.bench.client.TlsSettings;
import io.signalbox.server.packet.ProtocolVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Which broker a client command talks to, how, and as whom. */
final class ConnectionOptions {
  /** Longer than any token that a CONNECT could carry. */
  private static final long SECRET_BYTES_MAX = 65_535;

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "mqtts://localhost:8883",
      converter = EndpointConverter.class,
      description =
          "The broker: mqtts://, mqtt://, wss:// or ws://, host, port, and for WebSocket a path"
              + " (default: ${DEFAULT-VALUE}).")
  private Endpoint endpoint = Endpoint.parse("mqtts://localhost:8883");

  @Option(
      names = "--cafile",
      paramLabel = "FILE",
      description =
          "Certificates of the authorities whose brokers are trusted, as PEM (default: those that"
              + " Java trusts).")
  private @Nullable Path trusted;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "This client's certificate, as PEM; with --key.")
  private @Nullable Path certificate;

  @Option(names = "--key", paramLabel = "FILE", description = "Its private key, as PEM.")
  private @Nullable Path key;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description =
          "A token as the password. Others on this machine can see it while the command runs:"
              + " prefer --token-file.")
  private @Nullable String token;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "A file that holds the token, or a password.")
  private @Nullable Path tokenFile;

  @Option(
      names = "--user",
      paramLabel = "NAME",
      description =
          "The user name (default: none, but \"token\" with a token in MQTT 3.1.1, which allows no"
              + " password without one).")
  private @Nullable String userName;

  @Option(
      names = {"-i", "--id"},
      paramLabel = "ID",
      description =
          "The client id (default: the common name of --cert; otherwise the broker assigns one)."
              + " Whoever has it already is disconnected.")
  private @Nullable String clientId;

  @Option(
      names = "--mqtt",
      paramLabel = "VERSION",
      defaultValue = "5",
      converter = VersionConverter.class,
      description = "5 or 3.1.1 (default: ${DEFAULT-VALUE}).")
  private ProtocolVersion version = ProtocolVersion.V5;

  @Option(
      names = "--keep-alive",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "Longest silence before the connection is checked, 0..65535, 0 for never (default:"
              + " ${DEFAULT-VALUE}).")
  private int keepAliveSeconds = 60;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  Endpoint endpoint() {
    return endpoint;
  }

  ProtocolVersion version() {
    return version;
  }

  int keepAliveSeconds() {
    if (keepAliveSeconds < 0 || keepAliveSeconds > 65_535) {
      throw usage("--keep-alive: " + keepAliveSeconds + " is outside 0..65535");
    }
    return keepAliveSeconds;
  }

  /** Wrong usage of the command that these options belong to. */
  ParameterException usage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }

  /** Empty when the broker shall assign one. */
  String clientId() throws PkiException {
    checkTlsOptions();
    if (clientId != null) {
      return clientId;
    }
    return certificate == null
        ? ""
        : ClientIdentity.of(Pem.readCertificates(certificate).getFirst()).commonName();
  }

  @Nullable String userName() {
    if (userName == null && version == ProtocolVersion.V3_1_1 && hasSecret()) {
      return "token"; // [MQTT-3.1.2-22] of version 3.1.1
    }
    return userName;
  }

  private boolean hasSecret() {
    return token != null || tokenFile != null;
  }

  /** The token, or null. */
  byte @Nullable [] password() throws CommandFailure {
    if (token != null && tokenFile != null) {
      throw usage("--token and --token-file: give one of them");
    }
    if (tokenFile == null) {
      return token == null ? null : token.getBytes(UTF_8);
    }
    try {
      if (Files.size(tokenFile) > SECRET_BYTES_MAX) {
        throw new CommandFailure(
            ExitCode.UNREACHABLE,
            "\"" + tokenFile + "\" is larger than " + SECRET_BYTES_MAX + " bytes; is it a token?");
      }
      return Files.readString(tokenFile).strip().getBytes(UTF_8);
    } catch (NoSuchFileException e) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          "cannot read the token from \"" + tokenFile + "\": it does not exist; check the path",
          e);
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          "cannot read the token from \"" + tokenFile + "\": " + e.getMessage(),
          e);
    }
  }

  private void checkTlsOptions() {
    if ((certificate == null) != (key == null)) {
      throw usage("--cert and --key belong together");
    }
    if (!endpoint.transport().isTls() && (certificate != null || trusted != null)) {
      throw usage("--cafile, --cert and --key are for mqtts:// and wss://, not for " + endpoint);
    }
  }

  /** Null when the URL speaks no TLS. */
  @Nullable TlsSettings tls() throws PkiException {
    checkTlsOptions();
    if (!endpoint.transport().isTls()) {
      return null;
    }
    Optional<TlsIdentity> identity =
        certificate == null || key == null
            ? Optional.empty()
            : Optional.of(TlsIdentity.read(certificate, key, new SecureRandom()));
    return new TlsSettings(
        List.of(TlsContexts.client(trustedCertificates(), identity)), true, TlsSettings.PROTOCOLS);
  }

  /** The authorities of {@code --cafile}, or those of the JDK. */
  List<X509Certificate> trustedCertificates() throws PkiException {
    return trusted != null ? Pem.readCertificates(trusted) : TlsContexts.trustedByJava();
  }

  private static final class EndpointConverter implements ITypeConverter<Endpoint> {
    @Override
    public Endpoint convert(String url) {
      try {
        return Endpoint.parse(url);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  private static final class VersionConverter implements ITypeConverter<ProtocolVersion> {
    @Override
    public ProtocolVersion convert(String text) {
      return switch (text) {
        case "5", "5.0" -> ProtocolVersion.V5;
        case "3.1.1", "4" -> ProtocolVersion.V3_1_1;
        default -> throw new TypeConversionException("\"" + text + "\" must be 5 or 3.1.1");
      };
    }
  }
}

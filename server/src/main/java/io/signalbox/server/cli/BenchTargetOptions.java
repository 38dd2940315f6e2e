package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.pki.TlsContexts;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.pki.openssl.OpenSslProvider;
import io.signalbox.server.bench.Target;
import io.signalbox.server.bench.client.TlsSettings;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What all measurements have in common: the broker, the clients, the form of the report. */
final class BenchTargetOptions {
  private static final Logger LOG = System.getLogger(BenchTargetOptions.class.getName());

  @Mixin
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private ConnectionOptions connection;

  @Option(
      names = "--certs",
      paramLabel = "DIR",
      description =
          "Client certificates NAME.crt with NAME.key, taken in turns, instead of --cert and"
              + " --key.")
  private @Nullable Path certificates;

  @Option(
      names = "--resume",
      description = "Clients go on with TLS sessions of earlier ones (default: full handshakes).")
  private boolean resumes;

  @Option(
      names = "--tls-version",
      paramLabel = "VERSION",
      description = "1.3 or 1.2 (default: 1.3, or 1.2 with a broker that has nothing newer).")
  private @Nullable String tlsVersion;

  @Option(
      names = "--topic-prefix",
      paramLabel = "TOPIC",
      defaultValue = "bench",
      description = "All topics are below it (default: ${DEFAULT-VALUE}).")
  private String topicPrefix = "bench";

  @Option(
      names = "--connecting",
      paramLabel = "N",
      defaultValue = "64",
      description = "Connections in progress at once (default: ${DEFAULT-VALUE}).")
  private int connectingMax = 64;

  @Option(
      names = "--source-addresses",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Loopback addresses to come from, for more than 28,000 connections (default:"
              + " ${DEFAULT-VALUE}).")
  private int sourceAddresses = 1;

  @Option(
      names = "--pid",
      paramLabel = "PID",
      split = ",",
      description =
          "The broker's processes on this machine: their processor time and memory are reported"
              + " (Linux).")
  private List<Long> pids = List.of();

  @Option(
      names = "--stall",
      paramLabel = "TIME",
      defaultValue = "5s",
      converter = BenchTimeConverter.class,
      description = "Give up waiting when nothing moves for so long (default: ${DEFAULT-VALUE}).")
  private Duration stall = Duration.ofSeconds(5);

  @Option(
      names = "--limit",
      paramLabel = "TIME",
      defaultValue = "10m",
      converter = BenchTimeConverter.class,
      description =
          "Longest measurement, beside the time that --warm-up, --duration, --hold and a number"
              + " with --rate take; what is missing then counts as lost (default:"
              + " ${DEFAULT-VALUE}).")
  private Duration limit = Duration.ofMinutes(10);

  @Option(names = "--json", description = "One JSON object on one line.")
  private boolean json;

  boolean isJson() {
    return json;
  }

  ConnectionOptions connection() {
    return connection;
  }

  /**
   * @param stopped see {@link Target#stopped}
   */
  Target target(BooleanSupplier stopped) throws CommandFailure, PkiException {
    String prefix = connection.clientId();
    try {
      return new Target(
          connection.endpoint(),
          tls(),
          connection.version(),
          connection.keepAliveSeconds(),
          prefix.isEmpty() ? "bench" : prefix,
          connection.userName(),
          connection.password(),
          topicPrefix,
          connectingMax,
          sourceAddresses,
          pids,
          stall,
          limit,
          stopped);
    } catch (IllegalArgumentException e) {
      throw connection.usage(String.valueOf(e.getMessage()));
    }
  }

  private @Nullable TlsSettings tls() throws CommandFailure, PkiException {
    List<String> protocols = tlsProtocols();
    TlsSettings one = connection.tls();
    if (one == null) {
      if (certificates != null) {
        throw connection.usage(
            "--certs is for mqtts:// and wss://, not for " + connection.endpoint());
      }
      if (resumes) {
        throw connection.usage(
            "--resume is for mqtts:// and wss://, not for " + connection.endpoint());
      }
      if (tlsVersion != null) {
        throw connection.usage(
            "--tls-version is for mqtts:// and wss://, not for " + connection.endpoint());
      }
      return null;
    }
    List<SSLContext> contexts = certificates == null ? one.contexts() : contexts(certificates);
    takeNativeCurves();
    return new TlsSettings(contexts, resumes, protocols);
  }

  private List<String> tlsProtocols() throws CommandFailure {
    if (tlsVersion == null) {
      return TlsSettings.PROTOCOLS;
    }
    String protocol = "TLSv" + tlsVersion;
    if (!TlsSettings.PROTOCOLS.contains(protocol)) {
      throw connection.usage("--tls-version is 1.3 or 1.2, not \"" + tlsVersion + "\"");
    }
    return List.of(protocol);
  }

  /** With the JDK's curves the generator would be slower than the broker. */
  private static void takeNativeCurves() {
    try {
      OpenSslProvider.load().install();
    } catch (OpenSslProvider.UnavailableException e) {
      LOG.log(Level.DEBUG, "elliptic curves are the JDK''s: {0}", e.getMessage());
    }
  }

  private List<SSLContext> contexts(Path folder) throws CommandFailure, PkiException {
    List<X509Certificate> trusted = connection.trustedCertificates();
    List<SSLContext> contexts = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        Path key =
            file.resolveSibling(file.getFileName().toString().replaceFirst("\\.crt$", ".key"));
        if (file.toString().endsWith(".crt") && Files.exists(key)) {
          TlsIdentity identity = TlsIdentity.read(file, key, new SecureRandom());
          contexts.add(TlsContexts.client(trusted, Optional.of(identity)));
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw new CommandFailure("--certs: \"" + folder + "\" is no folder; check the path", e);
    } catch (IOException e) {
      throw new CommandFailure("cannot read the folder \"" + folder + "\": " + e.getMessage(), e);
    }
    if (contexts.isEmpty()) {
      throw new CommandFailure(
          "\"" + folder + "\" holds no NAME.crt with NAME.key; make some with pki issue-device");
    }
    return contexts;
  }
}

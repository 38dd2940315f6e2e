package io.signalbox.server;

import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.ClientTrust;
import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.HostNames;
import io.signalbox.pki.InMemoryKeyManager;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.TlsContexts;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.pki.TrustedCa;
import io.signalbox.pki.Verification;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.principal.LogText;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The broker's own certificate and the authorities whose clients it takes: from the files that the
 * configuration names, else from the development PKI in the data directory.
 */
final class TlsSetup {
  /** Under this name policies know the authority of the development PKI. */
  static final String DEVELOPMENT_CA = "dev-ca";

  private static final Logger LOG = System.getLogger(TlsSetup.class.getName());

  private final TlsConfig config;
  private final @Nullable DevelopmentPki development;
  private final SecureRandom random;
  private final CertificateVerifier verifier;
  private final InMemoryKeyManager keys;
  private @Nullable FileTime seen;

  private TlsSetup(
      TlsConfig config,
      @Nullable DevelopmentPki development,
      CertificateVerifier verifier,
      SecureRandom random)
      throws PkiException {
    this.config = config;
    this.development = development;
    this.random = random;
    this.verifier = verifier;
    this.seen = changed();
    this.keys = new InMemoryKeyManager(List.of(load()));
  }

  /** Makes the development PKI if it is to be used and is not there. */
  static TlsSetup load(BrokerConfig config, SecureRandom random) throws PkiException {
    TlsConfig tls = config.tls();
    DevelopmentPki development =
        tls.certificateFile() == null
            ? DevelopmentPki.openOrCreate(
                pkiFolder(config.dataDirectory()), Clock.systemUTC(), random)
            : null;
    List<TrustedCa> trusted = trustedCas(tls);
    if (development != null) {
      trusted.add(development.trustedCa(DEVELOPMENT_CA));
    }
    return new TlsSetup(tls, development, new CertificateVerifier(trusted), random);
  }

  /** Reads every file that the configuration names and makes nothing. */
  static void check(TlsConfig tls, SecureRandom random) throws PkiException {
    trustedCas(tls);
    if (tls.certificateFile() != null) {
      TlsIdentity.read(tls.certificateFile(), Objects.requireNonNull(tls.privateKeyFile()), random);
    }
  }

  static Path pkiFolder(Path dataDirectory) {
    return dataDirectory.resolve("pki");
  }

  private static List<TrustedCa> trustedCas(TlsConfig tls) throws PkiException {
    List<TrustedCa> trusted = new ArrayList<>();
    for (TlsConfig.TrustedCa ca : tls.trustedCas()) {
      trusted.add(new TrustedCa(ca.name(), Pem.readCertificates(ca.file()), RevocationCheck.NONE));
    }
    return trusted;
  }

  private TlsIdentity load() throws PkiException {
    if (development != null) {
      return development.server(HostNames.ofThisMachine());
    }
    return TlsIdentity.read(
        Objects.requireNonNull(config.certificateFile()),
        Objects.requireNonNull(config.privateKeyFile()),
        random);
  }

  CertificateVerifier verifier() {
    return verifier;
  }

  SSLContext context() {
    return TlsContexts.server(
        keys, new ClientTrust(() -> verifier, Clock.systemUTC(), TlsSetup::refused));
  }

  private static void refused(X509Certificate certificate, Verification.Rejected why) {
    LOG.log(
        Level.WARNING,
        "refused the TLS handshake of a client with certificate {0}, serial {1}: {2} ({3})",
        LogText.quote(certificate.getSubjectX500Principal().getName()),
        certificate.getSerialNumber().toString(16),
        why.text(),
        why.reason());
  }

  /**
   * Looks whether the certificate has changed on disk, or is due for renewal. Open connections
   * stay; a file that cannot be used leaves the old one in place.
   */
  void refresh() {
    try {
      FileTime now = changed();
      if (development == null && Objects.equals(now, seen)) {
        return;
      }
      seen = now;
      TlsIdentity fresh = load();
      if (!fresh.certificate().equals(keys.identities().getFirst().certificate())) {
        keys.replace(List.of(fresh));
        LOG.log(
            Level.INFO,
            "the server certificate was reloaded, it is valid until {0}",
            fresh.certificate().getNotAfter().toInstant());
      }
    } catch (PkiException e) {
      LOG.log(Level.ERROR, "the server certificate was not reloaded: {0}", e.getMessage());
    }
  }

  private @Nullable FileTime changed() {
    Path file = config.certificateFile();
    try {
      return file == null ? null : Files.getLastModifiedTime(file);
    } catch (IOException _) {
      return null;
    }
  }
}

package io.signalbox.server;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.ClientTrust;
import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.PkiProblems;
import io.signalbox.pki.TlsContexts;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.pki.Verification;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.trust.AuthoritySpec;
import io.signalbox.server.trust.Fetcher;
import io.signalbox.server.trust.TrustedAuthorities;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The broker's own certificates and the authorities whose clients it takes: from the files that the
 * configuration names, else from the development PKI in the data directory.
 */
final class TlsSetup {
  private static final Logger LOG = System.getLogger(TlsSetup.class.getName());

  /** At the files of the configuration when the broker starts. */
  private static final int LOOKS = 4;

  private static final long LOOK_AGAIN_NANOS = 1_000_000_000;

  private static final String OUT_OF_USE =
      "devices that dev-ca, the development PKI, has certified are refused, because the broker has"
          + " a tls.certificate-file; to accept them and issue more, set tls.trust-development-ca:"
          + " true and start it again";

  private final @Nullable DevelopmentPki development;
  private final ServerCertificates certificates;
  private final TrustedAuthorities trusted;
  private final SSLContext context;

  private TlsSetup(
      @Nullable DevelopmentPki development,
      ServerCertificates certificates,
      TrustedAuthorities trusted) {
    this.development = development;
    this.certificates = certificates;
    this.trusted = trusted;
    this.context =
        TlsContexts.server(
            certificates.keys(),
            new ClientTrust(trusted::handshakeVerifier, Clock.systemUTC(), TlsSetup::refused));
  }

  /**
   * Makes the development PKI if it is to be used and is not there.
   *
   * @throws PkiException naming every file of the configuration that cannot be used
   */
  static TlsSetup load(
      BrokerConfig config, Fetcher fetcher, Clocks clocks, Metrics metrics, SecureRandom random)
      throws PkiException {
    TlsConfig tls = config.tls();
    stapling(tls.ocspStapling());
    DevelopmentPki development =
        tls.usesDevelopmentPki()
            ? DevelopmentPki.openOrCreate(
                pkiFolder(config.dataDirectory()), Clock.systemUTC(), random)
            : null;
    List<AuthoritySpec> others =
        development == null
            ? List.of()
            : List.of(
                AuthoritySpec.of(
                    TlsConfig.DEVELOPMENT_CA,
                    development.trustedCa(TlsConfig.DEVELOPMENT_CA).anchors()));
    return settled(
        () -> {
          PkiProblems problems = new PkiProblems();
          Optional<ServerCertificates> own =
              problems.read(
                  () ->
                      ServerCertificates.load(
                          tls,
                          tls.certificateFile() == null ? development : null,
                          metrics,
                          random));
          Optional<TrustedAuthorities> trusted =
              problems.read(() -> TrustedAuthorities.load(tls, others, fetcher, clocks));
          problems.end();
          return new TlsSetup(development, own.orElseThrow(), trusted.orElseThrow());
        },
        () -> LockSupport.parkNanos(LOOK_AGAIN_NANOS));
  }

  /**
   * Looks again if a file cannot be used: a renewal may have replaced the certificate and not yet
   * its key, or be writing a revocation list.
   *
   * @param pause between two looks
   */
  static <T> T settled(PkiProblems.Reading<T> files, Runnable pause) throws PkiException {
    for (int look = 1; look < LOOKS; look++) {
      try {
        return files.read();
      } catch (PkiException e) {
        LOG.log(Level.WARNING, "looked at again, lest it is being replaced: {0}", e.getMessage());
        pause.run();
      }
    }
    return files.read();
  }

  /**
   * Says whom it cuts off that the development PKI is there but not in use, and leaves word of it
   * for those who issue from it. A broker that trusts its root by {@code tls.trusted-cas} cuts off
   * nobody.
   *
   * @param activeCertificates how many in the registry it has issued that are good; asked if needed
   */
  void tellWhetherDevelopmentIsInUse(BrokerConfig config, LongSupplier activeCertificates) {
    Path folder = pkiFolder(config.dataDirectory());
    boolean exists = DevelopmentPki.exists(folder);
    boolean trusts = development != null || (exists && trustsRootOf(folder));
    if (exists) {
      leaveWord(folder, trusts ? Optional.empty() : Optional.of(OUT_OF_USE));
    }
    if (trusts) {
      return;
    }
    long active = activeCertificates.getAsLong();
    if (exists || active > 0) {
      LOG.log(
          Level.WARNING,
          "{0}; the registry has {1} active certificates of it, those of \"signalbox pki"
              + " issue-device\" not counted; when no device needs it any more, move \"{2}\" away",
          OUT_OF_USE,
          Long.toString(active),
          folder);
    }
  }

  private boolean trustsRootOf(Path folder) {
    try {
      return trusted.trusts(DevelopmentPki.rootOf(folder));
    } catch (PkiException e) { // what is out of use may be damaged
      LOG.log(Level.WARNING, "whether dev-ca is trusted is not known: {0}", e.getMessage());
      return false;
    }
  }

  private static void leaveWord(Path folder, Optional<String> whyNot) {
    try {
      DevelopmentPki.noteUse(folder, whyNot);
    } catch (PkiException e) { // a folder that cannot be written serves all the same
      LOG.log(Level.WARNING, "commands do not know whether dev-ca counts: {0}", e.getMessage());
    }
  }

  /**
   * The JDK asks the responder that the certificate names; it reads this when TLS is first used.
   */
  private static void stapling(boolean wanted) {
    if (wanted) {
      System.setProperty("jdk.tls.server.enableStatusRequestExtension", "true");
    }
  }

  /**
   * Reads every file that the configuration names and makes nothing.
   *
   * @throws PkiException naming all that cannot be used
   */
  static void check(TlsConfig tls, Fetcher fetcher, SecureRandom random) throws PkiException {
    PkiProblems problems = new PkiProblems();
    problems.read(() -> TrustedAuthorities.load(tls, List.of(), fetcher, Clocks.system()));
    for (TlsConfig.KeyPairFiles pair : tls.keyPairs()) {
      problems.read(
          () -> TlsIdentity.readServer(pair.certificateFile(), pair.privateKeyFile(), random));
    }
    problems.end();
  }

  static Path pkiFolder(Path dataDirectory) {
    return dataDirectory.resolve("pki");
  }

  TrustedAuthorities trusted() {
    return trusted;
  }

  /** The development PKI's issuing authority; null if that is not in use. */
  @Nullable CertificateAuthority developmentAuthority() {
    return development == null ? null : development.issuing();
  }

  /** Certificates with which clients check this broker's own, the root first as far as known. */
  List<X509Certificate> trustedByClients() {
    return certificates.trustedByClients();
  }

  SSLContext context() {
    return context;
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

  /** Looks whether certificates have changed on disk or are due for renewal. */
  void refresh() {
    certificates.refresh();
  }
}

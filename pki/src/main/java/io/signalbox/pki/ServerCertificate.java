package io.signalbox.pki;

import java.nio.file.Files;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The server certificate of a {@link DevelopmentPki}: kept in two files, made again whenever the
 * stored one will not do.
 */
final class ServerCertificate {
  private static final System.Logger LOG = System.getLogger(ServerCertificate.class.getName());

  private final PkiFolder files;
  private final CertificateAuthority issuing;
  private final boolean isVerified;
  private final Clock clock;
  private final SecureRandom random;

  /**
   * @param isVerified whether the files that are there have been verified as they are
   */
  ServerCertificate(
      PkiFolder files,
      CertificateAuthority issuing,
      boolean isVerified,
      Clock clock,
      SecureRandom random) {
    this.files = files;
    this.issuing = issuing;
    this.isVerified = isVerified;
    this.clock = clock;
    this.random = random;
  }

  /** What is stored, if it will do. */
  Optional<TlsIdentity> load(List<String> hostNames) throws PkiException {
    if (Files.exists(files.serverCertificate()) && Files.exists(files.serverKey())) {
      try {
        TlsIdentity stored = read();
        if (isGood(stored.certificate(), hostNames)) {
          return Optional.of(stored);
        }
      } catch (PkiException e) {
        // A crash between the two files leaves a key without its certificate; nothing is lost by
        // making both again.
        LOG.log(
            System.Logger.Level.WARNING, "replacing the server certificate: {0}", e.getMessage());
      }
    }
    return Optional.empty();
  }

  private TlsIdentity read() throws PkiException {
    return isVerified
        ? new TlsIdentity(
            Pem.readPrivateKey(files.serverKey()), Pem.readCertificates(files.serverCertificate()))
        : TlsIdentity.read(files.serverCertificate(), files.serverKey(), random);
  }

  TlsIdentity renew(List<String> hostNames) throws PkiException {
    KeyPair keys = KeyAlgorithm.EC_P256.generate(random);
    X509Certificate certificate =
        issuing.issue(
            keys.getPublic(), SubjectNames.ofServer(hostNames), CertificateProfile.SERVER);
    TlsIdentity fresh = new TlsIdentity(keys.getPrivate(), issuing.presentedChainOf(certificate));
    AtomicFile.writeSecret(files.serverKey(), Pem.encode(fresh.key()));
    AtomicFile.writePublic(files.serverCertificate(), Pem.encode(fresh.chain()));
    LOG.log(
        System.Logger.Level.INFO,
        "made a server certificate for {0}",
        String.join(", ", hostNames));
    return fresh;
  }

  private boolean isGood(X509Certificate certificate, List<String> hostNames) throws PkiException {
    Instant from = certificate.getNotBefore().toInstant();
    Instant until = certificate.getNotAfter().toInstant();
    // Duration.dividedBy would do, but has BigDecimal compute its powers of five, at each start.
    Instant renewAt = until.minusSeconds(Duration.between(from, until).toSeconds() / 3);
    Instant now = clock.instant();
    return !now.isBefore(from)
        && now.isBefore(renewAt)
        && certificate
            .getIssuerX500Principal()
            .equals(issuing.certificate().getSubjectX500Principal())
        && (isVerified || Certificates.isSignedBy(certificate, issuing.certificate()))
        && namesOf(certificate).containsAll(normalized(hostNames));
  }

  private static Set<String> namesOf(X509Certificate certificate) throws PkiException {
    SubjectNames names = ClientIdentity.namesOf(certificate);
    Set<String> all = normalized(names.dnsNames());
    all.addAll(normalized(names.ipAddresses()));
    return all;
  }

  private static Set<String> normalized(Collection<String> hosts) {
    Set<String> all = new HashSet<>();
    hosts.forEach(host -> all.add(HostNames.normalized(host)));
    return all;
  }
}

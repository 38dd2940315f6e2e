package io.signalbox.pki;

import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** A root, an issuing authority and short ways to certificates below it. */
public final class TestPki {
  public static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  public final MutableClock clock;
  public final SecureRandom random = new SecureRandom();
  public final CertificateAuthority root;
  public final CertificateAuthority issuing;

  public TestPki() throws PkiException {
    this("test", KeyAlgorithm.EC_P256);
  }

  public TestPki(String name, KeyAlgorithm algorithm) throws PkiException {
    this(name, algorithm, START);
  }

  /** With a clock that agrees with programs that read the machine's own. */
  public static TestPki ofToday() throws PkiException {
    return new TestPki("today", KeyAlgorithm.EC_P256, Instant.now());
  }

  TestPki(String name, KeyAlgorithm algorithm, Instant now) throws PkiException {
    clock = new MutableClock(now);
    root =
        CertificateAuthority.createRoot(
            name + " root", algorithm, CertificateProfile.ROOT, clock, random);
    issuing = root.createIssuing(name + " issuing", algorithm, CertificateProfile.ISSUING);
  }

  public TlsIdentity device(String id) throws PkiException {
    return identity(SubjectNames.ofCommonName(id), CertificateProfile.DEVICE);
  }

  public TlsIdentity server(String... hosts) throws PkiException {
    return identity(SubjectNames.ofServer(List.of(hosts)), CertificateProfile.SERVER);
  }

  public TlsIdentity identity(SubjectNames names, CertificateProfile profile) throws PkiException {
    KeyPair keys = KeyAlgorithm.EC_P256.generate(random);
    X509Certificate certificate = issuing.issue(keys.getPublic(), names, profile);
    return new TlsIdentity(keys.getPrivate(), issuing.presentedChainOf(certificate));
  }

  public TrustedCa trusted(String name) {
    return new TrustedCa(name, List.of(root.certificate()), RevocationCheck.NONE);
  }
}

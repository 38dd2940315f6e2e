package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.pki.NameConstraints.Kind;
import io.signalbox.pki.NameConstraints.Subtree;
import io.signalbox.pki.Verification.Accepted;
import io.signalbox.pki.Verification.Reason;
import io.signalbox.pki.Verification.Rejected;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Name constraints and path lengths bind whether the limited authority is in the middle of a path
 * or trusted itself.
 */
class ConstraintsTest {
  private TestPki pki;
  private CertificateAuthority limited;

  @BeforeEach
  void makeLimitedAuthority() throws PkiException {
    pki = new TestPki();
    var limits =
        new NameConstraints(
            List.of(
                new Subtree(Kind.DNS, "example.com"),
                new Subtree(Kind.URI_HOST, "example.com"),
                new Subtree(Kind.EMAIL, "example.com"),
                new Subtree(Kind.IP, "192.0.2.0/24")),
            List.of(new Subtree(Kind.DNS, "secret.example.com")));
    limited =
        pki.root.createIssuing(
            "limited",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ISSUING.withNameConstraints(limits));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void namesOutsideAreRejected(boolean trustTheLimitedOne) throws PkiException {
    assertInstanceOf(Accepted.class, verify(trustTheLimitedOne, dns("a.example.com")));
    assertInstanceOf(
        Accepted.class,
        verify(trustTheLimitedOne, SubjectNames.ofCommonName("only a common name")));
    assertInstanceOf(Accepted.class, verify(trustTheLimitedOne, uri("https://example.com/dev")));
    assertViolated(trustTheLimitedOne, dns("a.example.org"));
    assertViolated(trustTheLimitedOne, SubjectNames.ofCommonName("dev-1"));
    assertInstanceOf(
        Accepted.class, verify(trustTheLimitedOne, SubjectNames.ofCommonName("dev-1.example.com")));
    assertViolated(trustTheLimitedOne, dns("a.secret.example.com"));
    assertViolated(trustTheLimitedOne, uri("https://elsewhere.example/dev"));
    assertViolated(
        trustTheLimitedOne,
        new SubjectNames(
            "d.example.com", List.of(), List.of(), List.of("198.51.100.1"), List.of(), List.of()));
    assertViolated(
        trustTheLimitedOne,
        new SubjectNames(
            "d.example.com", List.of(), List.of(), List.of(), List.of(), List.of("x@example.org")));
  }

  @Test
  void aTrustedAuthoritysPathLengthBinds() throws PkiException {
    // An authority with path length 0 that signs another one anyway: only its own certificate
    // forbids it.
    var rogueProfile = CertificateProfile.ISSUING.withPathLength(3);
    KeyPair keys = KeyAlgorithm.EC_P256.generate(pki.random);
    var draft =
        new CertificateDraft(
            SubjectNames.ofCommonName("rogue"),
            keys.getPublic(),
            KeyAlgorithm.EC_P256,
            rogueProfile,
            Validity.from(pki.clock.instant(), rogueProfile.validity()),
            AuthorityUrls.NONE);
    X509Certificate rogueCertificate = draft.sign(pki.issuing.issuer(), pki.random);
    var rogue =
        CertificateAuthority.of(
            keys.getPrivate(), List.of(rogueCertificate), pki.clock, pki.random);
    X509Certificate leaf = issue(rogue, SubjectNames.ofCommonName("d"));
    for (X509Certificate anchor : List.of(pki.root.certificate(), pki.issuing.certificate())) {
      var verifier =
          new CertificateVerifier(
              List.of(new TrustedCa("plant", List.of(anchor), RevocationCheck.NONE)));
      var chain = List.of(leaf, rogueCertificate, pki.issuing.certificate());
      var rejected = assertInstanceOf(Rejected.class, verifier.verify(chain, pki.clock.instant()));
      assertEquals(Reason.CONSTRAINT_VIOLATED, rejected.reason(), rejected.text());
    }
  }

  @Test
  void onlyAuthoritiesHaveConstraints() {
    var limits = new NameConstraints(List.of(new Subtree(Kind.DNS, "example.com")), List.of());
    assertThrows(
        IllegalArgumentException.class,
        () -> CertificateProfile.DEVICE.withNameConstraints(limits));
    assertThrows(IllegalArgumentException.class, () -> CertificateProfile.DEVICE.withPathLength(0));
  }

  @Test
  void publishedAddressesAreWrittenAndRead() throws PkiException {
    var urls =
        new AuthorityUrls(
            List.of("http://pki.example.com/issuing.crl"),
            List.of("http://pki.example.com/ocsp"),
            List.of("http://pki.example.com/issuing.crt"));
    X509Certificate leaf = issue(pki.issuing.withUrls(urls), SubjectNames.ofCommonName("d"));
    assertEquals(urls, PublishedAddresses.of(leaf));
    assertEquals(AuthorityUrls.NONE, PublishedAddresses.of(pki.device("plain").certificate()));
  }

  @Test
  void postQuantumAuthoritiesWorkEndToEnd() throws PkiException {
    var experiment = Set.of(KeyAlgorithm.ML_DSA_44, KeyAlgorithm.ML_DSA_65);
    var root =
        CertificateAuthority.createRoot(
            "pq",
            KeyAlgorithm.ML_DSA_65,
            CertificateProfile.ROOT.withKeyAlgorithms(experiment),
            pki.clock,
            pki.random);
    var issuing =
        root.createIssuing(
            "pq issuing",
            KeyAlgorithm.ML_DSA_65,
            CertificateProfile.ISSUING.withKeyAlgorithms(experiment));
    KeyPair keys = KeyAlgorithm.ML_DSA_44.generate(pki.random);
    var request =
        CertificateSigningRequest.create(keys, SubjectNames.ofCommonName("d"), pki.random);
    X509Certificate leaf =
        issuing.issue(request, CertificateProfile.DEVICE.withKeyAlgorithms(experiment));
    var verifier =
        new CertificateVerifier(List.of(new TrustedCa("pq", root.chain(), RevocationCheck.NONE)));
    assertInstanceOf(
        Accepted.class, verifier.verify(issuing.presentedChainOf(leaf), pki.clock.instant()));
  }

  private void assertViolated(boolean trustTheLimitedOne, SubjectNames names) throws PkiException {
    var rejected = assertInstanceOf(Rejected.class, verify(trustTheLimitedOne, names));
    assertEquals(Reason.CONSTRAINT_VIOLATED, rejected.reason(), rejected.text());
  }

  private Verification verify(boolean trustTheLimitedOne, SubjectNames names) throws PkiException {
    X509Certificate anchor = trustTheLimitedOne ? limited.certificate() : pki.root.certificate();
    var verifier =
        new CertificateVerifier(
            List.of(new TrustedCa("plant", List.of(anchor), RevocationCheck.NONE)));
    return verifier.verify(limited.presentedChainOf(issue(limited, names)), pki.clock.instant());
  }

  private X509Certificate issue(CertificateAuthority authority, SubjectNames names)
      throws PkiException {
    return authority.issue(
        KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
        names,
        CertificateProfile.DEVICE.withNames(NamePolicy.ANYTHING));
  }

  private static SubjectNames dns(String name) {
    return new SubjectNames("d", List.of(), List.of(name), List.of(), List.of(), List.of());
  }

  private static SubjectNames uri(String uri) {
    return new SubjectNames(
        "d.example.com", List.of(), List.of(), List.of(), List.of(uri), List.of());
  }
}

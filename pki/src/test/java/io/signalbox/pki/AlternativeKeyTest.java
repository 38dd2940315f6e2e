package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hybrid authorities: an ordinary signature and a post-quantum one on every certificate. */
class AlternativeKeyTest {
  private TestPki pki;
  private AlternativeKey second;
  private CertificateAuthority root;
  private CertificateAuthority issuing;

  @BeforeEach
  void makeHybridHierarchy() throws PkiException {
    pki = new TestPki();
    second = AlternativeKey.create(KeyAlgorithm.ML_DSA_65, pki.random);
    var rootKey = AlternativeKey.create(KeyAlgorithm.ML_DSA_65, pki.random);
    root =
        CertificateAuthority.createRoot(
            "hybrid",
            KeyAlgorithm.EC_P256,
            Optional.of(rootKey),
            CertificateProfile.ROOT,
            pki.clock,
            pki.random);
    issuing =
        root.createIssuing(
            "hybrid issuing",
            KeyAlgorithm.EC_P256,
            Optional.of(second),
            CertificateProfile.ISSUING);
  }

  @Test
  void bothSignaturesAreMadeAndAccepted() throws PkiException {
    assertInstanceOf(Verification.Accepted.class, verify(issuing));
  }

  @Test
  void aMissingSecondSignatureIsRejected() throws PkiException {
    // The authority as it is loaded from its ordinary files: it signs once only.
    var once = CertificateAuthority.of(issuing.key(), issuing.chain(), pki.clock, pki.random);
    var rejected = assertInstanceOf(Verification.Rejected.class, verify(once));
    assertEquals(Verification.Reason.BAD_SIGNATURE, rejected.reason(), rejected.text());
    assertInstanceOf(Verification.Accepted.class, verify(once.withAlternativeKey(second)));
  }

  @Test
  void aForeignSecondKeyIsRefused() throws PkiException {
    AlternativeKey foreign = AlternativeKey.create(KeyAlgorithm.ML_DSA_65, pki.random);
    Refusals.assertRefused("second key does not belong", () -> issuing.withAlternativeKey(foreign));
    Refusals.assertRefused(
        "second key does not belong", () -> pki.issuing.withAlternativeKey(foreign));
    assertThrows(
        IllegalArgumentException.class,
        () -> AlternativeKey.create(KeyAlgorithm.EC_P256, pki.random));
    assertFalse(second.toString().contains("KeyPair"));
  }

  private Verification verify(CertificateAuthority signer) throws PkiException {
    X509Certificate leaf =
        signer.issue(
            KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
            SubjectNames.ofCommonName("d"),
            CertificateProfile.DEVICE);
    var verifier =
        new CertificateVerifier(
            List.of(new TrustedCa("hybrid", root.chain(), RevocationCheck.NONE)));
    return verifier.verify(signer.presentedChainOf(leaf), pki.clock.instant());
  }
}

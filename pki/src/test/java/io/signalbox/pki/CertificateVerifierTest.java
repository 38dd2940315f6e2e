package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.Verification.Accepted;
import io.signalbox.pki.Verification.Reason;
import io.signalbox.pki.Verification.Rejected;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CertificateVerifierTest {
  private TestPki pki;
  private CertificateVerifier verifier;

  @BeforeEach
  void trustOneAuthority() throws PkiException {
    pki = new TestPki();
    verifier = new CertificateVerifier(List.of(pki.trusted("plant")));
  }

  @Test
  void acceptsAChainAndSaysWhoseItIs() throws PkiException {
    TlsIdentity device = pki.device("dev-1");
    Accepted accepted = assertInstanceOf(Accepted.class, verify(device.chain()));
    assertEquals("plant", accepted.caName());
    assertEquals("dev-1", accepted.identity().commonName());
    assertEquals(
        List.of(device.certificate(), pki.issuing.certificate(), pki.root.certificate()),
        accepted.path());
  }

  @Test
  void acceptsAChainThatBringsItsRoot() throws PkiException {
    List<X509Certificate> chain = new ArrayList<>(pki.device("dev-1").chain());
    chain.add(pki.root.certificate());
    assertInstanceOf(Accepted.class, verify(chain));
  }

  @Test
  void acceptsALeafAloneIfItsIssuerIsTrusted() throws PkiException {
    var direct =
        new CertificateVerifier(
            List.of(
                new TrustedCa("direct", List.of(pki.issuing.certificate()), RevocationCheck.NONE)));
    Accepted accepted =
        assertInstanceOf(
            Accepted.class, direct.verify(List.of(pki.device("d").certificate()), now()));
    assertEquals("direct", accepted.caName());
  }

  @Test
  void namesTheAuthorityAmongSeveral() throws PkiException {
    TestPki other = new TestPki("other", KeyAlgorithm.ED25519);
    var both = new CertificateVerifier(List.of(pki.trusted("plant"), other.trusted("lab")));
    assertEquals(
        "lab",
        assertInstanceOf(Accepted.class, both.verify(other.device("d").chain(), now())).caName());
    assertEquals(
        "plant",
        assertInstanceOf(Accepted.class, both.verify(pki.device("d").chain(), now())).caName());
  }

  @Test
  void rejectsAForeignAuthority() throws PkiException {
    Rejected rejected =
        assertRejected(
            Reason.UNKNOWN_CA,
            new TestPki("foreign", KeyAlgorithm.EC_P256).device("d").chain(),
            now());
    assertTrue(
        rejected.text().contains("\"CN=d\" was issued by \"foreign issuing\""), rejected.text());
  }

  @Test
  void rejectsACertificateThatNobodyElseSigned() throws PkiException {
    X509Certificate own = new TestPki("foreign", KeyAlgorithm.EC_P256).root.certificate();
    assertRejected(Reason.UNKNOWN_CA, List.of(own), now());
  }

  @Test
  void rejectsAForeignAuthorityWithTheSameName() throws PkiException {
    assertRejected(Reason.BAD_SIGNATURE, new TestPki().device("d").chain(), now());
  }

  @Test
  void acceptsBothAuthoritiesOfOneNameWhileOneReplacesTheOther() throws PkiException {
    CertificateAuthority renewed =
        pki.root.createIssuing("test issuing", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    var trust =
        new CertificateVerifier(
            List.of(
                new TrustedCa(
                    "plant",
                    List.of(
                        renewed.certificate(), pki.issuing.certificate(), pki.root.certificate()),
                    RevocationCheck.NONE)));
    X509Certificate fresh =
        renewed.issue(
            KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
            SubjectNames.ofCommonName("d"),
            CertificateProfile.DEVICE);
    assertInstanceOf(Accepted.class, trust.verify(List.of(fresh), now()));
    assertInstanceOf(Accepted.class, trust.verify(pki.device("d").chain(), now()));
  }

  @Test
  void rejectsALeafWithoutItsIntermediate() throws PkiException {
    assertRejected(Reason.UNKNOWN_CA, List.of(pki.device("d").certificate()), now());
  }

  @Test
  void rejectsALeafBesideSomebodyElsesIntermediate() throws PkiException {
    X509Certificate foreign =
        new TestPki("foreign", KeyAlgorithm.EC_P256).device("d").certificate();
    assertRejected(Reason.UNKNOWN_CA, List.of(foreign, pki.issuing.certificate()), now());
  }

  @Test
  void rejectsALeafThatOnlyClaimsItsIssuer() throws PkiException {
    // Same names as ours, another key: the leaf is the impostor's, the intermediate is real.
    X509Certificate impostor = new TestPki().device("d").certificate();
    assertRejected(Reason.BAD_SIGNATURE, List.of(impostor, pki.issuing.certificate()), now());
  }

  @Test
  void rejectsExpiredAndNotYetValid() throws PkiException {
    List<X509Certificate> chain = pki.device("d").chain();
    Instant end = chain.getFirst().getNotAfter().toInstant();
    assertInstanceOf(Accepted.class, verifier.verify(chain, end.minusMillis(1)));
    assertRejected(Reason.EXPIRED, chain, end);
    pki.clock.advance(Duration.ofDays(30));
    List<X509Certificate> later = pki.device("d").chain();
    assertRejected(Reason.NOT_YET_VALID, later, TestPki.START);
  }

  @Test
  void rejectsWhenAnAuthorityIsExpiredEvenTheTrustedOne() throws PkiException {
    var brief =
        CertificateAuthority.createRoot(
            "brief",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ROOT.withValidity(Duration.ofDays(10)),
            pki.clock,
            pki.random);
    X509Certificate leaf =
        brief.issue(
            KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
            SubjectNames.ofCommonName("d"),
            CertificateProfile.DEVICE);
    var trust =
        new CertificateVerifier(
            List.of(new TrustedCa("brief", brief.chain(), RevocationCheck.NONE)));
    assertInstanceOf(Accepted.class, trust.verify(List.of(leaf), now()));
    Instant after = now().plus(Duration.ofDays(10));
    // The leaf was cut at its authority's end, so it is the leaf that is reported.
    assertEquals(
        Reason.EXPIRED,
        assertInstanceOf(Rejected.class, trust.verify(List.of(leaf), after)).reason());
    // An authority that ends before its leaf: the root's certificate renewed for a shorter time is
    // not needed, time alone does it.
    assertEquals(
        Reason.CA_NOT_VALID,
        PathChecks.validity(List.of(pki.device("x").certificate(), brief.certificate()), after)
            .orElseThrow()
            .reason());
  }

  @Test
  void rejectsAServersCertificateAndAnAuthoritys() throws PkiException {
    assertRejected(Reason.WRONG_USAGE, pki.server("localhost").chain(), now());
    assertRejected(Reason.WRONG_USAGE, List.of(pki.issuing.certificate()), now());
    assertRejected(Reason.WRONG_USAGE, List.of(pki.root.certificate()), now());
  }

  @Test
  void acceptsACertificateThatDoesNotSayWhatItIsFor() throws PkiException {
    var plain =
        new CertificateProfile(
            "plain",
            Duration.ofDays(1),
            Set.of(KeyAlgorithm.EC_P256),
            Set.of(KeyUse.DIGITAL_SIGNATURE),
            Set.of(),
            NamePolicy.DEVICE,
            CertificateProfile.NO_AUTHORITY);
    assertInstanceOf(
        Accepted.class, verify(pki.identity(SubjectNames.ofCommonName("d"), plain).chain()));
    var agreementOnly =
        new CertificateProfile(
            "agree",
            Duration.ofDays(1),
            Set.of(KeyAlgorithm.EC_P256),
            Set.of(KeyUse.KEY_AGREEMENT),
            Set.of(),
            NamePolicy.DEVICE,
            CertificateProfile.NO_AUTHORITY);
    assertRejected(
        Reason.WRONG_USAGE,
        pki.identity(SubjectNames.ofCommonName("d"), agreementOnly).chain(),
        now());
  }

  @Test
  void rejectsACertificateSignedByADevice() throws PkiException {
    TlsIdentity device = pki.device("d");
    var draft =
        new CertificateDraft(
            SubjectNames.ofCommonName("child"),
            KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
            KeyAlgorithm.EC_P256,
            CertificateProfile.DEVICE,
            Validity.from(now(), Duration.ofHours(1)),
            AuthorityUrls.NONE);
    var issuer =
        new Issuer(
            NameWriter.subject(SubjectNames.ofCommonName("d")),
            CertificateDraft.keyIdentifier(device.certificate()),
            device.key(),
            KeyAlgorithm.EC_P256,
            Optional.empty());
    List<X509Certificate> chain = new ArrayList<>(List.of(draft.sign(issuer, pki.random)));
    chain.addAll(device.chain());
    assertRejected(Reason.CONSTRAINT_VIOLATED, chain, now());
  }

  @Test
  void rejectsWeakAlgorithms() throws Exception {
    var generator = java.security.KeyPairGenerator.getInstance("RSA");
    generator.initialize(512);
    var weak = generator.generateKeyPair();
    var draft =
        new CertificateDraft(
            SubjectNames.ofCommonName("d"),
            weak.getPublic(),
            KeyAlgorithm.RSA_2048,
            CertificateProfile.DEVICE,
            Validity.from(now(), Duration.ofHours(1)),
            AuthorityUrls.NONE);
    var issuer =
        new Issuer(
            NameWriter.subject(SubjectNames.ofCommonName("test issuing")),
            CertificateDraft.keyIdentifier(pki.issuing.certificate()),
            pki.issuing.key(),
            KeyAlgorithm.EC_P256,
            Optional.empty());
    assertRejected(
        Reason.WEAK_ALGORITHM, pki.issuing.presentedChainOf(draft.sign(issuer, pki.random)), now());
  }

  @Test
  void rejectsEmptyAndEndlessChains() throws PkiException {
    assertRejected(Reason.MALFORMED, List.of(), now());
    X509Certificate leaf = pki.device("d").certificate();
    assertRejected(
        Reason.MALFORMED,
        Collections.nCopies(CertificateVerifier.CHAIN_LENGTH_MAX + 1, leaf),
        now());
  }

  @Test
  void asksForRevocationOfEveryCertificateBelowTheAnchor() throws PkiException {
    TlsIdentity device = pki.device("d");
    List<X509Certificate> asked = new ArrayList<>();
    RevocationCheck recording =
        (certificate, issuer, _) -> {
          assertTrue(Certificates.isSignedBy(certificate, issuer));
          asked.add(certificate);
          return new RevocationStatus.Good();
        };
    var asking =
        new CertificateVerifier(
            List.of(new TrustedCa("plant", List.of(pki.root.certificate()), recording)));
    assertInstanceOf(Accepted.class, asking.verify(device.chain(), now()));
    assertEquals(device.chain(), asked);
  }

  @Test
  void revocationDecides() throws PkiException {
    TlsIdentity device = pki.device("d");
    RevocationCheck unknown = (_, _, _) -> new RevocationStatus.Unknown("the list is outdated");
    RevocationCheck revoked =
        (_, _, at) -> new RevocationStatus.Revoked(at, RevocationReason.KEY_COMPROMISE);
    assertEquals(Reason.REVOCATION_UNKNOWN, reasonWith(unknown, device));
    assertEquals(Reason.REVOKED, reasonWith(revoked, device));
    assertEquals(Reason.REVOKED, reasonWith(unknown.and(revoked), device));
    assertEquals(Reason.REVOKED, reasonWith(revoked.softFail(), device));
    assertEquals(Reason.REVOCATION_UNKNOWN, reasonWith(RevocationCheck.NONE.and(unknown), device));
    var soft =
        new CertificateVerifier(
            List.of(new TrustedCa("plant", List.of(pki.root.certificate()), unknown.softFail())));
    assertInstanceOf(Accepted.class, soft.verify(device.chain(), now()));
  }

  /** Else an answer about the client that has ended would hide what is known of its authority. */
  @Test
  void aRevokedAuthorityCountsWhereTheClientItselfIsUnknown() throws PkiException {
    TlsIdentity device = pki.device("p7");
    RevocationCheck check =
        (certificate, _, at) ->
            certificate.equals(device.certificate())
                ? new RevocationStatus.Unknown("the answer has ended")
                : new RevocationStatus.Revoked(at, RevocationReason.CA_COMPROMISE);
    assertEquals(Reason.REVOKED, reasonWith(check, device));
  }

  @Test
  void asksAboutTimeAndRevocationAnewForAChainItKnows() throws PkiException {
    TlsIdentity device = pki.device("d");
    AtomicReference<RevocationStatus> status = new AtomicReference<>(new RevocationStatus.Good());
    var asking =
        new CertificateVerifier(
            List.of(
                new TrustedCa(
                    "plant", List.of(pki.root.certificate()), (_, _, _) -> status.get())));
    Verification first = asking.verify(device.chain(), now());
    assertEquals(first, asking.verify(device.chain(), now()));
    status.set(new RevocationStatus.Revoked(now(), RevocationReason.SUPERSEDED));
    assertEquals(
        Reason.REVOKED,
        assertInstanceOf(Rejected.class, asking.verify(device.chain(), now())).reason());
    status.set(new RevocationStatus.Good());
    Instant end = device.certificate().getNotAfter().toInstant();
    assertEquals(
        Reason.EXPIRED,
        assertInstanceOf(Rejected.class, asking.verify(device.chain(), end)).reason());
    assertEquals(first, asking.verify(device.chain(), now()));
  }

  @Test
  void looksAgainAtWhatItAcceptedBefore() throws PkiException {
    Accepted accepted = assertInstanceOf(Accepted.class, verify(pki.device("d").chain()));
    assertEquals(accepted, verifier.recheck(accepted, now()));
    Rejected expired =
        assertInstanceOf(
            Rejected.class, verifier.recheck(accepted, accepted.identity().notAfter()));
    assertEquals(Reason.EXPIRED, expired.reason());
    var nobody = new CertificateVerifier(List.of());
    assertThrows(IllegalArgumentException.class, () -> nobody.recheck(accepted, now()));
  }

  @Test
  void saysOfWhichAuthorityOfOneNameWhatIsWrong() throws PkiException {
    TestPki rekeyed = new TestPki(); // the names of the one before
    RevocationCheck everybody =
        (_, _, at) -> new RevocationStatus.Revoked(at, RevocationReason.KEY_COMPROMISE);
    var both =
        new CertificateVerifier(
            List.of(
                pki.trusted("old"),
                new TrustedCa("fresh", List.of(rekeyed.root.certificate()), everybody)));
    Verification verification = both.verify(rekeyed.device("d").chain(), now());
    assertEquals(Reason.REVOKED, assertInstanceOf(Rejected.class, verification).reason());
    verification = both.verify(new TestPki().device("d").chain(), now());
    assertEquals(Reason.BAD_SIGNATURE, assertInstanceOf(Rejected.class, verification).reason());
  }

  @Test
  void looksAgainAtWhatTheKeySignedAndNotAtWhatItsNameDid() throws PkiException {
    TestPki rekeyed = new TestPki(); // the names of the one before
    List<X509Certificate> revoked = new ArrayList<>();
    var fresh =
        new TrustedCa(
            "fresh",
            List.of(rekeyed.root.certificate()),
            (certificate, _, at) ->
                revoked.contains(certificate)
                    ? new RevocationStatus.Revoked(at, RevocationReason.KEY_COMPROMISE)
                    : new RevocationStatus.Good());
    var both = new CertificateVerifier(List.of(pki.trusted("old"), fresh));
    List<X509Certificate> chain = rekeyed.device("d").chain();
    List<X509Certificate> path = assertInstanceOf(Accepted.class, both.verify(chain, now())).path();
    assertEquals(Optional.empty(), both.recheck(chain, path, "fresh", now()));

    revoked.add(chain.getFirst());
    assertEquals(Reason.REVOKED, both.recheck(chain, path, "fresh", now()).orElseThrow().reason());
    assertEquals(
        Reason.BAD_SIGNATURE, verifier.recheck(chain, path, "fresh", now()).orElseThrow().reason());
    var nobody = new CertificateVerifier(List.of());
    assertEquals(
        Reason.UNKNOWN_CA, nobody.recheck(chain, path, "fresh", now()).orElseThrow().reason());
  }

  @Test
  void looksAgainByTheAuthorityWhoseItWasAndByNoOtherOfItsKey() throws PkiException {
    List<X509Certificate> chain = pki.device("d").chain();
    List<X509Certificate> path = assertInstanceOf(Accepted.class, verify(chain)).path();
    var both = new CertificateVerifier(List.of(pki.trusted("another"), pki.trusted("plant")));
    assertEquals(Optional.empty(), both.recheck(chain, path, "plant", now()));
    var another = new CertificateVerifier(List.of(pki.trusted("another")));
    Rejected rejected = another.recheck(chain, path, "plant", now()).orElseThrow();
    assertEquals(Reason.UNKNOWN_CA, rejected.reason());
    assertTrue(rejected.text().contains("is of \"another\" now"), rejected.text());
    var unknowing =
        new CertificateVerifier(
            List.of(
                new TrustedCa(
                    "another",
                    pki.trusted("another").anchors(),
                    (_, _, _) -> new RevocationStatus.Unknown("nobody was asked"))));
    assertEquals(
        Reason.UNKNOWN_CA, unknowing.recheck(chain, path, "plant", now()).orElseThrow().reason());
  }

  @Test
  void looksAgainByWhicheverCertificateOfAnAuthorityIsTrustedNow() throws PkiException {
    var issuing =
        new CertificateVerifier(
            List.of(
                new TrustedCa("plant", List.of(pki.issuing.certificate()), RevocationCheck.NONE)));
    List<X509Certificate> chain = pki.device("d").chain();
    for (CertificateVerifier before : List.of(verifier, issuing)) {
      List<X509Certificate> path =
          assertInstanceOf(Accepted.class, before.verify(chain, now())).path();
      for (CertificateVerifier after : List.of(verifier, issuing)) {
        assertEquals(Optional.empty(), after.recheck(chain, path, "plant", now()));
        assertEquals(
            Reason.EXPIRED,
            after
                .recheck(chain, path, "plant", chain.getFirst().getNotAfter().toInstant())
                .orElseThrow()
                .reason());
      }
    }
  }

  @Test
  void doesNotMistakeAnotherChainForOneItKnows() throws PkiException {
    TlsIdentity device = pki.device("d");
    assertInstanceOf(Accepted.class, verify(device.chain()));
    assertRejected(Reason.UNKNOWN_CA, List.of(device.certificate()), now());
    assertRejected(Reason.UNKNOWN_CA, List.of(device.certificate(), device.certificate()), now());
  }

  @Test
  void remembersWithinItsBounds() throws PkiException {
    VerifiedPaths paths = new VerifiedPaths(2);
    var identity = ClientIdentity.of(pki.device("d").certificate());
    var path = new VerifiedPaths.Path(pki.trusted("plant"), pki.root.certificate(), 1, identity);
    paths.put("a", path);
    paths.put("b", path);
    assertTrue(paths.find("a").isPresent());
    paths.put("c", path);
    assertEquals(2, paths.size());
    assertTrue(
        paths.find("b").isEmpty() && paths.find("a").isPresent(),
        "the one not asked for longest went");
  }

  @Test
  void trustsNobodyByDefaultAndNoNameTwice() throws PkiException {
    var nobody = new CertificateVerifier(List.of());
    assertEquals(
        Reason.UNKNOWN_CA,
        assertInstanceOf(Rejected.class, nobody.verify(pki.device("d").chain(), now())).reason());
    assertThrows(
        IllegalArgumentException.class,
        () -> new CertificateVerifier(List.of(pki.trusted("a"), pki.trusted("a"))));
    TlsIdentity device = pki.device("d");
    assertThrows(
        IllegalArgumentException.class,
        () -> new TrustedCa("x", List.of(device.certificate()), RevocationCheck.NONE));
  }

  private Reason reasonWith(RevocationCheck check, TlsIdentity device) {
    var asking =
        new CertificateVerifier(
            List.of(new TrustedCa("plant", List.of(pki.root.certificate()), check)));
    return assertInstanceOf(Rejected.class, asking.verify(device.chain(), now())).reason();
  }

  private Verification verify(List<X509Certificate> chain) {
    return verifier.verify(chain, now());
  }

  private Instant now() {
    return pki.clock.instant();
  }

  private Rejected assertRejected(Reason reason, List<X509Certificate> chain, Instant at) {
    Rejected rejected = assertInstanceOf(Rejected.class, verifier.verify(chain, at));
    assertEquals(reason, rejected.reason(), rejected.text());
    return rejected;
  }
}

package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An issuing authority is replaced while its devices live on. */
class RotationTest {
  private final MutableClock clock = new MutableClock(TestPki.START);
  private final SecureRandom random = new SecureRandom();
  private DevelopmentPki before;

  @TempDir private Path folder;

  @BeforeEach
  void makeHierarchy() throws PkiException {
    before = open();
  }

  @Test
  void oldAndNewDevicesAreAccepted() throws PkiException {
    TlsIdentity old = before.issueDevice("old");
    clock.advance(Duration.ofDays(1));
    before.replaceIssuing();
    DevelopmentPki after = open();
    TlsIdentity fresh = after.issueDevice("fresh");
    assertNotEquals(old.chain().getLast(), fresh.chain().getLast());
    var verifier = new CertificateVerifier(List.of(after.trustedCa("development")));
    for (TlsIdentity device : List.of(old, fresh)) {
      assertInstanceOf(
          Verification.Accepted.class, verifier.verify(device.chain(), clock.instant()));
      assertInstanceOf(
          Verification.Accepted.class,
          verifier.verify(List.of(device.certificate()), clock.instant()));
    }
    assertEquals(before.root(), after.root());
  }

  @Test
  void theReplacedAuthorityStillSignsItsRevocationList() throws PkiException {
    DevelopmentPki after = before.replaceIssuing();
    assertEquals(2, open().issuingGenerations().all().size());
    for (CertificateAuthority authority : open().issuingGenerations().all()) {
      RevocationList list =
          RevocationList.issue(authority, java.math.BigInteger.ONE, List.of(), Duration.ofDays(1));
      RevocationListCheck.of(list, authority.certificate());
    }
    assertEquals(after.issuing().certificate(), open().issuing().certificate());
  }

  @Test
  void theServerCertificateFollows() throws PkiException {
    TlsIdentity old = before.server(HostNames.LOOPBACK);
    DevelopmentPki after = before.replaceIssuing();
    TlsIdentity fresh = after.server(HostNames.LOOPBACK);
    assertNotEquals(old.certificate(), fresh.certificate());
    assertEquals(after.issuing().certificate(), fresh.chain().getLast());
  }

  @Test
  void generationsAddUp() throws PkiException {
    clock.advance(Duration.ofDays(1));
    DevelopmentPki second = before.replaceIssuing();
    clock.advance(Duration.ofDays(1));
    DevelopmentPki third = second.replaceIssuing();
    assertEquals(3, third.issuingGenerations().all().size());
    assertEquals(
        third.issuingGenerations().certificates(), open().issuingGenerations().certificates());
  }

  @Test
  void aCrashBetweenAnyTwoStepsIsMended() throws Exception {
    PkiFolder files = new PkiFolder(folder.resolve("pki"));
    IssuingRotation rotation = new IssuingRotation(files);
    var root =
        CertificateAuthority.of(
            Pem.readPrivateKey(files.rootKey()), List.of(before.root()), clock, random);
    CertificateAuthority next =
        root.createIssuing("next", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);

    rotation.keepOld(before.issuing());
    assertEquals(
        List.of(before.issuing().certificate()), open().issuingGenerations().certificates());

    AtomicFile.writeSecret(files.nextIssuingKey(), Pem.encode(next.key()));
    assertEquals(before.issuing().certificate(), open().issuing().certificate());
    assertFalse(Files.exists(files.nextIssuingKey()), "a key without its certificate is dropped");

    rotation.writeNext(next);
    Files.move(
        files.nextIssuingKey(),
        files.issuingKey(),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertEquals(next.certificate(), open().issuing().certificate());
    assertEquals(2, open().issuingGenerations().all().size());

    CertificateAuthority last =
        root.createIssuing("last", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    rotation.keepOld(next);
    rotation.writeNext(last);
    assertEquals(last.certificate(), open().issuing().certificate());
    assertEquals(3, open().issuingGenerations().all().size());
  }

  @Test
  void needsTheRootsKey() throws Exception {
    Files.delete(folder.resolve("pki").resolve("root.key"));
    Refusals.assertRefused("bring it back", () -> before.replaceIssuing());
  }

  @Test
  void aChangeIsDueWhenCertificatesWouldBeCut() throws PkiException {
    AuthorityGenerations generations = before.issuingGenerations();
    Duration device = CertificateProfile.DEVICE.validity();
    assertFalse(generations.isChangeDue(device, clock.instant()));
    clock.advance(CertificateProfile.ISSUING.validity().minus(device).plusDays(1));
    assertTrue(generations.isChangeDue(device, clock.instant()));
  }

  @Test
  void whatExpiredIsLeftBehindAndKeysChange() throws PkiException {
    TestPki pki = new TestPki();
    AuthorityGenerations first = AuthorityGenerations.first(pki.issuing);
    Refusals.assertRefused(
        "has the key of the one it replaces",
        () -> first.followedBy(pki.issuing, pki.clock.instant()));
    CertificateAuthority brief =
        pki.root.createIssuing(
            "brief",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ISSUING.withValidity(Duration.ofDays(1)));
    AuthorityGenerations second = first.followedBy(brief, pki.clock.instant());
    assertEquals(List.of(brief, pki.issuing), second.all());
    pki.clock.advance(Duration.ofDays(2));
    CertificateAuthority third =
        pki.root.createIssuing("third", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    assertEquals(List.of(third, pki.issuing), second.followedBy(third, pki.clock.instant()).all());
    Refusals.assertRefused("expired at", () -> second.followedBy(brief, pki.clock.instant()));
  }

  private DevelopmentPki open() throws PkiException {
    return DevelopmentPki.openOrCreate(folder.resolve("pki"), clock, random);
  }
}

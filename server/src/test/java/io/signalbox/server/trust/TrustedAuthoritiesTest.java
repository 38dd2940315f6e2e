package io.signalbox.server.trust;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.AuthorityFiles;
import io.signalbox.pki.AuthorityUrls;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.OcspAuthority;
import io.signalbox.pki.OcspResponder;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.RevocationList;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.pki.RevokedCertificate;
import io.signalbox.pki.SubjectNames;
import io.signalbox.pki.Verification;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.config.TlsConfig.Revocation;
import io.signalbox.server.config.TlsConfig.Revocation.Unknown;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.TrustPath;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrustedAuthoritiesTest {
  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path folder;

  private final AtomicLong millis = new AtomicLong(START.toEpochMilli());
  private final SecureRandom random = new SecureRandom();
  private final Metrics metrics = new Metrics(1, "test");
  private final Fetcher fetcher = new Fetcher(metrics);
  private final Clocks clocks =
      new Clocks() {
        @Override
        public long wallMillis() {
          return millis.get();
        }

        @Override
        public long nanos() {
          return (millis.get() - START.toEpochMilli()) * 1_000_000 + 42; // of another origin
        }
      };
  private CertificateAuthority authority;
  private X509Certificate device;
  private Path certificateFile;

  @BeforeEach
  void makeAuthority() throws Exception {
    authority =
        CertificateAuthority.createRoot(
            "factory", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random);
    device = issue(authority, "p7");
    certificateFile = folder.resolve("factory.crt");
    Files.writeString(certificateFile, Pem.encode(authority.chain()));
  }

  @AfterEach
  void close() {
    fetcher.close();
  }

  /** A clock of the moment: authorities keep theirs. */
  private Clock clock() {
    return new Clock() {
      @Override
      public ZoneOffset getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(java.time.ZoneId zone) {
        return this;
      }

      @Override
      public Instant instant() {
        return Instant.ofEpochMilli(millis.get());
      }
    };
  }

  private byte[] list(int number, X509Certificate... revoked) throws PkiException {
    return list(authority, number, revoked).encoded();
  }

  private static RevocationList list(
      CertificateAuthority by, int number, X509Certificate... revoked) throws PkiException {
    return RevocationList.issue(
        by,
        BigInteger.valueOf(number),
        List.of(revoked).stream()
            .map(
                one ->
                    new RevokedCertificate(
                        one.getSerialNumber(), START, RevocationReason.KEY_COMPROMISE))
            .toList(),
        DAY);
  }

  private TrustedAuthorities trusting(Revocation revocation) throws PkiException {
    return trusting(revocation, fetcher);
  }

  private TrustedAuthorities trusting(Revocation revocation, Fetcher by) throws PkiException {
    TlsConfig d = TlsConfig.DEFAULTS;
    return TrustedAuthorities.load(
        new TlsConfig(
            null,
            null,
            List.of(),
            false,
            List.of(new TlsConfig.TrustedCa("factory-ca", certificateFile, revocation)),
            false,
            Set.copyOf(d.protocols()),
            d.crypto()),
        List.of(),
        by,
        clocks);
  }

  private static Revocation lists(List<Path> files, List<URI> urls, Unknown unknown) {
    Revocation d = Revocation.NONE;
    return new Revocation(
        files, urls, Duration.ofMinutes(1), false, null, d.ocspRefresh(), 100, unknown);
  }

  private static Revocation ocsp(@Nullable URI address, Unknown unknown) {
    return new Revocation(
        List.of(), List.of(), DAY, true, address, Duration.ofMinutes(1), 100, unknown);
  }

  private Verification verify(CertificateVerifier verifier) {
    return verifier.verify(List.of(device), clock().instant());
  }

  private static void assertRejected(Verification.Reason reason, Verification verification) {
    assertEquals(reason, assertInstanceOf(Verification.Rejected.class, verification).reason());
  }

  private void write(Path file, byte[] list) throws Exception {
    Files.write(file, list);
    Files.setLastModifiedTime(file, FileTime.from(clock().instant()));
  }

  @Test
  void readsAFileAgainWhenItChanges() throws Exception {
    Path file = folder.resolve("factory.crl");
    write(file, list(1));
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.REFUSE));
    assertInstanceOf(Verification.Accepted.class, verify(trusted.verifier()));
    assertFalse(trusted.refresh(List::of));

    millis.addAndGet(2_000);
    write(file, list(2, device));
    assertTrue(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.handshakeVerifier()));
  }

  @Test
  void keepsTheLastGoodListWhenAFileTurnsToRubbishOrGoes() throws Exception {
    Path file = folder.resolve("factory.crl");
    write(file, list(1, device));
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.REFUSE));
    millis.addAndGet(2_000);
    write(file, new byte[] {0x30, 1});
    assertFalse(trusted.refresh(List::of));
    Files.delete(file);
    assertFalse(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
  }

  /** Made by an authority whose clock went ahead for a while. */
  @Test
  void aListFromTheFutureKeepsNoRightOneOut() throws Exception {
    Path file = folder.resolve("factory.crl");
    write(file, list(1));
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.REFUSE));
    millis.addAndGet(DAY.toMillis());
    byte[] early = list(2);
    millis.addAndGet(2_000 - DAY.toMillis());
    write(file, early);
    assertFalse(trusted.refresh(List::of));
    assertInstanceOf(Verification.Accepted.class, verify(trusted.verifier()));

    millis.addAndGet(2_000);
    write(file, list(3, device));
    assertTrue(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
  }

  @Test
  void aListFromTheFutureAtTheStartIsReplacedByTheNextRightOne() throws Exception {
    Path file = folder.resolve("factory.crl");
    millis.addAndGet(DAY.toMillis());
    write(file, list(2));
    millis.addAndGet(-DAY.toMillis());
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.REFUSE));
    assertRejected(Verification.Reason.REVOCATION_UNKNOWN, verify(trusted.verifier()));

    write(file, list(3, device));
    assertTrue(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
  }

  @Test
  void anOlderListIsNotTaken() throws Exception {
    Path file = folder.resolve("factory.crl");
    byte[] older = list(1);
    millis.addAndGet(2_000);
    write(file, list(2, device));
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.REFUSE));
    millis.addAndGet(2_000);
    write(file, older);
    assertFalse(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
  }

  /** One part of a list that the authority splits, for certificates that name its address. */
  private String part(String url, X509Certificate... revoked) throws Exception {
    var list =
        new JcaX509v2CRLBuilder(authority.certificate(), Date.from(clock().instant()))
            .setNextUpdate(Date.from(clock().instant().plus(DAY)));
    for (X509Certificate one : revoked) {
      list.addCRLEntry(one.getSerialNumber(), Date.from(START), CRLReason.keyCompromise);
    }
    var address = new GeneralName(GeneralName.uniformResourceIdentifier, url);
    list.addExtension(
        Extension.issuingDistributionPoint,
        true,
        new IssuingDistributionPoint(
            new DistributionPointName(new GeneralNames(address)),
            false,
            false,
            null,
            false,
            false));
    AuthorityFiles files = AuthorityFiles.in(Files.createTempDirectory(folder, "part"), "key");
    files.write(authority, Optional.empty());
    var signer = new JcaContentSignerBuilder("SHA256withECDSA");
    byte[] encoded = list.build(signer.build(Pem.readPrivateKey(files.key()))).getEncoded();
    return RevocationList.parse(encoded, url).toPem();
  }

  private void writeParts(Path file, String... parts) throws Exception {
    write(file, String.join("", parts).getBytes(US_ASCII));
  }

  @Test
  void anOldListForOtherCertificatesPushesOutNoNewerOne() throws Exception {
    Path file = folder.resolve("factory.crl");
    String old = part("http://pki.example/2.crl");
    millis.addAndGet(2_000);
    writeParts(file, part("http://pki.example/1.crl", device));
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.ACCEPT));
    millis.addAndGet(2_000);
    writeParts(file, old);
    assertFalse(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
  }

  @Test
  void eachPartOfASplitListIsReplacedByANewerOneOfItsOwn() throws Exception {
    X509Certificate second = issue(authority, "p8");
    Path file = folder.resolve("factory.crl");
    String oldSecond = part("http://pki.example/2.crl");
    millis.addAndGet(2_000);
    String newerSecond = part("http://pki.example/2.crl", second);
    millis.addAndGet(2_000);
    String first = part("http://pki.example/1.crl");
    writeParts(file, first, oldSecond);
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.ACCEPT));
    CertificateVerifier verifier = trusted.verifier();

    millis.addAndGet(2_000);
    writeParts(file, first, newerSecond); // though older than the first part
    assertTrue(trusted.refresh(List::of));
    assertInstanceOf(Verification.Accepted.class, verify(verifier));
    assertRejected(
        Verification.Reason.REVOKED, verifier.verify(List.of(second), clock().instant()));

    millis.addAndGet(2_000);
    writeParts(file, part("http://pki.example/1.crl", device), oldSecond);
    assertTrue(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(verifier));
    assertRejected(
        Verification.Reason.REVOKED, verifier.verify(List.of(second), clock().instant()));
  }

  /** As other brokers want them: those of a root and of the authorities below it. */
  @Test
  void everyListOfAFileCounts() throws Exception {
    CertificateAuthority line =
        authority.createIssuing("line", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    X509Certificate second =
        line.issue(
            KeyAlgorithm.EC_P256.generate(random).getPublic(),
            SubjectNames.ofCommonName("p8"),
            CertificateProfile.DEVICE);
    Files.writeString(
        certificateFile, Pem.encode(List.of(authority.certificate(), line.certificate())));
    Path file = folder.resolve("all.crl");
    CertificateAuthority stranger =
        CertificateAuthority.createRoot(
            "stranger", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random);
    CertificateAuthority namesake =
        CertificateAuthority.createRoot(
            "factory", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random);
    String others = list(stranger, 1).toPem() + list(namesake, 1).toPem();
    String ofLine = list(line, 1, second).toPem() + others;
    write(file, (list(authority, 1).toPem() + ofLine).getBytes(US_ASCII));
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.REFUSE));
    assertInstanceOf(Verification.Accepted.class, verify(trusted.verifier()));
    assertRejected(
        Verification.Reason.REVOKED, trusted.verifier().verify(List.of(second), clock().instant()));

    millis.addAndGet(2_000);
    write(file, (list(authority, 2, device).toPem() + ofLine).getBytes(US_ASCII));
    assertTrue(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
    assertRejected(
        Verification.Reason.REVOKED, trusted.verifier().verify(List.of(second), clock().instant()));
  }

  @Test
  void whatASourceToldOfAnAuthorityStaysWhenItHasNothingOfItAnyMore() throws Exception {
    CertificateAuthority line =
        authority.createIssuing("line", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    Files.writeString(
        certificateFile, Pem.encode(List.of(authority.certificate(), line.certificate())));
    Path file = folder.resolve("all.crl");
    write(file, list(1, device));
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.ACCEPT));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
    millis.addAndGet(2_000);
    write(file, list(line, 1).encoded());
    assertTrue(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
  }

  /** As after a change of owner or mode, which no time of the file tells. */
  @Test
  void aFileThatCouldNotBeUsedIsReadAgainThoughNothingTellsOfAChange() throws Exception {
    Path file = folder.resolve("factory.crl");
    write(file, list(1));
    TrustedAuthorities trusted = trusting(lists(List.of(file), List.of(), Unknown.REFUSE));
    millis.addAndGet(2_000);
    byte[] fresh = list(2, device);
    write(file, new byte[fresh.length]);
    assertFalse(trusted.refresh(List::of));
    write(file, fresh);
    assertTrue(trusted.refresh(List::of));
    assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
  }

  @Test
  void refusesToStartWithAListOfSomebodyElse() throws Exception {
    CertificateAuthority other =
        CertificateAuthority.createRoot(
            "factory", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random);
    Path file = folder.resolve("factory.crl");
    write(file, RevocationList.issue(other, BigInteger.ONE, List.of(), DAY).encoded());
    PkiException refused =
        assertThrows(
            PkiException.class, () -> trusting(lists(List.of(file), List.of(), Unknown.REFUSE)));
    assertTrue(refused.getMessage().contains("not signed by"), refused.getMessage());
  }

  @Test
  void fetchesAListAndKeepsItWhileItsServerIsDownOrServesRubbish() throws Exception {
    try (WebServer server = new WebServer(_ -> new byte[0])) {
      server.answer(list(1));
      TrustedAuthorities trusted =
          trusting(lists(List.of(), List.of(server.address()), Unknown.REFUSE));
      assertRejected(
          Verification.Reason.REVOCATION_UNKNOWN, verify(trusted.verifier())); // not fetched yet
      assertTrue(trusted.refresh(List::of));
      assertInstanceOf(Verification.Accepted.class, verify(trusted.verifier()));
      assertFalse(trusted.refresh(List::of));
      assertEquals(1, server.requests(), "asked again before its time");

      server.answer(
          "<html>under maintenance</html>".getBytes(java.nio.charset.StandardCharsets.UTF_8));
      millis.addAndGet(61_000);
      assertFalse(trusted.refresh(List::of));
      server.status(503);
      millis.addAndGet(61_000);
      assertFalse(trusted.refresh(List::of));
      assertInstanceOf(Verification.Accepted.class, verify(trusted.verifier()));

      server.status(200);
      server.answer(list(2, device));
      millis.addAndGet(61_000);
      assertTrue(trusted.refresh(List::of));
      assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
    }
  }

  private void register(
      TrustedAuthorities trusted,
      List<X509Certificate> anchors,
      Revocation revocation,
      @Nullable String crlPem) {
    trusted.register(
        List.of(new AuthoritySpec("plant", anchors, revocation, crlPem)), RevocationCheck.NONE);
  }

  @Test
  void aListThatWasFetchedOutlivesAChangeOfTheRegisteredAuthority() throws Exception {
    X509Certificate revoked = issue(authority, "p8");
    X509Certificate next =
        CertificateAuthority.createRoot(
                "factory", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random)
            .certificate();
    List<X509Certificate> anchors = List.of(next, authority.certificate());
    TrustedAuthorities trusted =
        TrustedAuthorities.load(TlsConfig.DEFAULTS, List.of(), fetcher, clocks);
    try (WebServer server = new WebServer(_ -> new byte[0])) {
      Revocation fetched = lists(List.of(), List.of(server.address()), Unknown.REFUSE);
      register(trusted, authority.chain(), fetched, null);
      server.answer(list(1, revoked));
      assertTrue(trusted.refresh(List::of));

      server.status(503);
      register(trusted, anchors, fetched, null);
      for (int look = 0; look < 2; look++) {
        assertInstanceOf(Verification.Accepted.class, verify(trusted.verifier()));
        assertRejected(
            Verification.Reason.REVOKED,
            trusted.verifier().verify(List.of(revoked), clock().instant()));
        assertFalse(trusted.refresh(List::of));
      }
      server.status(200);
      server.answer(list(2, revoked, device));
      millis.addAndGet(61_000);
      assertTrue(trusted.refresh(List::of));
      assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));

      URI other = server.address().resolve("/other");
      register(trusted, anchors, lists(List.of(), List.of(other), Unknown.REFUSE), null);
      assertRejected(Verification.Reason.REVOCATION_UNKNOWN, verify(trusted.verifier()));
    }
  }

  /** Its name may be given to another authority. */
  @Test
  void aListThatWasFetchedDoesNotOutliveTheCertificateThatHasSignedIt() throws Exception {
    CertificateAuthority next =
        CertificateAuthority.createRoot(
            "factory", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random);
    List<X509Certificate> ofNext = List.of(issue(next, "p7"));
    TrustedAuthorities trusted =
        TrustedAuthorities.load(TlsConfig.DEFAULTS, List.of(), fetcher, clocks);
    try (WebServer server = new WebServer(_ -> new byte[0])) {
      Revocation fetched = lists(List.of(), List.of(server.address()), Unknown.REFUSE);
      register(trusted, authority.chain(), fetched, null);
      server.answer(list(1));
      assertTrue(trusted.refresh(List::of));
      register(trusted, next.chain(), fetched, null);
      assertRejected(
          Verification.Reason.REVOCATION_UNKNOWN,
          trusted.verifier().verify(ofNext, clock().instant()));
    }
  }

  @Test
  void whatAResponderSaidOutlivesAChangeOfTheRegisteredAuthority() throws Exception {
    var status = new AtomicReference<RevocationStatus>(revoked(RevocationReason.SUPERSEDED));
    TrustedAuthorities trusted =
        TrustedAuthorities.load(TlsConfig.DEFAULTS, List.of(), fetcher, clocks);
    try (WebServer server = new WebServer(responder(status::get)::answer)) {
      Revocation asked = ocsp(server.address(), Unknown.ACCEPT);
      register(trusted, authority.chain(), asked, null);
      assertRejected(Verification.Reason.REVOKED, connect(trusted));

      server.status(503);
      register(trusted, authority.chain(), asked, list(authority, 1).toPem());
      assertRejected(Verification.Reason.REVOKED, connect(trusted));
      assertTrue(trusted.refresh(List::of), "whoever is connected with it is to be told");
      assertFalse(trusted.refresh(List::of));
    }
  }

  @Test
  void anOutdatedListRefusesUnlessItsUnknownIsAccepted() throws Exception {
    Path file = folder.resolve("factory.crl");
    write(file, list(1));
    TrustedAuthorities hard = trusting(lists(List.of(file), List.of(), Unknown.REFUSE));
    TrustedAuthorities soft = trusting(lists(List.of(file), List.of(), Unknown.ACCEPT));
    millis.addAndGet(DAY.toMillis() + 1_000); // also a clock that jumps ahead
    assertRejected(Verification.Reason.REVOCATION_UNKNOWN, verify(hard.verifier()));
    assertInstanceOf(Verification.Accepted.class, verify(soft.verifier()));
  }

  @Test
  void asksAResponderOnceAndRemembersItsAnswer() throws Exception {
    AtomicLong revokedSince = new AtomicLong();
    OcspResponder responder = responder(revokedSince);
    try (WebServer server = new WebServer(responder::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.REFUSE));
      assertInstanceOf(Verification.Accepted.class, verify(trusted.handshakeVerifier()));
      assertRejected(Verification.Reason.REVOCATION_UNKNOWN, verify(trusted.verifier()));
      trusted.prepare(List.of(device)).join();
      assertInstanceOf(Verification.Accepted.class, verify(trusted.verifier()));
      assertTrue(trusted.prepare(List.of(device)).isDone());
      assertEquals(1, server.requests());

      revokedSince.set(millis.get());
      millis.addAndGet(61_000);
      assertTrue(trusted.refresh(connected(List.of(List.of(device)))));
      assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));
      assertRejected(Verification.Reason.REVOKED, verify(trusted.handshakeVerifier()));
    }
  }

  @Test
  void whoIsFoundRevokedAtAConnectIsLookedForAmongTheConnected() throws Exception {
    AtomicLong revokedSince = new AtomicLong(millis.get());
    OcspResponder responder = responder(revokedSince);
    try (WebServer server = new WebServer(responder::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.REFUSE));
      assertFalse(trusted.refresh(List::of));
      trusted.prepare(List.of(device)).join(); // somebody connects
      assertTrue(trusted.refresh(List::of), "others are to be looked at, long before they are due");
      assertFalse(trusted.refresh(List::of));
    }
  }

  @Test
  void aResponderThatIsDownRefusesUnlessItsUnknownIsAccepted() throws Exception {
    try (WebServer server = new WebServer(_ -> new byte[0])) {
      server.status(500);
      TrustedAuthorities hard = trusting(ocsp(server.address(), Unknown.REFUSE));
      hard.prepare(List.of(device)).join();
      assertRejected(Verification.Reason.REVOCATION_UNKNOWN, verify(hard.verifier()));
      TrustedAuthorities soft = trusting(ocsp(server.address(), Unknown.ACCEPT));
      soft.prepare(List.of(device)).join();
      assertInstanceOf(Verification.Accepted.class, verify(soft.verifier()));
      assertTrue(metrics.fetchesFailed.of(Metrics.Fetched.OCSP).value() >= 2);
    }
  }

  /** A host with an underscore is none to {@link URI}. */
  @Test
  void whoCannotBeAskedAnswersNothingAndHoldsNobodyUp() throws Exception {
    Path file = folder.resolve("factory.crl");
    write(file, list(1));
    URI nowhere = URI.create("http://ocsp_ca:2560/");
    Revocation both =
        new Revocation(
            List.of(file), List.of(nowhere), DAY, true, nowhere, DAY, 100, Unknown.REFUSE);
    TrustedAuthorities trusted = trusting(both);
    assertRejected(Verification.Reason.REVOCATION_UNKNOWN, connect(trusted));
    assertRejected(Verification.Reason.REVOCATION_UNKNOWN, connect(trusted));

    millis.addAndGet(DAY.toMillis() - 1_000);
    write(file, list(2, device));
    assertTrue(trusted.refresh(connected(List.of(List.of(device)))));
    assertRejected(Verification.Reason.REVOKED, connect(trusted));
  }

  @Test
  void anAnswerThatDoesNotComeHoldsBackNeitherOthersNorAList() throws Exception {
    X509Certificate slow = issue(authority, "slow");
    CountDownLatch patience = new CountDownLatch(1);
    OcspAuthority.Source source =
        serial -> {
          if (serial.equals(slow.getSerialNumber())) {
            awaitQuietly(patience);
          }
          return revoked(RevocationReason.KEY_COMPROMISE);
        };
    var responder =
        new OcspResponder(
            List.of(OcspAuthority.signingItself(authority, source)), DAY, clock(), random);
    Path file = folder.resolve("factory.crl");
    write(file, list(1));
    try (WebServer server = new WebServer(responder::answer);
        Fetcher patient = new Fetcher(metrics, Duration.ofHours(1))) {
      Revocation both =
          new Revocation(
              List.of(file),
              List.of(),
              DAY,
              true,
              server.address(),
              Duration.ofMinutes(1),
              100,
              Unknown.ACCEPT);
      TrustedAuthorities trusted = trusting(both, patient);
      var told = new AtomicBoolean();
      Runnable look =
          () ->
              trusted.look(
                  connected(List.of(List.of(slow), List.of(device))), () -> told.set(true));
      millis.addAndGet(61_000);
      lookUntil(told::get, look);
      assertRejected(Verification.Reason.REVOKED, verify(trusted.verifier()));

      write(file, list(2, slow));
      lookUntil(
          () ->
              trusted.verifier().verify(List.of(slow), clock().instant())
                  instanceof Verification.Rejected,
          look);
    } finally {
      patience.countDown();
    }
  }

  private static void lookUntil(BooleanSupplier condition, Runnable look) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "nothing is found out while an answer is awaited");
      look.run();
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Asked no more often than those who stay connected, and only when it comes. */
  @Test
  void whoIsOnHoldComesInOnceTheResponderSaysGood() throws Exception {
    var status = new AtomicReference<RevocationStatus>(revoked(RevocationReason.CERTIFICATE_HOLD));
    try (WebServer server = new WebServer(responder(status::get)::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.ACCEPT));
      assertRejected(Verification.Reason.REVOKED, connect(trusted));
      status.set(new RevocationStatus.Good());
      millis.addAndGet(59_000);
      assertRejected(Verification.Reason.REVOKED, verify(trusted.handshakeVerifier()));
      assertRejected(Verification.Reason.REVOKED, connect(trusted));
      assertEquals(1, server.requests());

      millis.addAndGet(1_000);
      server.status(503);
      assertInstanceOf(Verification.Accepted.class, verify(trusted.handshakeVerifier()));
      assertRejected(Verification.Reason.REVOKED, connect(trusted)); // the source is down
      server.status(200);
      status.set(new RevocationStatus.Unknown("forgotten"));
      assertRejected(Verification.Reason.REVOKED, connect(trusted));

      status.set(new RevocationStatus.Good());
      millis.addAndGet(60_000);
      assertInstanceOf(Verification.Accepted.class, connect(trusted));
      assertInstanceOf(Verification.Accepted.class, verify(trusted.handshakeVerifier()));
    }
  }

  @Test
  void whoIsRevokedStaysItWhateverTheResponderSaysLater() throws Exception {
    var status = new AtomicReference<RevocationStatus>(revoked(RevocationReason.SUPERSEDED));
    try (WebServer server = new WebServer(responder(status::get)::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.ACCEPT));
      assertRejected(Verification.Reason.REVOKED, connect(trusted));
      status.set(new RevocationStatus.Good());
      millis.addAndGet(DAY.toMillis());
      assertRejected(Verification.Reason.REVOKED, verify(trusted.handshakeVerifier()));
      assertRejected(Verification.Reason.REVOKED, connect(trusted));
      trusted.refresh(connected(List.of(List.of(device)))); // asked for somebody who is still there
      assertRejected(Verification.Reason.REVOKED, connect(trusted));
    }
  }

  /** A responder is asked about each certificate below the one that is trusted. */
  @Test
  void anAuthorityThatTheClientSendsIsAskedAboutToo() throws Exception {
    CertificateAuthority line =
        authority.createIssuing("line 1", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    var ofLine = new AtomicReference<RevocationStatus>(new RevocationStatus.Good());
    OcspResponder both =
        new OcspResponder(
            List.of(
                OcspAuthority.signingItself(authority, _ -> ofLine.get()),
                OcspAuthority.signingItself(line, _ -> new RevocationStatus.Good())),
            Duration.ofMinutes(30),
            clock(),
            random);
    List<X509Certificate> pump = line.presentedChainOf(issue(line, "pump"));
    List<X509Certificate> valve = line.presentedChainOf(issue(line, "valve"));
    try (WebServer server = new WebServer(both::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.REFUSE));
      assertInstanceOf(Verification.Accepted.class, connect(trusted, pump));
      assertInstanceOf(Verification.Accepted.class, connect(trusted, valve));
      assertEquals(3, server.requests());

      ofLine.set(revoked(RevocationReason.CA_COMPROMISE));
      millis.addAndGet(61_000);
      assertTrue(trusted.refresh(connected(List.of(pump, valve))));
      assertEquals(6, server.requests(), "once about what both stand below");
      assertRejected(Verification.Reason.REVOKED, connect(trusted, pump));
      assertRejected(Verification.Reason.REVOKED, connect(trusted, valve));
    }
  }

  /** Signatures of thousands of clients at each round would take the time of those who come. */
  @Test
  void whoIsConnectedIsAskedAboutWithoutASignatureCheck() throws Exception {
    try (WebServer server = new WebServer(responder(new AtomicLong())::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.REFUSE));
      millis.addAndGet(61_000);
      trusted.refresh(connected(List.of(List.of(device))));
      assertEquals(1, server.requests());
      assertTrue(
          trusted
              .handshakeVerifier()
              .rememberedPathOf(List.of(device), clock().instant())
              .isEmpty(),
          "checked, and remembered in the place of one who comes");
    }
  }

  @Test
  void onlyWhoseAuthorityHasAResponderIsLookedAtForWhomToAsk() throws Exception {
    CertificateAuthority other =
        CertificateAuthority.createRoot(
            "other", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random);
    List<X509Certificate> ofOther = List.of(issue(other, "p8"));
    try (WebServer server = new WebServer(responder(new AtomicLong())::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.REFUSE));
      trusted.register(List.of(AuthoritySpec.of("other-ca", other.chain())), RevocationCheck.NONE);
      assertTrue(trusted.prepareKnown(ofOther).orElseThrow().isDone());
      assertTrue(trusted.prepareKnown(List.of(device)).isEmpty());
      trusted.prepare(List.of(device)).join();
      assertTrue(trusted.prepareKnown(List.of(device)).orElseThrow().isDone());
      assertEquals(1, server.requests());
    }
  }

  @Test
  void whoStaysBecauseAnotherAuthorityVouchesNowIsAskedAboutByThatOne() throws Exception {
    CertificateAuthority line =
        authority.createIssuing("line 1", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    List<X509Certificate> pump = line.presentedChainOf(issue(line, "pump"));
    var acceptedByLine = new AcceptedChain(pump, new TrustPath(1, line.certificate()));
    try (WebServer server = new WebServer(_ -> new byte[0])) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.REFUSE));
      millis.addAndGet(61_000);
      trusted.refresh(() -> List.of(acceptedByLine));
      assertEquals(2, server.requests());
    }
  }

  @Test
  void eachKeyOfOneNameIsAskedAboutItsOwnDevices() throws Exception {
    CertificateAuthority rekeyed =
        CertificateAuthority.createRoot(
            "factory", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random);
    List<X509Certificate> ofNewKey = List.of(issue(rekeyed, "p8"));
    Files.writeString(certificateFile, Pem.encode(rekeyed.chain()), StandardOpenOption.APPEND);
    OcspAuthority.Source good = _ -> new RevocationStatus.Good();
    OcspResponder both =
        new OcspResponder(
            List.of(
                OcspAuthority.signingItself(authority, good),
                OcspAuthority.signingItself(rekeyed, good)),
            Duration.ofMinutes(30),
            clock(),
            random);
    try (WebServer server = new WebServer(both::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.REFUSE));
      assertInstanceOf(Verification.Accepted.class, connect(trusted));
      assertInstanceOf(Verification.Accepted.class, connect(trusted, ofNewKey));
      assertEquals(2, server.requests());
    }
  }

  @Test
  void whatIsKnownOutlivesTheCertificateOfTheAuthority() throws Exception {
    CertificateAuthority line =
        authority.createIssuing("line 1", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    X509Certificate before =
        authority.issue(
            line.certificate().getPublicKey(),
            SubjectNames.ofCommonName("line 1"),
            CertificateProfile.ISSUING.withValidity(DAY));
    Files.writeString(certificateFile, Pem.encode(List.of(before, line.certificate())));
    List<X509Certificate> pump = List.of(issue(line, "pump"));
    var responder =
        new OcspResponder(
            List.of(
                OcspAuthority.signingItself(line, _ -> revoked(RevocationReason.KEY_COMPROMISE))),
            Duration.ofMinutes(30),
            clock(),
            random);
    try (WebServer server = new WebServer(responder::answer)) {
      TrustedAuthorities trusted = trusting(ocsp(server.address(), Unknown.ACCEPT));
      assertRejected(Verification.Reason.REVOKED, connect(trusted, pump));
      server.status(503);
      millis.addAndGet(DAY.toMillis());
      assertRejected(Verification.Reason.REVOKED, connect(trusted, pump));
    }
  }

  /** Else whoever has one good certificate could send the broker anywhere. */
  @Test
  void nobodyIsAskedWhereACertificateSaysThatLeadsNowhere() throws Exception {
    try (WebServer server = new WebServer(_ -> new byte[0])) {
      var urls = new AuthorityUrls(List.of(), List.of(server.address().toString()), List.of());
      CertificateAuthority impostor =
          CertificateAuthority.createRoot(
                  "factory", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock(), random)
              .withUrls(urls)
              .createIssuing("factory", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING)
              .withUrls(urls);
      TrustedAuthorities trusted = trusting(ocsp(null, Unknown.ACCEPT));
      List<X509Certificate> superfluous = List.of(device, impostor.certificate());
      assertInstanceOf(Verification.Accepted.class, connect(trusted, superfluous));
      List<X509Certificate> forged = List.of(issue(impostor, "p7"), impostor.certificate());
      assertRejected(Verification.Reason.BAD_SIGNATURE, connect(trusted, forged));
      assertEquals(0, server.requests());
    }
  }

  private X509Certificate issue(CertificateAuthority by, String id) throws PkiException {
    return by.issue(
        KeyAlgorithm.EC_P256.generate(random).getPublic(),
        SubjectNames.ofCommonName(id),
        CertificateProfile.DEVICE);
  }

  private Verification connect(TrustedAuthorities trusted) {
    return connect(trusted, List.of(device));
  }

  private Verification connect(TrustedAuthorities trusted, List<X509Certificate> chain) {
    trusted.prepare(chain).join();
    return trusted.verifier().verify(chain, clock().instant());
  }

  /** Clients that were accepted because the authority signed the last certificate they sent. */
  private Supplier<List<AcceptedChain>> connected(List<List<X509Certificate>> chains) {
    return () ->
        chains.stream()
            .map(
                chain ->
                    new AcceptedChain(chain, new TrustPath(chain.size(), authority.certificate())))
            .toList();
  }

  private static RevocationStatus revoked(RevocationReason reason) {
    return new RevocationStatus.Revoked(START, reason);
  }

  private OcspResponder responder(AtomicLong revokedSince) {
    return responder(
        () ->
            revokedSince.get() == 0
                ? new RevocationStatus.Good()
                : new RevocationStatus.Revoked(
                    Instant.ofEpochMilli(revokedSince.get()), RevocationReason.KEY_COMPROMISE));
  }

  private OcspResponder responder(Supplier<RevocationStatus> status) {
    OcspAuthority.Source source = _ -> status.get();
    return new OcspResponder(
        List.of(OcspAuthority.signingItself(authority, source)),
        Duration.ofMinutes(30),
        clock(),
        random);
  }
}

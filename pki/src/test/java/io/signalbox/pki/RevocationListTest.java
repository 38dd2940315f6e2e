package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RevocationListTest {
  private TestPki pki;
  private X509Certificate good;
  private X509Certificate revoked;
  private X509Certificate authority;

  @BeforeEach
  void makeCertificates() throws PkiException {
    pki = new TestPki();
    authority = pki.issuing.certificate();
    good = pki.device("good").certificate();
    revoked = pki.device("revoked").certificate();
  }

  @Test
  void saysWhoIsRevokedSinceWhenAndWhy() throws PkiException {
    RevocationListCheck check = RevocationListCheck.of(list(), authority);
    assertEquals(
        new RevocationStatus.Revoked(TestPki.START, RevocationReason.PRIVILEGE_WITHDRAWN),
        check.status(revoked, authority, now()));
    assertEquals(new RevocationStatus.Good(), check.status(good, authority, now()));
  }

  @Test
  void isTheSameAfterADiskOrAWire() throws PkiException {
    RevocationList list = list();
    for (byte[] bytes : List.of(list.encoded(), bytes(list.toPem()))) {
      RevocationList again = RevocationList.parse(bytes, "list");
      assertEquals(list.find(revoked.getSerialNumber()), again.find(revoked.getSerialNumber()));
      assertEquals(1, again.size());
      assertEquals(now().plus(Duration.ofDays(1)), again.nextUpdate());
    }
  }

  @Test
  void severalMayBeInOnePemText() throws PkiException {
    RevocationList root =
        RevocationList.issue(pki.root, BigInteger.ONE, List.of(), Duration.ofDays(1));
    String text = "root:\n" + root.toPem() + "\n# issuing\n" + list().toPem() + "\n";
    List<RevocationList> both = parseAll(text);
    assertEquals(List.of(0, 1), both.stream().map(RevocationList::size).toList());
    Refusals.assertRefused("2 revocation lists", () -> RevocationList.parse(bytes(text), "list"));

    String certificate = Pem.encode(List.of(good));
    Refusals.assertRefused(
        "\"CERTIFICATE\" where only revocation lists belong", () -> parseAll(text + certificate));
    String cut = text.substring(0, text.lastIndexOf("-----END"));
    Refusals.assertRefused("truncated", () -> parseAll(cut));
    Refusals.assertRefused("more than the limit of 100", () -> parseAll(text.repeat(51)));
  }

  @Test
  void nothingMayFollowAListInDer() throws PkiException {
    byte[] der = list().encoded();
    byte[] more = Arrays.copyOf(der, der.length + 3);
    Refusals.assertRefused("3 bytes behind", () -> RevocationList.parseAll(more, "list"));
  }

  private static List<RevocationList> parseAll(String text) throws PkiException {
    return RevocationList.parseAll(bytes(text), "list");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void carriesEveryReason() throws PkiException {
    for (RevocationReason reason : RevocationReason.values()) {
      var entry = new RevokedCertificate(BigInteger.TWO, TestPki.START, reason);
      RevocationList list =
          RevocationList.issue(pki.issuing, BigInteger.ONE, List.of(entry), Duration.ofDays(1));
      assertEquals(entry, list.find(BigInteger.TWO).orElseThrow());
      assertEquals(reason, RevocationReason.of(reason.code()));
    }
    assertEquals(RevocationReason.UNSPECIFIED, RevocationReason.of(99));
  }

  @Test
  void tellsNothingWhenOutdatedExceptWhatWasRevoked() throws PkiException {
    RevocationListCheck check = RevocationListCheck.of(list(), authority);
    Instant later = now().plus(Duration.ofDays(1));
    assertInstanceOf(RevocationStatus.Unknown.class, check.status(good, authority, later));
    assertInstanceOf(RevocationStatus.Revoked.class, check.status(revoked, authority, later));
  }

  @Test
  void tellsNothingWhenTheClockJumpedBack() throws PkiException {
    RevocationListCheck check = RevocationListCheck.of(list(), authority);
    assertInstanceOf(
        RevocationStatus.Good.class,
        check.status(good, authority, now().minus(Duration.ofMinutes(4))));
    assertInstanceOf(
        RevocationStatus.Unknown.class,
        check.status(good, authority, now().minus(Duration.ofMinutes(6))));
  }

  @Test
  void tellsNothingAboutAnotherAuthority() throws PkiException {
    TestPki other = new TestPki();
    RevocationListCheck check = RevocationListCheck.of(list(), authority);
    X509Certificate foreign = other.issuing.certificate(); // of the same name
    assertInstanceOf(
        RevocationStatus.Unknown.class,
        check.status(other.device("d").certificate(), foreign, now()));
  }

  @Test
  void isRefusedFromAnybodyElse() throws PkiException {
    RevocationList list = list();
    TestPki sameNames = new TestPki();
    Refusals.assertRefused(
        "was not signed by", () -> RevocationListCheck.of(list, sameNames.issuing.certificate()));
    Refusals.assertRefused(
        "was not signed by", () -> RevocationListCheck.of(list, pki.root.certificate()));
    Refusals.assertRefused(
        "may not sign revocation lists", () -> RevocationListCheck.of(list, good));
  }

  @Test
  void askingSeveralListsFindsTheResponsibleOne() throws PkiException {
    TestPki other = new TestPki("other", KeyAlgorithm.EC_P256);
    RevocationList otherList =
        RevocationList.issue(other.issuing, BigInteger.ONE, List.of(), Duration.ofDays(1));
    RevocationCheck both =
        RevocationCheck.anyOf(
            List.of(
                RevocationListCheck.of(otherList, other.issuing.certificate()),
                RevocationListCheck.of(list(), authority)));
    assertInstanceOf(RevocationStatus.Revoked.class, both.status(revoked, authority, now()));
    assertInstanceOf(
        RevocationStatus.Unknown.class, both.status(authority, pki.root.certificate(), now()));
    assertInstanceOf(
        RevocationStatus.Unknown.class,
        RevocationCheck.anyOf(List.of()).status(good, authority, now()));
  }

  @Test
  void revokedByAnyListIsRevoked() throws PkiException {
    RevocationList empty =
        RevocationList.issue(pki.issuing, BigInteger.ONE, List.of(), Duration.ofDays(1));
    RevocationCheck both =
        RevocationCheck.anyOf(
            List.of(
                RevocationListCheck.of(empty, authority),
                RevocationListCheck.of(list(), authority)));
    assertInstanceOf(RevocationStatus.Revoked.class, both.status(revoked, authority, now()));
    assertInstanceOf(RevocationStatus.Good.class, both.status(good, authority, now()));
  }

  /** RFC 5280 section 6.3.3 (k); a complete list should leave such an entry out. */
  @Test
  void anEntryThatTakesARevocationBackRevokesNobody() throws Exception {
    var builder = new X509v2CRLBuilder(pki.issuing.issuer().name(), Date.from(now()));
    builder.setNextUpdate(Date.from(now().plusSeconds(1_000)));
    builder.addCRLEntry(revoked.getSerialNumber(), Date.from(now()), CRLReason.removeFromCRL);
    byte[] list = builder.build(pki.issuing.issuer().signer(pki.random)).getEncoded();
    RevocationListCheck check =
        RevocationListCheck.of(RevocationList.parse(list, "list"), authority);
    assertInstanceOf(RevocationStatus.Good.class, check.status(revoked, authority, now()));
  }

  @Test
  void ofTwoOfOneSecondTheHigherNumberIsNewer() throws PkiException {
    RevocationList first = list();
    RevocationList second =
        RevocationList.issue(pki.issuing, BigInteger.TWO, List.of(), Duration.ofDays(1));
    assertTrue(second.isNewerThan(first) && !first.isNewerThan(second));
  }

  @Test
  void anOlderOneIsRecognised() throws PkiException {
    RevocationList older = list();
    pki.clock.advance(Duration.ofHours(1));
    RevocationList newer = list();
    assertTrue(newer.isNewerThan(older) && !older.isNewerThan(newer) && !older.isNewerThan(older));
  }

  @Test
  void respectsItsScope() throws Exception {
    RevocationListCheck authorities =
        RevocationListCheck.of(
            scoped(new IssuingDistributionPoint(null, false, true, null, false, false)), authority);
    assertInstanceOf(RevocationStatus.Unknown.class, authorities.status(good, authority, now()));
    RevocationListCheck users =
        RevocationListCheck.of(
            scoped(new IssuingDistributionPoint(null, true, false, null, false, false)), authority);
    assertInstanceOf(RevocationStatus.Good.class, users.status(good, authority, now()));
  }

  /** RFC 5280 section 6.3.3 (b)(2)(i). */
  @Test
  void onePartOfASplitListTellsOnlyOfCertificatesThatNameIt() throws Exception {
    X509Certificate first = deviceOf("http://pki.example/1.crl", "ldap://pki.example/1");
    X509Certificate second = deviceOf("http://pki.example/2.crl");
    RevocationListCheck part =
        RevocationListCheck.of(
            scoped(part("http://elsewhere.example/1.crl", "http://pki.example/1.crl")), authority);
    assertInstanceOf(RevocationStatus.Good.class, part.status(first, authority, now()));
    assertInstanceOf(RevocationStatus.Unknown.class, part.status(second, authority, now()));
    assertInstanceOf(
        RevocationStatus.Good.class,
        part.status(good, authority, now()),
        "names no point, so there is but one list");

    RevocationCheck both =
        RevocationCheck.anyOf(
            List.of(
                part, RevocationListCheck.of(scoped(part("http://pki.example/2.crl")), authority)));
    assertInstanceOf(RevocationStatus.Good.class, both.status(second, authority, now()));
  }

  @Test
  void aPointMayBeNamedRelativeToTheIssuer() {
    var relative =
        new DistributionPointName(
            DistributionPointName.NAME_RELATIVE_TO_CRL_ISSUER,
            new DERSet(new AttributeTypeAndValue(BCStyle.CN, new DERUTF8String("part 1"))));
    assertEquals(
        Set.of(new GeneralName(new X500Name("CN=factory,CN=part 1"))),
        DistributionPoints.names(relative, new X500Name("CN=factory")));
  }

  private static IssuingDistributionPoint part(String... urls) {
    GeneralName[] names =
        Arrays.stream(urls)
            .map(url -> new GeneralName(GeneralName.uniformResourceIdentifier, url))
            .toArray(GeneralName[]::new);
    return new IssuingDistributionPoint(
        new DistributionPointName(new GeneralNames(names)), false, false, null, false, false);
  }

  /** A device whose certificate says that its list is at these addresses. */
  private X509Certificate deviceOf(String... urls) throws PkiException {
    CertificateAuthority publishing =
        pki.issuing.withUrls(new AuthorityUrls(List.of(urls), List.of(), List.of()));
    return publishing.issue(
        KeyAlgorithm.EC_P256.generate(pki.random).getPublic(),
        SubjectNames.ofCommonName("device"),
        CertificateProfile.DEVICE);
  }

  @Test
  void isRefusedWhenIncomplete() {
    Refusals.assertRefused(
        "indirect",
        () -> scoped(new IssuingDistributionPoint(null, false, false, null, true, false)));
    Refusals.assertRefused(
        "critical extension 2.5.29.27",
        () ->
            RevocationList.parse(
                build(Extension.deltaCRLIndicator, new CRLNumber(BigInteger.ONE), true), "delta"));
    Refusals.assertRefused(
        "does not say when the next one comes",
        () ->
            RevocationList.parse(
                build(Extension.cRLNumber, new CRLNumber(BigInteger.ONE), false), "list"));
  }

  @Test
  void isRefusedWhenTruncatedDamagedOrTooLarge() throws PkiException {
    byte[] der = list().encoded();
    for (int length = 0; length < der.length; length += 7) {
      byte[] cut = Arrays.copyOf(der, length);
      Refusals.assertRefused(
          "not a readable revocation list", () -> RevocationList.parse(cut, "list"));
    }
    Refusals.assertRefused(
        "more than the limit",
        () -> RevocationList.parse(new byte[RevocationList.LIST_BYTES_MAX + 1], "list"));
    byte[] changed = der.clone();
    changed[changed.length - 1] ^= 1;
    Refusals.assertRefused(
        "was not signed by",
        () -> RevocationListCheck.of(RevocationList.parse(changed, "list"), authority));
  }

  @Test
  void holdsManyEntries() throws PkiException {
    List<RevokedCertificate> many =
        IntStream.range(0, 10_000)
            .mapToObj(
                i ->
                    new RevokedCertificate(
                        BigInteger.valueOf(i + 1), TestPki.START, RevocationReason.SUPERSEDED))
            .toList();
    RevocationList list =
        RevocationList.issue(pki.issuing, BigInteger.ONE, many, Duration.ofDays(1));
    assertEquals(10_000, list.size());
    assertEquals(many.getLast(), list.find(BigInteger.valueOf(10_000)).orElseThrow());
  }

  private RevocationList list() throws PkiException {
    var entry =
        new RevokedCertificate(
            revoked.getSerialNumber(), TestPki.START, RevocationReason.PRIVILEGE_WITHDRAWN);
    return RevocationList.issue(pki.issuing, BigInteger.ONE, List.of(entry), Duration.ofDays(1));
  }

  private RevocationList scoped(IssuingDistributionPoint point) throws Exception {
    return RevocationList.parse(build(Extension.issuingDistributionPoint, point, true), "scoped");
  }

  /**
   * A list with one critical or plain extension; a plain one comes without the time of the next
   * list.
   */
  private byte[] build(
      org.bouncycastle.asn1.ASN1ObjectIdentifier oid,
      org.bouncycastle.asn1.ASN1Encodable value,
      boolean critical)
      throws Exception {
    var builder = new X509v2CRLBuilder(pki.issuing.issuer().name(), Date.from(now()));
    if (critical) {
      builder.setNextUpdate(Date.from(now().plusSeconds(1_000)));
    }
    builder.addExtension(oid, critical, value);
    return builder.build(pki.issuing.issuer().signer(pki.random)).getEncoded();
  }

  private Instant now() {
    return pki.clock.instant();
  }
}

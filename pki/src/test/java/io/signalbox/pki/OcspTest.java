package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OcspTest {
  private TestPki pki;
  private X509Certificate good;
  private X509Certificate revoked;
  private X509Certificate authority;
  private OcspResponder responder;

  @BeforeEach
  void makeResponder() throws PkiException {
    pki = new TestPki();
    authority = pki.issuing.certificate();
    good = pki.device("good").certificate();
    revoked = pki.device("revoked").certificate();
    responder = responder(OcspAuthority.signingItself(pki.issuing, this::status));
  }

  @Test
  void answersWhatTheSourceKnows() throws PkiException {
    assertEquals(new RevocationStatus.Good(), ask(good).status());
    assertEquals(
        new RevocationStatus.Revoked(TestPki.START, RevocationReason.SUPERSEDED),
        ask(revoked).status());
    assertInstanceOf(
        RevocationStatus.Unknown.class, ask(pki.device("never-registered").certificate()).status());
    assertEquals(now().plus(Duration.ofHours(1)), ask(good).validUntil());
  }

  @Test
  void anAnswerServesEveryoneWhenTheQuestionHasNoNonce() throws PkiException {
    byte[] stored = responder.answer(OcspQuestion.of(good, authority).encoded());
    assertEquals(
        new RevocationStatus.Good(), OcspQuestion.of(good, authority).read(stored, now()).status());
    Refusals.assertRefused(
        "nonce", () -> OcspQuestion.fresh(good, authority, pki.random).read(stored, now()));
  }

  @Test
  void refusesAnAnswerToAnotherQuestion() {
    OcspQuestion one = OcspQuestion.fresh(good, authority, pki.random);
    byte[] answer = responder.answer(OcspQuestion.fresh(good, authority, pki.random).encoded());
    Refusals.assertRefused("nonce", () -> one.read(answer, now()));
    byte[] other = responder.answer(OcspQuestion.of(revoked, authority).encoded());
    Refusals.assertRefused(
        "about another certificate", () -> OcspQuestion.of(good, authority).read(other, now()));
  }

  @Test
  void refusesAnAnswerOutsideItsTime() {
    OcspQuestion question = OcspQuestion.of(good, authority);
    byte[] answer = responder.answer(question.encoded());
    Refusals.assertRefused(
        "ended at", () -> question.read(answer, now().plus(Duration.ofHours(1))));
    Refusals.assertRefused(
        "from the future", () -> question.read(answer, now().minus(Duration.ofHours(1))));
  }

  @Test
  void acceptsADelegateOfTheAuthorityAndNobodyElse() throws PkiException {
    TlsIdentity delegate =
        pki.identity(SubjectNames.ofCommonName("ocsp"), CertificateProfile.OCSP_RESPONDER);
    OcspResponder delegated =
        responder(OcspAuthority.delegatedTo(delegate, authority, this::status, pki.random));
    OcspQuestion question = OcspQuestion.of(revoked, authority);
    byte[] answer = delegated.answer(question.encoded());
    assertInstanceOf(RevocationStatus.Revoked.class, question.read(answer, now()).status());

    TlsIdentity device = pki.device("d");
    Refusals.assertRefused(
        "profile \"ocsp-responder\"",
        () -> OcspAuthority.delegatedTo(device, authority, this::status, pki.random));
    TestPki sameNames = new TestPki();
    TlsIdentity foreign =
        sameNames.identity(SubjectNames.ofCommonName("ocsp"), CertificateProfile.OCSP_RESPONDER);
    Refusals.assertRefused(
        "was not issued by",
        () -> OcspAuthority.delegatedTo(foreign, authority, this::status, pki.random));
  }

  @Test
  void refusesAnAnswerOfAForeignAuthorityWithTheSameName() throws PkiException {
    TestPki impostor = new TestPki();
    OcspResponder foreign =
        responder(OcspAuthority.signingItself(impostor.issuing, _ -> new RevocationStatus.Good()));
    // The question names the impostor, so that it answers at all.
    X509Certificate same = impostor.device("good").certificate();
    byte[] answer = foreign.answer(OcspQuestion.of(same, impostor.issuing.certificate()).encoded());
    Refusals.assertRefused(
        "is not signed by", () -> OcspQuestion.of(good, authority).read(answer, now()));
  }

  @Test
  void refusesAnExpiredDelegate() throws PkiException {
    TlsIdentity delegate =
        pki.identity(SubjectNames.ofCommonName("ocsp"), CertificateProfile.OCSP_RESPONDER);
    OcspResponder delegated =
        responder(OcspAuthority.delegatedTo(delegate, authority, this::status, pki.random));
    pki.clock.advance(CertificateProfile.OCSP_RESPONDER.validity());
    OcspQuestion question = OcspQuestion.of(good, authority);
    byte[] answer = delegated.answer(question.encoded());
    Refusals.assertRefused("is not signed by", () -> question.read(answer, now()));
  }

  @Test
  void choosesTheAuthorityAmongSeveral() throws PkiException {
    TestPki other = new TestPki("other", KeyAlgorithm.RSA_2048);
    X509Certificate theirs = other.device("d").certificate();
    var both =
        new OcspResponder(
            List.of(
                OcspAuthority.signingItself(pki.issuing, this::status),
                OcspAuthority.signingItself(other.issuing, _ -> new RevocationStatus.Good())),
            Duration.ofHours(1),
            pki.clock,
            pki.random);
    OcspQuestion question = OcspQuestion.fresh(theirs, other.issuing.certificate(), pki.random);
    assertEquals(
        new RevocationStatus.Good(),
        question.read(both.answer(question.encoded()), now()).status());
  }

  @Test
  void refusesToAnswerForStrangersAndRubbish() throws Exception {
    TestPki stranger = new TestPki("stranger", KeyAlgorithm.EC_P256);
    X509Certificate theirs = stranger.device("d").certificate();
    assertStatus(
        OCSPRespBuilder.UNAUTHORIZED,
        OcspQuestion.of(theirs, stranger.issuing.certificate()).encoded());
    assertStatus(OCSPRespBuilder.MALFORMED_REQUEST, new byte[0]);
    assertStatus(OCSPRespBuilder.MALFORMED_REQUEST, new byte[OcspResponder.REQUEST_BYTES_MAX + 1]);
    assertStatus(
        OCSPRespBuilder.MALFORMED_REQUEST,
        "GET / HTTP/1.1".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    Refusals.assertRefused(
        "refuses to answer (status 1)",
        () -> OcspQuestion.of(good, authority).read(responder.answer(new byte[] {1}), now()));
  }

  @Test
  void limitsNonceAndNumberOfCertificates() throws Exception {
    byte[] longNonce = new DEROctetString(new byte[OcspResponder.NONCE_BYTES_MAX + 1]).getEncoded();
    assertStatus(OCSPRespBuilder.MALFORMED_REQUEST, request(1, longNonce));
    byte[] nonce = new DEROctetString(new byte[OcspResponder.NONCE_BYTES_MAX]).getEncoded();
    assertStatus(OCSPRespBuilder.SUCCESSFUL, request(OcspResponder.CERTIFICATES_MAX, nonce));
    assertStatus(
        OCSPRespBuilder.MALFORMED_REQUEST, request(OcspResponder.CERTIFICATES_MAX + 1, nonce));
  }

  @Test
  void answersEveryDamagedQuestion() throws Exception {
    byte[] question = OcspQuestion.fresh(good, authority, pki.random).encoded();
    Random seeded = new Random(6960);
    for (int round = 0; round < 3_000; round++) {
      byte[] damaged = Arrays.copyOf(question, seeded.nextInt(question.length) + 1);
      damaged[seeded.nextInt(damaged.length)] = (byte) seeded.nextInt(256);
      int status = new OCSPResp(responder.answer(damaged)).getStatus();
      assertTrue(
          status == 0
              || status == OCSPRespBuilder.MALFORMED_REQUEST
              || status == OCSPRespBuilder.UNAUTHORIZED,
          "status " + status);
    }
  }

  @Test
  void refusesEveryDamagedAnswer() {
    OcspQuestion question = OcspQuestion.fresh(good, authority, pki.random);
    byte[] answer = responder.answer(question.encoded());
    Random seeded = new Random(2560);
    for (int round = 0; round < 1_000; round++) {
      byte[] damaged = answer.clone();
      damaged[seeded.nextInt(damaged.length)] ^= (byte) (1 << seeded.nextInt(8));
      Refusals.assertRefused("OCSP", () -> question.read(damaged, now()));
    }
    Refusals.assertRefused("more than the limit", () -> question.read(new byte[1 << 20], now()));
  }

  @Test
  void readsQuestionsFromAPath() {
    byte[] question = OcspQuestion.of(good, authority).encoded();
    assertEquals(
        Arrays.toString(question),
        Arrays.toString(
            OcspResponder.questionInPath(Base64.getEncoder().encodeToString(question))));
    assertEquals(0, OcspResponder.questionInPath("%%%").length);
  }

  @Test
  void remembersAnswersWithinItsBounds() throws PkiException {
    OcspAnswers memory = new OcspAnswers(2);
    assertInstanceOf(RevocationStatus.Unknown.class, memory.status(good, authority, now()));
    memory.put(good, authority, ask(good), now());
    memory.put(revoked, authority, ask(revoked), now());
    assertInstanceOf(RevocationStatus.Good.class, memory.status(good, authority, now()));
    Instant later = now().plus(Duration.ofHours(2));
    assertInstanceOf(RevocationStatus.Unknown.class, memory.status(good, authority, later));
    assertInstanceOf(RevocationStatus.Revoked.class, memory.status(revoked, authority, later));
    X509Certificate third = pki.device("third").certificate();
    memory.put(third, authority, new OcspAnswer(GOOD, now(), later), now());
    assertEquals(2, memory.size());
    assertInstanceOf(RevocationStatus.Good.class, memory.status(third, authority, now()));
    assertInstanceOf(RevocationStatus.Unknown.class, memory.status(good, authority, now()));
    assertInstanceOf(
        RevocationStatus.Revoked.class,
        memory.status(revoked, authority, now()),
        "older, but nothing else keeps it out while the responder is down");
    memory.put(third, authority, revokedFor(RevocationReason.KEY_COMPROMISE, now()), now());
    memory.put(good, authority, ask(good), now());
    assertInstanceOf(RevocationStatus.Good.class, memory.status(good, authority, now()));
    assertEquals(2, memory.size());
    assertInstanceOf(RevocationStatus.Unknown.class, memory.status(revoked, authority, now()));
    assertInstanceOf(RevocationStatus.Revoked.class, memory.status(third, authority, now()));
  }

  @Test
  void anAnswerIsOfTheIssuersKeyWhicheverOfItsCertificatesStandsForIt() throws PkiException {
    X509Certificate renewed =
        pki.root.issue(
            authority.getPublicKey(),
            SubjectNames.ofCommonName("test issuing"),
            CertificateProfile.ISSUING);
    OcspAnswers memory = new OcspAnswers(2);
    memory.put(revoked, authority, ask(revoked), now());
    assertInstanceOf(RevocationStatus.Revoked.class, memory.status(revoked, renewed, now()));
    X509Certificate rekeyed = new TestPki().issuing.certificate();
    assertInstanceOf(RevocationStatus.Unknown.class, memory.status(revoked, rekeyed, now()));
  }

  private static final RevocationStatus GOOD = new RevocationStatus.Good();

  private OcspAnswer revokedFor(RevocationReason reason, Instant thisUpdate) {
    return new OcspAnswer(
        new RevocationStatus.Revoked(TestPki.START, reason),
        thisUpdate,
        thisUpdate.plus(Duration.ofHours(9)));
  }

  /** Somebody between repeats what the responder said earlier: first the older hold, then good. */
  @Test
  void anOldHoldServedAgainPreparesNoRelease() {
    OcspAnswers memory = new OcspAnswers(2);
    Instant until = now().plus(Duration.ofHours(9));
    OcspAnswer oldHold = revokedFor(RevocationReason.CERTIFICATE_HOLD, now());
    OcspAnswer oldGood = new OcspAnswer(GOOD, now().plusSeconds(60), until);
    OcspAnswer hold = revokedFor(RevocationReason.CERTIFICATE_HOLD, now().plusSeconds(120));
    for (OcspAnswer answer : List.of(oldHold, oldGood, hold, oldHold, oldGood)) {
      memory.put(good, authority, answer, now());
    }
    assertInstanceOf(RevocationStatus.Revoked.class, memory.status(good, authority, now()));
    memory.put(good, authority, new OcspAnswer(GOOD, now().plusSeconds(180), until), now());
    assertInstanceOf(RevocationStatus.Good.class, memory.status(good, authority, now()));
  }

  private OcspAnswer ask(X509Certificate certificate) throws PkiException {
    OcspQuestion question = OcspQuestion.fresh(certificate, authority, pki.random);
    return question.read(responder.answer(question.encoded()), now());
  }

  private RevocationStatus status(java.math.BigInteger serial) {
    if (serial.equals(revoked.getSerialNumber())) {
      return new RevocationStatus.Revoked(TestPki.START, RevocationReason.SUPERSEDED);
    }
    return serial.equals(good.getSerialNumber())
        ? new RevocationStatus.Good()
        : new RevocationStatus.Unknown("never issued");
  }

  private OcspResponder responder(OcspAuthority answering) {
    return new OcspResponder(List.of(answering), Duration.ofHours(1), pki.clock, pki.random);
  }

  private byte[] request(int certificates, byte[] nonce) throws Exception {
    var builder = new OCSPReqBuilder();
    var digest = Digests.provider().get(CertificateID.HASH_SHA1);
    for (int i = 0; i < certificates; i++) {
      builder.addRequest(
          new CertificateID(digest, Certificates.holder(authority), good.getSerialNumber()));
    }
    builder.setRequestExtensions(new Extensions(new Extension(OcspAuthority.NONCE, false, nonce)));
    return builder.build().getEncoded();
  }

  private void assertStatus(int status, byte[] question) throws Exception {
    assertEquals(status, new OCSPResp(responder.answer(question)).getStatus());
  }

  private Instant now() {
    return pki.clock.instant();
  }
}

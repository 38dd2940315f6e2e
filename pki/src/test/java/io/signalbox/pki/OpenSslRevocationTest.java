package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What OpenSSL says of our revocation lists and OCSP answers, and we of its. */
class OpenSslRevocationTest {
  private OpenSsl openssl;
  private TestPki pki;
  private X509Certificate good;
  private X509Certificate revoked;
  private OcspAuthority.Source source;

  @TempDir private Path folder;

  @BeforeEach
  void makeCertificates() throws Exception {
    openssl = new OpenSsl(folder);
    pki = TestPki.ofToday();
    good = pki.device("good").certificate();
    revoked = pki.device("revoked").certificate();
    Instant since = pki.clock.instant().minusSeconds(60);
    source =
        serial ->
            serial.equals(revoked.getSerialNumber())
                ? new RevocationStatus.Revoked(since, RevocationReason.KEY_COMPROMISE)
                : new RevocationStatus.Good();
    openssl.write("root.crt", Pem.encode(pki.root.chain()));
    openssl.write("issuing.crt", Pem.encode(List.of(pki.issuing.certificate())));
    openssl.write("issuing.key", Pem.encode(pki.issuing.key()));
    openssl.write("good.crt", Pem.encode(List.of(good)));
    openssl.write("revoked.crt", Pem.encode(List.of(revoked)));
  }

  @Test
  void believesOurLists() throws Exception {
    var entry =
        new RevokedCertificate(
            revoked.getSerialNumber(), pki.clock.instant(), RevocationReason.KEY_COMPROMISE);
    RevocationList list =
        RevocationList.issue(
            pki.issuing, BigInteger.valueOf(7), List.of(entry), Duration.ofDays(1));
    openssl.write("issuing.crl", list.toPem());
    openssl.run("crl", "-in", "issuing.crl", "-noout", "-CAfile", "issuing.crt");
    String text = openssl.run("crl", "-in", "issuing.crl", "-noout", "-text");
    assertTrue(
        text.contains("Key Compromise")
            && text.contains(revoked.getSerialNumber().toString(16).toUpperCase(Locale.ROOT)),
        text);
    openssl.run(
        "verify",
        "-x509_strict",
        "-crl_check",
        "-CRLfile",
        "issuing.crl",
        "-CAfile",
        "root.crt",
        "-untrusted",
        "issuing.crt",
        "good.crt");
    String output =
        openssl.fail(
            "verify",
            "-crl_check",
            "-CRLfile",
            "issuing.crl",
            "-CAfile",
            "root.crt",
            "-untrusted",
            "issuing.crt",
            "revoked.crt");
    assertTrue(output.contains("certificate revoked"), output);
  }

  @Test
  void makesListsThatWeBelieve() throws Exception {
    writeIndex();
    openssl.write(
        "ca.cnf",
        """
        [ca]
        default_ca=d
        [d]
        database=index.txt
        crlnumber=number
        default_md=sha256
        crl_extensions=e
        [e]
        authorityKeyIdentifier=keyid
        """);
    openssl.write("number", "07\n");
    openssl.run(
        "ca",
        "-gencrl",
        "-config",
        "ca.cnf",
        "-cert",
        "issuing.crt",
        "-keyfile",
        "issuing.key",
        "-crldays",
        "1",
        "-out",
        "its.crl");
    RevocationList list = RevocationList.parse(openssl.read("its.crl"), "its.crl");
    RevocationListCheck check = RevocationListCheck.of(list, pki.issuing.certificate());
    Instant now = Instant.now();
    var status =
        assertInstanceOf(
            RevocationStatus.Revoked.class, check.status(revoked, pki.issuing.certificate(), now));
    assertEquals(RevocationReason.KEY_COMPROMISE, status.reason());
    assertInstanceOf(
        RevocationStatus.Good.class, check.status(good, pki.issuing.certificate(), now));
  }

  @Test
  void believesOurOcspAnswers() throws Exception {
    var responder =
        new OcspResponder(
            List.of(OcspAuthority.signingItself(pki.issuing, source)),
            Duration.ofHours(1),
            pki.clock,
            pki.random);
    assertTrue(ask(responder, "good.crt").contains("Cert Status: good"));
    String answer = ask(responder, "revoked.crt");
    assertTrue(
        answer.contains("Cert Status: revoked")
            && answer.contains("Revocation Reason: keyCompromise"),
        answer);
  }

  @Test
  void believesAnswersOfADelegatedResponder() throws Exception {
    TlsIdentity delegate =
        pki.identity(SubjectNames.ofCommonName("ocsp"), CertificateProfile.OCSP_RESPONDER);
    OcspAuthority authority =
        OcspAuthority.delegatedTo(delegate, pki.issuing.certificate(), source, pki.random);
    var responder =
        new OcspResponder(List.of(authority), Duration.ofHours(1), pki.clock, pki.random);
    assertTrue(ask(responder, "good.crt").contains("Cert Status: good"));
  }

  @Test
  void givesOcspAnswersThatWeBelieve() throws Exception {
    writeIndex();
    for (X509Certificate certificate : List.of(good, revoked)) {
      OcspQuestion question =
          OcspQuestion.fresh(certificate, pki.issuing.certificate(), pki.random);
      openssl.write("question.der", question.encoded());
      openssl.run(
          "ocsp",
          "-index",
          "index.txt",
          "-rsigner",
          "issuing.crt",
          "-rkey",
          "issuing.key",
          "-CA",
          "issuing.crt",
          "-ndays",
          "1",
          "-reqin",
          "question.der",
          "-respout",
          "answer.der");
      OcspAnswer answer = question.read(openssl.read("answer.der"), Instant.now());
      assertEquals(
          certificate.equals(revoked),
          answer.status() instanceof RevocationStatus.Revoked,
          answer.toString());
    }
  }

  private String ask(OcspResponder responder, String certificate) throws Exception {
    openssl.run("ocsp", "-issuer", "issuing.crt", "-cert", certificate, "-reqout", "question.der");
    openssl.write("answer.der", responder.answer(openssl.read("question.der")));
    // With the question's file openssl checks the nonce too; -no_nonce keeps it from adding another
    // to the question.
    String output =
        openssl.run(
            "ocsp",
            "-reqin",
            "question.der",
            "-no_nonce",
            "-respin",
            "answer.der",
            "-CAfile",
            "root.crt",
            "-verify_other",
            "issuing.crt",
            "-resp_text");
    assertTrue(output.contains("Response verify OK") && !output.contains("WARNING"), output);
    return output;
  }

  private void writeIndex() throws Exception {
    openssl.write(
        "index.txt",
        "V\t300101000000Z\t\t"
            + hex(good)
            + "\tunknown\t/CN=good\n"
            + "R\t300101000000Z\t260101000000Z,keyCompromise\t"
            + hex(revoked)
            + "\tunknown\t/CN=revoked\n");
  }

  private static String hex(X509Certificate certificate) {
    String hex = certificate.getSerialNumber().toString(16).toUpperCase(Locale.ROOT);
    return hex.length() % 2 == 0 ? hex : "0" + hex;
  }
}

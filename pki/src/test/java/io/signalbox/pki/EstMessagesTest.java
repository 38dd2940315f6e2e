package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.est.CsrAttrs;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EstMessagesTest {
  private final SecureRandom random = new SecureRandom();
  private final KeyPair keys = KeyAlgorithm.EC_P256.generate(random);

  @Test
  void certificatesSurviveTheWire() throws PkiException {
    TestPki pki = new TestPki();
    byte[] body = EstMessages.certificates(pki.issuing.chain());
    assertTrue(
        new String(body, StandardCharsets.US_ASCII).lines().allMatch(line -> line.length() <= 64));
    assertEquals(
        new HashSet<>(pki.issuing.chain()),
        new HashSet<>(EstMessages.parseCertificates(body, "cacerts")));
  }

  @Test
  void requestsAreReadWithAnyLineBreaksAndAsPem() throws PkiException {
    CertificateSigningRequest request =
        CertificateSigningRequest.create(keys, SubjectNames.ofCommonName("d"), random);
    String base64 = Base64.getEncoder().encodeToString(request.encoded());
    for (String body :
        List.of(
            base64, base64.replaceAll("(.{10})", "$1\r\n"), " " + base64 + "\n", request.toPem())) {
      assertEquals("d", EstMessages.parseRequest(bytes(body), "simpleenroll").names().commonName());
    }
  }

  @Test
  void rubbishIsRefused() throws PkiException {
    Refusals.assertRefused(
        "not valid base64", () -> EstMessages.parseRequest(bytes("!!"), "simpleenroll"));
    Refusals.assertRefused(
        "not a usable signing request", () -> EstMessages.parseRequest(bytes(""), "simpleenroll"));
    Refusals.assertRefused(
        "more than the limit",
        () ->
            EstMessages.parseRequest(
                new byte[EstMessages.REQUEST_BODY_BYTES_MAX + 1], "simpleenroll"));
    byte[] bundle = CertificateBundle.encode(new TestPki().issuing.chain());
    for (int length = 0; length < bundle.length; length += 31) {
      byte[] cut = Arrays.copyOf(bundle, length);
      Refusals.assertRefused(
          "not a readable certificate bundle", () -> CertificateBundle.parse(cut, "bundle"));
    }
    Refusals.assertRefused(
        "more than the limit", () -> CertificateBundle.parse(new byte[(1 << 20) + 1], "bundle"));
  }

  @Test
  void renewalKeepsItsNames() throws PkiException {
    var current = new TestPki().device("dev-1").certificate();
    var same = CertificateSigningRequest.create(keys, SubjectNames.ofCommonName("dev-1"), random);
    assertDoesNotThrow(() -> EstMessages.requireSameNames(same, current));
    var other = CertificateSigningRequest.create(keys, SubjectNames.ofCommonName("dev-2"), random);
    Refusals.assertRefused(
        "asks for other names", () -> EstMessages.requireSameNames(other, current));
    var more =
        new SubjectNames(
            "dev-1", List.of(), List.of("a.example.com"), List.of(), List.of(), List.of());
    var added = CertificateSigningRequest.create(keys, more, random);
    Refusals.assertRefused(
        "asks for other names", () -> EstMessages.requireSameNames(added, current));
  }

  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  void attributesNameTheWantedKey(KeyAlgorithm algorithm) throws Exception {
    byte[] body =
        EstMessages.attributes(CertificateProfile.DEVICE.withKeyAlgorithms(Set.of(algorithm)));
    CsrAttrs attributes = CsrAttrs.getInstance(Base64.getMimeDecoder().decode(body));
    assertTrue(attributes.size() >= 1);
    if (algorithm == KeyAlgorithm.EC_P256) {
      var key = attributes.getAttrOrOIDs()[0].getAttribute();
      assertEquals(X9ObjectIdentifiers.id_ecPublicKey, key.getAttrType());
      assertEquals(SECObjectIdentifiers.secp256r1, key.getAttrValues().getObjectAt(0));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}

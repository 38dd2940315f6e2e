package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PemTest {
  private final SecureRandom random = new SecureRandom();

  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  void writesEveryKeyAsPkcs8AndReadsItAgain(KeyAlgorithm algorithm) throws PkiException {
    KeyPair keys = algorithm.generate(random);
    String text = Pem.encode(keys.getPrivate());
    assertTrue(text.startsWith("-----BEGIN PRIVATE KEY-----\n"), text.substring(0, 30));
    var again = Pem.parsePrivateKey(text, Optional.empty(), "key");
    assertTrue(PrivateKeys.belongTogether(again, keys.getPublic(), random));
    assertEquals(algorithm, KeyAlgorithm.of(keys.getPublic()).orElseThrow());
  }

  @Test
  void writesAndReadsAChainInOrder() throws PkiException {
    TestPki pki = new TestPki();
    var chain = pki.issuing.chain();
    assertEquals(
        chain, Pem.parseCertificates("comment\n" + Pem.encode(chain) + "\nmore text\n", "chain"));
  }

  @Test
  void readsKeysOfOlderToolsThatNameTheirCurve() throws Exception {
    KeyPair keys = KeyAlgorithm.EC_P256.generate(random);
    byte[] inner =
        PrivateKeyInfo.getInstance(keys.getPrivate().getEncoded())
            .parsePrivateKey()
            .toASN1Primitive()
            .getEncoded();
    Refusals.assertRefused(
        "does not name its curve",
        () ->
            Pem.parsePrivateKey(
                PemBlock.encode("EC PRIVATE KEY", inner), Optional.empty(), "\"old.key\""));

    KeyPair rsa = KeyAlgorithm.RSA_2048.generate(random);
    byte[] pkcs1 =
        PrivateKeyInfo.getInstance(rsa.getPrivate().getEncoded())
            .parsePrivateKey()
            .toASN1Primitive()
            .getEncoded();
    var again =
        Pem.parsePrivateKey(PemBlock.encode("RSA PRIVATE KEY", pkcs1), Optional.empty(), "old.key");
    assertTrue(PrivateKeys.belongTogether(again, rsa.getPublic(), random));
  }

  @Test
  void saysWhereATruncatedFileEnds() throws PkiException {
    String text = Pem.encode(new TestPki().root.chain());
    assertRefused(
        "\"a.crt\" is truncated: the block \"CERTIFICATE\" that begins in line 1",
        text.substring(0, text.length() / 2));
    assertRefused("in line 1", text.substring(0, 200) + "\n" + text);
  }

  @Test
  void refusesTruncatedDerInsideACompleteBlock() throws PkiException {
    byte[] der = Certificates.encoded(new TestPki().root.certificate());
    for (int length : new int[] {0, 1, 2, 10, der.length / 2, der.length - 1}) {
      assertRefused(
          "not a readable X.509 certificate",
          PemBlock.encode("CERTIFICATE", Arrays.copyOf(der, length)));
    }
    assertRefused(
        "1 bytes follow", PemBlock.encode("CERTIFICATE", Arrays.copyOf(der, der.length + 1)));
  }

  @Test
  void refusesWhatIsNotPem() {
    assertRefused("holds no PEM block", "hello");
    assertRefused("holds no PEM block", "");
    assertRefused(
        "is not valid base64", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
    assertRefused("more than the limit", "x".repeat(PemBlock.TEXT_CHARS_MAX + 1));
    assertRefused(
        "more than the limit",
        PemBlock.encode("CERTIFICATE", new byte[Certificates.CERTIFICATE_BYTES_MAX + 1]));
  }

  @Test
  void refusesAKeyWhereACertificateBelongs() {
    String key = Pem.encode(KeyAlgorithm.EC_P256.generate(random).getPrivate());
    assertRefused("found \"PRIVATE KEY\" where only \"CERTIFICATE\" belongs", key);
  }

  @Test
  void neverQuotesAKeyInAMessage() {
    byte[] der = KeyAlgorithm.RSA_2048.generate(random).getPrivate().getEncoded();
    PkiException e =
        Refusals.assertRefused(
            "not a readable PKCS#8 private key",
            () ->
                Pem.parsePrivateKey(
                    PemBlock.encode("PRIVATE KEY", Arrays.copyOf(der, 300)),
                    Optional.empty(),
                    "k"));
    assertEquals(null, e.getCause());
  }

  @Test
  void explainsAMissingFile(@TempDir Path folder) {
    Path missing = folder.resolve("missing.crt");
    PkiException e =
        Refusals.assertRefused(
            "it does not exist; check the path", () -> Pem.readCertificates(missing));
    assertEquals(
        "cannot read \"" + missing + "\": it does not exist; check the path", e.getMessage());
  }

  @Test
  void refusesAFileThatIsTooLarge(@TempDir Path folder) throws Exception {
    Path large =
        Files.write(folder.resolve("large.crt"), List.of("x".repeat(PemBlock.TEXT_CHARS_MAX)));
    assertThrows(PkiException.class, () -> Pem.readCertificates(large));
  }

  private static void assertRefused(String part, String text) {
    Refusals.assertRefused(part, () -> Pem.parseCertificates(text, "\"a.crt\""));
  }
}

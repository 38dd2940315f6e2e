package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SealedKeyTest {
  private final SecureRandom random = new SecureRandom();
  private final KeyPair secret = KeyAlgorithm.EC_P256.generate(random);

  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void openSslOpensWhatIsSealedToACertificateOrAPublicKey(
      KeyAlgorithm algorithm, @TempDir Path folder) throws Exception {
    OpenSsl openssl = new OpenSsl(folder);
    KeyPair recipient = algorithm.generate(random);
    openssl.write("recipient.key", Pem.encode(recipient.getPrivate()));
    X509Certificate certificate = certificate(recipient);
    String publicKey = PemBlock.encode("PUBLIC KEY", recipient.getPublic().getEncoded());
    for (String pem : List.of(Pem.encode(List.of(certificate)), publicKey)) {
      String sealed = SealedKey.seal(secret.getPrivate(), pem, "recipient", random);
      assertTrue(sealed.startsWith("-----BEGIN CMS-----"));
      openssl.write("sealed.pem", sealed);
      openssl.run(
          "cms",
          "-decrypt",
          "-inform",
          "PEM",
          "-in",
          "sealed.pem",
          "-inkey",
          "recipient.key",
          "-out",
          "opened.key");
      assertEquals(
          Pem.encode(secret.getPrivate()), openssl.readText("opened.key").replace("\r", ""));
      openssl.write("other.key", Pem.encode(algorithm.generate(random).getPrivate()));
      openssl.fail(
          "cms",
          "-decrypt",
          "-inform",
          "PEM",
          "-in",
          "sealed.pem",
          "-inkey",
          "other.key",
          "-out",
          "wrong.key");
    }
  }

  @Test
  void neverSealsTheSameWayTwice() throws PkiException {
    String recipient = PemBlock.encode("PUBLIC KEY", secret.getPublic().getEncoded());
    String once = SealedKey.seal(secret.getPrivate(), recipient, "recipient", random);
    assertFalse(once.equals(SealedKey.seal(secret.getPrivate(), recipient, "recipient", random)));
  }

  @Test
  void refusesRecipientsThatCannotOpenIt() {
    for (KeyAlgorithm algorithm : List.of(KeyAlgorithm.ED25519, KeyAlgorithm.ML_DSA_44)) {
      String pem =
          PemBlock.encode("PUBLIC KEY", algorithm.generate(random).getPublic().getEncoded());
      Refusals.assertRefused(
          "which cannot open a sealed key",
          () -> SealedKey.seal(secret.getPrivate(), pem, "seal_to_pem", random));
    }
    String own = Pem.encode(secret.getPrivate());
    Refusals.assertRefused(
        "expected one block",
        () -> SealedKey.seal(secret.getPrivate(), own, "seal_to_pem", random));
    String damaged = PemBlock.encode("PUBLIC KEY", new byte[] {0x30, 3, 1, 2, 3});
    Refusals.assertRefused(
        "not a readable public key",
        () -> SealedKey.seal(secret.getPrivate(), damaged, "seal_to_pem", random));
  }

  private static X509Certificate certificate(KeyPair keys) throws PkiException {
    return new TestPki()
        .issuing.issue(
            keys.getPublic(), SubjectNames.ofCommonName("recipient"), CertificateProfile.DEVICE);
  }
}

package io.signalbox.pki.openssl;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import javax.crypto.KeyAgreement;

/**
 * Tries a provider before it is trusted: it verifies what it signs, refuses a changed message and
 * agrees with itself on a secret; on the two curves of nearly all clients, P-256 and X25519, it
 * does so against the JDK's own. The JDK's larger curves would take as long as all the rest.
 */
final class SelfTest {
  private static final byte[] MESSAGE = "signalbox".getBytes(StandardCharsets.US_ASCII);

  private SelfTest() {}

  /**
   * Takes some milliseconds.
   *
   * @throws ProviderException if something is not as it must be
   */
  static void run(Provider tried, Provider jdk) throws GeneralSecurityException {
    for (Curve curve : Curve.values()) {
      Provider judge = curve == Curve.P256 ? jdk : tried;
      KeyPair own = pair("EC", curve, tried);
      KeyPair other = pair("EC", curve, judge);
      signed(own, tried, judge);
      signed(other, judge, tried);
      agreed("ECDH", own, other, tried, judge);
    }
    agreed(
        "X25519",
        KeyPairGenerator.getInstance("X25519", tried).generateKeyPair(),
        KeyPairGenerator.getInstance("X25519", jdk).generateKeyPair(),
        tried,
        jdk);
  }

  private static KeyPair pair(String algorithm, Curve curve, Provider provider)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm, provider);
    generator.initialize(new ECGenParameterSpec(curve.javaName()));
    return generator.generateKeyPair();
  }

  private static void signed(KeyPair pair, Provider signer, Provider verifier)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA", signer);
    signature.initSign(pair.getPrivate());
    signature.update(MESSAGE);
    byte[] signed = signature.sign();
    if (!verify(pair.getPublic(), MESSAGE, signed, verifier)
        || verify(pair.getPublic(), Arrays.copyOf(MESSAGE, 1), signed, verifier)) {
      throw new ProviderException("does not sign or verify as the JDK does");
    }
  }

  private static boolean verify(PublicKey key, byte[] message, byte[] signed, Provider provider)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA", provider);
    signature.initVerify(key);
    signature.update(message);
    return signature.verify(signed);
  }

  private static void agreed(
      String algorithm, KeyPair own, KeyPair other, Provider tried, Provider jdk)
      throws GeneralSecurityException {
    if (!Arrays.equals(
        secret(algorithm, own.getPrivate(), other.getPublic(), tried),
        secret(algorithm, other.getPrivate(), own.getPublic(), jdk))) {
      throw new ProviderException("does not agree with the JDK on a secret");
    }
  }

  private static byte[] secret(String algorithm, PrivateKey own, PublicKey peer, Provider provider)
      throws GeneralSecurityException {
    KeyAgreement agreement = KeyAgreement.getInstance(algorithm, provider);
    agreement.init(own);
    agreement.doPhase(peer, true);
    return agreement.generateSecret();
  }
}

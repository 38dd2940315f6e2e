package io.signalbox.pki;

import java.math.BigInteger;
import java.security.PrivateKey;
import java.security.SecureRandom;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** What every signed object needs: a signature by the JDK's provider and an unguessable number. */
final class Signing {
  private static final int SERIAL_BITS = 128;

  private Signing() {}

  static ContentSigner signer(PrivateKey key, KeyAlgorithm algorithm, SecureRandom random) {
    try {
      return new JcaContentSignerBuilder(algorithm.signatureAlgorithm())
          .setSecureRandom(random)
          .build(key);
    } catch (OperatorCreationException e) {
      throw new IllegalStateException(
          "cannot sign with a key of type " + algorithm.configName(), e);
    }
  }

  /**
   * 128 random bits and never zero: positive, at most 17 of the 20 bytes that RFC 5280 section
   * 4.1.2.2 allows.
   */
  static BigInteger serialNumber(SecureRandom random) {
    BigInteger serial = new BigInteger(SERIAL_BITS, random);
    return serial.signum() == 0 ? serialNumber(random) : serial;
  }
}

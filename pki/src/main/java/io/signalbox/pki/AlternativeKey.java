package io.signalbox.pki;

import java.security.KeyPair;
import java.security.SecureRandom;

/**
 * An experiment: a second, post-quantum key of an authority, with which it signs everything a
 * second time (the alternative signature of X.509 of 2019, section 9.8). Whoever does not know
 * about it sees an ordinary certificate; {@link CertificateVerifier} insists on both signatures
 * below an authority that has such a key.
 *
 * @param keys never shown by {@link #toString}
 */
public record AlternativeKey(KeyPair keys, KeyAlgorithm algorithm) {
  public AlternativeKey {
    if (!algorithm.experimental()) {
      throw new IllegalArgumentException(
          algorithm.configName() + " is no post-quantum key; use ml-dsa-65");
    }
  }

  /** A fresh key. */
  public static AlternativeKey create(KeyAlgorithm algorithm, SecureRandom random) {
    return new AlternativeKey(algorithm.generate(random), algorithm);
  }

  @Override
  public String toString() {
    return "AlternativeKey[" + algorithm.configName() + "]";
  }
}

package io.signalbox.pki;

import java.util.Set;
import org.bouncycastle.asn1.x509.KeyUsage;

/** What a certified key may do (RFC 5280 section 4.2.1.3), as far as Signalbox certifies it. */
public enum KeyUse {
  DIGITAL_SIGNATURE(KeyUsage.digitalSignature),
  /** RSA key transport of TLS 1.2; left out of a certificate whose key cannot encrypt. */
  KEY_ENCIPHERMENT(KeyUsage.keyEncipherment),
  /** Agreeing on a key to receive something sealed (CMS) by an EC key. */
  KEY_AGREEMENT(KeyUsage.keyAgreement),
  CERTIFICATE_SIGNING(KeyUsage.keyCertSign),
  CRL_SIGNING(KeyUsage.cRLSign);

  private final int bit;

  KeyUse(int bit) {
    this.bit = bit;
  }

  /** The extension for a key of this type; uses that the type cannot have are left out. */
  static KeyUsage extension(Set<KeyUse> uses, KeyAlgorithm algorithm) {
    boolean rsa = algorithm.configName().startsWith("rsa-");
    boolean ec = algorithm.configName().startsWith("ec-");
    int bits = 0;
    for (KeyUse use : uses) {
      boolean possible =
          switch (use) {
            case KEY_ENCIPHERMENT -> rsa;
            case KEY_AGREEMENT -> ec;
            case DIGITAL_SIGNATURE, CERTIFICATE_SIGNING, CRL_SIGNING -> true;
          };
      bits |= possible ? use.bit : 0;
    }
    return new KeyUsage(bits);
  }
}

package io.signalbox.pki;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.util.Arrays;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.operator.OutputAEADEncryptor;

/**
 * Seals a private key that was made here so that only the holder of another key can open it, and
 * nobody on the way can store it in clear. The format is CMS (RFC 5083) with AES-256-GCM. OpenSSL 3
 * opens it and gives the private key as PKCS#8 in PEM: {@code openssl cms -decrypt -inform PEM
 * -inkey KEY -in SEALED}.
 */
public final class SealedKey {
  private SealedKey() {}

  /**
   * Seals a key.
   *
   * @param recipientPem one certificate or public key of the recipient: EC P-256 or P-384, or RSA
   *     of 2048 to 4096 bits
   * @param where the recipient's origin, for messages
   * @return PEM ("CMS")
   */
  public static String seal(PrivateKey key, String recipientPem, String where, SecureRandom random)
      throws PkiException {
    SealRecipient recipient = SealRecipient.parse(recipientPem, where);
    byte[] plain = Pem.encode(key).getBytes(StandardCharsets.US_ASCII);
    try {
      var generator = new CMSAuthEnvelopedDataGenerator();
      generator.addRecipientInfoGenerator(recipient.wrapping(random));
      var encryptor =
          new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_GCM)
              .setSecureRandom(random)
              .build();
      var sealed =
          generator.generate(new CMSProcessableByteArray(plain), (OutputAEADEncryptor) encryptor);
      return PemBlock.encode("CMS", sealed.getEncoded());
    } catch (CMSException | IOException e) {
      throw new IllegalStateException("this JDK cannot seal a key", e);
    } finally {
      Arrays.fill(plain, (byte) 0);
    }
  }
}

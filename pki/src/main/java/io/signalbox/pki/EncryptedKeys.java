package io.signalbox.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.EncryptionScheme;
import org.bouncycastle.asn1.pkcs.KeyDerivationFunc;
import org.bouncycastle.asn1.pkcs.PBES2Parameters;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;

/**
 * Private keys encrypted with a passphrase, as PKCS#8 (RFC 5958) by PBES2 (RFC 8018): written with
 * PBKDF2-HMAC-SHA256 and AES-256-CBC, which OpenSSL reads and writes by default; read with the
 * other HMACs and AES key sizes too.
 */
final class EncryptedKeys {
  /** About 0.2 s here and for each guess of an attacker. */
  static final int ITERATIONS = 600_000;

  /** A file may ask for more work than we would, within reason. */
  private static final int ITERATIONS_MAX = 10_000_000;

  private static final int SALT_BYTES = 16;
  private static final int BLOCK_BYTES = 16;
  private static final String CONVERT = "; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc";

  private static final Map<ASN1ObjectIdentifier, String> DERIVATIONS =
      Map.of(
          PKCSObjectIdentifiers.id_hmacWithSHA1, "PBKDF2WithHmacSHA1",
          PKCSObjectIdentifiers.id_hmacWithSHA256, "PBKDF2WithHmacSHA256",
          PKCSObjectIdentifiers.id_hmacWithSHA384, "PBKDF2WithHmacSHA384",
          PKCSObjectIdentifiers.id_hmacWithSHA512, "PBKDF2WithHmacSHA512");

  private static final Map<ASN1ObjectIdentifier, Integer> CIPHER_KEY_BITS =
      Map.of(
          NISTObjectIdentifiers.id_aes128_CBC,
          128,
          NISTObjectIdentifiers.id_aes192_CBC,
          192,
          NISTObjectIdentifiers.id_aes256_CBC,
          256);

  private EncryptedKeys() {}

  /** Everything between a passphrase and a cipher. */
  private record Scheme(String derivation, byte[] salt, int iterations, int keyBits, byte[] iv) {
    byte[] apply(int cipherMode, byte[] input, Passphrase passphrase)
        throws GeneralSecurityException {
      PBEKeySpec spec = new PBEKeySpec(passphrase.characters(), salt, iterations, keyBits);
      byte[] key = SecretKeyFactory.getInstance(derivation).generateSecret(spec).getEncoded();
      spec.clearPassword();
      try {
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(cipherMode, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
        return cipher.doFinal(input);
      } finally {
        Arrays.fill(key, (byte) 0);
      }
    }
  }

  static byte[] encrypt(PrivateKey key, Passphrase passphrase, SecureRandom random)
      throws PkiException {
    passphrase.requireLong();
    byte[] plain = key.getEncoded();
    if (plain == null) {
      throw new IllegalArgumentException("this private key cannot leave its token");
    }
    byte[] salt = new byte[SALT_BYTES];
    byte[] iv = new byte[BLOCK_BYTES];
    random.nextBytes(salt);
    random.nextBytes(iv);
    try {
      var scheme = new Scheme("PBKDF2WithHmacSHA256", salt, ITERATIONS, 256, iv);
      byte[] encrypted = scheme.apply(Cipher.ENCRYPT_MODE, plain, passphrase);
      var hmac = new AlgorithmIdentifier(PKCSObjectIdentifiers.id_hmacWithSHA256, DERNull.INSTANCE);
      var parameters =
          new PBES2Parameters(
              new KeyDerivationFunc(
                  PKCSObjectIdentifiers.id_PBKDF2, new PBKDF2Params(salt, ITERATIONS, hmac)),
              new EncryptionScheme(NISTObjectIdentifiers.id_aes256_CBC, new DEROctetString(iv)));
      return new EncryptedPrivateKeyInfo(
              new AlgorithmIdentifier(PKCSObjectIdentifiers.id_PBES2, parameters), encrypted)
          .getEncoded();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("this JDK cannot encrypt private keys", e);
    } finally {
      Arrays.fill(plain, (byte) 0);
    }
  }

  static PrivateKey decrypt(byte[] der, Passphrase passphrase, String place) throws PkiException {
    try {
      EncryptedPrivateKeyInfo info = EncryptedPrivateKeyInfo.getInstance(der);
      Scheme scheme = scheme(info.getEncryptionAlgorithm(), place);
      byte[] plain = scheme.apply(Cipher.DECRYPT_MODE, info.getEncryptedData(), passphrase);
      try {
        PrivateKeyInfo _ = PrivateKeyInfo.getInstance(plain); // a wrong key may pad by chance
        return PrivateKeys.fromPkcs8(plain, place);
      } finally {
        Arrays.fill(plain, (byte) 0);
      }
    } catch (GeneralSecurityException | RuntimeException e) {
      // Without the cause, which may say how the padding was wrong.
      throw new LockedKeyException(
          place
              + ": the private key cannot be decrypted: the passphrase is wrong or the file is"
              + " damaged");
    }
  }

  private static Scheme scheme(AlgorithmIdentifier algorithm, String place) throws PkiException {
    if (!algorithm.getAlgorithm().equals(PKCSObjectIdentifiers.id_PBES2)) {
      throw new PkiException(place + ": the private key is encrypted by an old method" + CONVERT);
    }
    PBES2Parameters parameters = PBES2Parameters.getInstance(algorithm.getParameters());
    KeyDerivationFunc function = parameters.getKeyDerivationFunc();
    if (!function.getAlgorithm().equals(PKCSObjectIdentifiers.id_PBKDF2)) {
      throw new PkiException(
          place + ": the private key is encrypted by another method than PBKDF2" + CONVERT);
    }
    PBKDF2Params pbkdf2 = PBKDF2Params.getInstance(function.getParameters());
    String derivation = DERIVATIONS.get(pbkdf2.getPrf().getAlgorithm());
    Integer keyBits = CIPHER_KEY_BITS.get(parameters.getEncryptionScheme().getAlgorithm());
    if (derivation == null || keyBits == null) {
      throw new PkiException(
          place + ": the private key is encrypted by another cipher than AES" + CONVERT);
    }
    var iterations = pbkdf2.getIterationCount();
    if (iterations.bitLength() > 31 || iterations.intValue() > ITERATIONS_MAX) {
      throw new PkiException(
          place
              + ": the private key asks for "
              + iterations
              + " rounds, more than the limit of "
              + ITERATIONS_MAX);
    }
    byte[] iv =
        ASN1OctetString.getInstance(parameters.getEncryptionScheme().getParameters()).getOctets();
    return new Scheme(derivation, pbkdf2.getSalt(), iterations.intValue(), keyBits, iv);
  }
}

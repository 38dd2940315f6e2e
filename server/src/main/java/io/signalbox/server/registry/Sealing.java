package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.PkiException;
import io.signalbox.pki.SecretFile;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keeps secrets that the broker must know in the clear, such as a shared key of tokens, from
 * standing in the clear in the store: AES-256-GCM under a key in a file of its own (mode 0600).
 * Whoever gets hold of the store alone learns nothing; whoever reads the whole data directory does.
 * Any thread.
 */
public final class Sealing {
  private static final Logger LOG = System.getLogger(Sealing.class.getName());
  private static final String FILE = "registry.key";
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int KEY_BYTES = 32;

  private final SecretKey key;
  private final SecureRandom random;

  Sealing(byte[] key, SecureRandom random) {
    this.key = new SecretKeySpec(key, 0, KEY_BYTES, "AES");
    this.random = random;
  }

  /**
   * With the key of a data directory, which is made if there is none.
   *
   * @throws PkiException if it cannot be read or made, or is damaged
   */
  public static Sealing openOrCreate(Path dataDirectory, SecureRandom random) throws PkiException {
    return new Sealing(
        SecretFile.openOrCreate(
            dataDirectory.resolve(FILE),
            random,
            "registry key",
            "restore it from a backup, or move it away and put the hmacSecret of each JWT issuer"
                + " anew, which opens with nothing else"),
        random);
  }

  /**
   * @param place whose secret it is; it opens under no other
   */
  String seal(String place, String secret) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    byte[] text = secret.getBytes(UTF_8);
    byte[] sealed = new byte[NONCE_BYTES + text.length + TAG_BITS / 8];
    System.arraycopy(nonce, 0, sealed, 0, NONCE_BYTES);
    try {
      cipher(Cipher.ENCRYPT_MODE, place, nonce).doFinal(text, 0, text.length, sealed, NONCE_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
    return Base64.getEncoder().encodeToString(sealed);
  }

  /** Empty: it was sealed with another key, for another place, not at all, or is damaged. */
  Optional<String> open(String place, String sealed) {
    try {
      byte[] bytes = Base64.getDecoder().decode(sealed);
      return bytes.length < NONCE_BYTES
          ? Optional.empty()
          : Optional.of(
              new String(
                  cipher(Cipher.DECRYPT_MODE, place, bytes)
                      .doFinal(bytes, NONCE_BYTES, bytes.length - NONCE_BYTES),
                  UTF_8));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      LOG.log(Level.DEBUG, "a secret does not open", e);
      return Optional.empty();
    }
  }

  /**
   * @param nonce its first bytes
   */
  private Cipher cipher(int mode, String place, byte[] nonce) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance(CIPHER);
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce, 0, NONCE_BYTES));
    cipher.updateAAD(place.getBytes(UTF_8));
    return cipher;
  }
}

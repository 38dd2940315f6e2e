package io.signalbox.server.auth;

import io.signalbox.pki.PkiException;
import io.signalbox.pki.SecretFile;
import io.signalbox.server.config.AuthConfig.Algorithm;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * The broker's own key for tokens, in a file of the data directory with mode 0600: whoever may read
 * it may issue tokens. An HMAC secret, because issuer and verifier are the same.
 */
final class LocalTokenKey {
  /** Under which policies know the issuer. */
  static final String ISSUER_NAME = "local";

  /** The claim {@code iss}. */
  static final String ISSUER = "signalbox:local";

  /** The claim {@code aud}. */
  static final String AUDIENCE = "signalbox";

  private static final String FILE = "token.key";

  private final byte[] secret;
  private final String id;

  private LocalTokenKey(byte[] secret) {
    this.secret = secret;
    this.id = idOf(secret);
  }

  /**
   * Reads the key of a data directory, after making it if there is none. Safe for two processes at
   * once: both get the same key.
   *
   * @throws AuthSetupException if it cannot be read or made, or is damaged; it is never replaced
   */
  static LocalTokenKey openOrCreate(Path dataDirectory, SecureRandom random)
      throws AuthSetupException {
    try {
      return new LocalTokenKey(
          SecretFile.openOrCreate(
              dataDirectory.resolve(FILE),
              random,
              "token key",
              "restore it, or delete it: then tokens issued so far become void"));
    } catch (PkiException e) {
      throw new AuthSetupException(List.of(String.valueOf(e.getMessage())), e);
    }
  }

  private static String idOf(byte[] secret) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(secret);
      return HexFormat.of().formatHex(hash, 0, 8); // tells two data directories apart
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The header {@code kid}. */
  String id() {
    return id;
  }

  SecretKey toSecretKey() {
    return new SecretKeySpec(secret, "HmacSHA256");
  }

  TokenKey toTokenKey() {
    return TokenKey.ofSecret(id, Algorithm.HS256, secret);
  }

  /** Never the key. */
  @Override
  public String toString() {
    return "local token key " + id;
  }
}

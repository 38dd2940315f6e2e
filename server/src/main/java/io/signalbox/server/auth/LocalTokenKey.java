package io.signalbox.server.auth;

import io.signalbox.pki.AtomicFile;
import io.signalbox.pki.PkiException;
import io.signalbox.server.config.AuthConfig.Algorithm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
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
  private static final int SECRET_BYTES = 32;
  private static final int FILE_BYTES_MAX = 1_024;

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
    Path file = dataDirectory.resolve(FILE);
    try {
      if (Files.notExists(file)) {
        create(dataDirectory, file, random);
      }
      return read(file);
    } catch (IOException | PkiException e) {
      throw problem("cannot make or read the token key \"" + file + "\": " + e.getMessage());
    }
  }

  private static void create(Path dataDirectory, Path file, SecureRandom random)
      throws IOException, PkiException {
    var secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    AtomicFile.createSecretFolder(dataDirectory);
    Path fresh =
        dataDirectory.resolve("." + FILE + "." + HexFormat.of().toHexDigits(random.nextLong()));
    AtomicFile.writeSecret(fresh, Base64.getEncoder().encodeToString(secret) + "\n");
    try {
      Files.createLink(file, fresh); // fails if another process was faster: its key is then ours
    } catch (FileAlreadyExistsException _) {
      // read it
    } finally {
      Files.delete(fresh);
    }
  }

  private static LocalTokenKey read(Path file) throws IOException, AuthSetupException {
    byte[] secret = {};
    if (Files.size(file) <= FILE_BYTES_MAX) {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
      try {
        secret = Base64.getDecoder().decode(text);
      } catch (IllegalArgumentException _) {
        // damaged: too short below
      }
    }
    if (secret.length < SECRET_BYTES) {
      throw problem(
          "the token key \""
              + file
              + "\" is damaged; restore it, or delete it and tokens issued so far become void");
    }
    return new LocalTokenKey(secret);
  }

  private static AuthSetupException problem(String text) {
    return new AuthSetupException(List.of(text));
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

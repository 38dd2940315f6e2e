package io.signalbox.server.scram;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * What is kept instead of a password (RFC 5802 section 3): it proves a client that knows the
 * password, and does not let who reads it log in.
 *
 * @param iterations of PBKDF2; what a guess costs
 * @param salt 8 to 64 bytes
 * @param storedKey H(ClientKey)
 * @param serverKey by which the server proves itself to the client
 */
public record ScramVerifier(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) {
  /** RFC 7677 section 4. */
  public static final int ITERATIONS_MIN = 4_096;

  /** A password in CONNECT makes the broker count as far, about half a second. */
  public static final int ITERATIONS_MAX = 1_000_000;

  public static final int ITERATIONS_DEFAULT = 100_000;

  /** Of PBKDF2's input; a longer one helps nobody but who wants to keep us busy. */
  public static final int PASSWORD_CHARS_MAX = 1_024;

  static final int SALT_BYTES = 16;
  private static final int SALT_BYTES_MIN = 8;
  private static final int SALT_BYTES_MAX = 64;
  private static final int HASH_BYTES = 32;

  /** RFC 5803. */
  private static final Pattern TEXT =
      Pattern.compile("SCRAM-SHA-256\\$(\\d{1,7}):([^$:]{1,88})\\$([^$:]{44}):([^$:]{44})");

  public ScramVerifier {
    if (iterations < ITERATIONS_MIN || iterations > ITERATIONS_MAX) {
      throw new IllegalArgumentException(
          iterations + " iterations are outside " + ITERATIONS_MIN + ".." + ITERATIONS_MAX);
    }
    if (salt.length < SALT_BYTES_MIN || salt.length > SALT_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a salt of "
              + salt.length
              + " bytes is outside "
              + SALT_BYTES_MIN
              + ".."
              + SALT_BYTES_MAX);
    }
    if (storedKey.length != HASH_BYTES || serverKey.length != HASH_BYTES) {
      throw new IllegalArgumentException("a key that has not " + HASH_BYTES + " bytes");
    }
    salt = salt.clone();
    storedKey = storedKey.clone();
    serverKey = serverKey.clone();
  }

  /**
   * Takes as long as the iterations say.
   *
   * @param password not prepared yet
   * @throws ScramException if the password cannot be one
   */
  public static ScramVerifier of(String password, byte[] salt, int iterations)
      throws ScramException {
    byte[] salted = saltedPassword(SaslPrep.prepare(password), salt, iterations);
    return new ScramVerifier(
        iterations,
        salt,
        sha256(hmac(salted, "Client Key".getBytes(US_ASCII))),
        hmac(salted, "Server Key".getBytes(US_ASCII)));
  }

  /**
   * With a salt of its own and the usual iterations, some 50 ms.
   *
   * @param password not prepared yet
   * @throws ScramException if the password cannot be one
   */
  public static ScramVerifier of(String password, SecureRandom random) throws ScramException {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return of(password, salt, ITERATIONS_DEFAULT);
  }

  private static byte[] saltedPassword(String prepared, byte[] salt, int iterations)
      throws ScramException {
    if (prepared.isEmpty() || prepared.length() > PASSWORD_CHARS_MAX) {
      throw new ScramException(
          "a password of " + prepared.length() + " characters, outside 1.." + PASSWORD_CHARS_MAX);
    }
    var spec = new PBEKeySpec(prepared.toCharArray(), salt, iterations, HASH_BYTES * 8);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has PBKDF2WithHmacSHA256", e);
    } finally {
      spec.clearPassword();
    }
  }

  /** Whether this is the password; takes as long as the iterations say, right or wrong. */
  public boolean isOf(String password) {
    try {
      return MessageDigest.isEqual(storedKey, of(password, salt, iterations).storedKey);
    } catch (ScramException e) {
      return false;
    }
  }

  /** Whether a client that knows the password made this proof for this exchange. */
  boolean isProvedBy(byte[] proof, byte[] authMessage) {
    if (proof.length != HASH_BYTES) {
      return false;
    }
    byte[] clientKey = hmac(storedKey, authMessage); // ClientSignature
    for (int i = 0; i < HASH_BYTES; i++) {
      clientKey[i] ^= proof[i];
    }
    return MessageDigest.isEqual(storedKey, sha256(clientKey));
  }

  byte[] serverSignature(byte[] authMessage) {
    return hmac(serverKey, authMessage);
  }

  static byte[] hmac(byte[] key, byte[] message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  private static byte[] sha256(byte[] message) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * A verifier that no password has, for a name that nobody has: the same for the same name, so
   * that asking twice tells nothing.
   */
  public static ScramVerifier ofNobody(String name, byte[] secret, int iterations) {
    byte[] salt = new byte[SALT_BYTES];
    System.arraycopy(hmac(secret, ("salt " + name).getBytes(UTF_8)), 0, salt, 0, SALT_BYTES);
    return new ScramVerifier(
        iterations,
        salt,
        hmac(secret, ("stored " + name).getBytes(UTF_8)),
        hmac(secret, ("server " + name).getBytes(UTF_8)));
  }

  /**
   * Reads what {@link #text} writes.
   *
   * @throws IllegalArgumentException if it is not that form, or outside the limits
   */
  public static ScramVerifier parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "not a verifier of the form SCRAM-SHA-256$ITERATIONS:SALT$STORED-KEY:SERVER-KEY");
    }
    Base64.Decoder base64 = Base64.getDecoder();
    return new ScramVerifier(
        Integer.parseInt(parts.group(1)),
        base64.decode(parts.group(2)),
        base64.decode(parts.group(3)),
        base64.decode(parts.group(4)));
  }

  /** The form of RFC 5803, which PostgreSQL writes too. */
  public String text() {
    Base64.Encoder base64 = Base64.getEncoder();
    return "SCRAM-SHA-256$%d:%s$%s:%s"
        .formatted(
            iterations,
            base64.encodeToString(salt),
            base64.encodeToString(storedKey),
            base64.encodeToString(serverKey));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ScramVerifier that && text().equals(that.text());
  }

  @Override
  public int hashCode() {
    return text().hashCode();
  }

  /** Never the keys. */
  @Override
  public String toString() {
    return "SCRAM-SHA-256 verifier of " + iterations + " iterations";
  }
}

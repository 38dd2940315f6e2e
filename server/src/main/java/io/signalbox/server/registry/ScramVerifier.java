package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What the server keeps of a password (RFC 5802 section 3, SCRAM-SHA-256 of RFC 7677): enough to
 * check it, not enough to be it.
 */
public record ScramVerifier(byte[] salt, int iterations, byte[] storedKey, byte[] serverKey) {
  private static final String HMAC = "HmacSHA256";
  private static final int SALT_BYTES = 16;

  /**
   * A verifier of a password; costs as much time as the iterations say.
   *
   * @param iterations at least 4,096 (RFC 7677 section 4)
   */
  public static ScramVerifier of(String password, int iterations, SecureRandom random) {
    var salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return of(password, salt, iterations);
  }

  private static ScramVerifier of(String password, byte[] salt, int iterations) {
    byte[] salted = saltedPassword(password, salt, iterations);
    return new ScramVerifier(
        salt,
        iterations,
        sha256(hmac(salted, "Client Key".getBytes(UTF_8))),
        hmac(salted, "Server Key".getBytes(UTF_8)));
  }

  /** Whether this is the password; costs as much time as the iterations say. */
  public boolean isPassword(String password) {
    return MessageDigest.isEqual(of(password, salt, iterations).storedKey, storedKey);
  }

  /** Hi() of RFC 5802 section 2.2. */
  private static byte[] saltedPassword(String password, byte[] salt, int iterations) {
    // Two keyboards write the same letter in two ways (RFC 4013 section 2.2).
    byte[] text = Normalizer.normalize(password, Normalizer.Form.NFKC).getBytes(UTF_8);
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(text.length == 0 ? new byte[1] : text, HMAC));
      mac.update(salt);
      byte[] block = mac.doFinal(new byte[] {0, 0, 0, 1});
      byte[] sum = block.clone();
      for (int i = 1; i < iterations; i++) {
        block = mac.doFinal(block);
        for (int k = 0; k < sum.length; k++) {
          sum[k] ^= block[k];
        }
      }
      return sum;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC-SHA-256", e);
    }
  }

  private static byte[] hmac(byte[] key, byte[] text) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC-SHA-256", e);
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  JsonObject toJson() {
    var base64 = Base64.getEncoder();
    var out = new JsonObject();
    out.addProperty("salt", base64.encodeToString(salt));
    out.addProperty("iterations", iterations);
    out.addProperty("storedKey", base64.encodeToString(storedKey));
    out.addProperty("serverKey", base64.encodeToString(serverKey));
    return out;
  }

  static ScramVerifier read(Fields in) {
    var base64 = Base64.getDecoder();
    return new ScramVerifier(
        base64.decode(in.required("salt", 64)),
        (int) in.number("iterations", 0, 1, Integer.MAX_VALUE),
        base64.decode(in.required("storedKey", 64)),
        base64.decode(in.required("serverKey", 64)));
  }

  /** Never the keys. */
  @Override
  public String toString() {
    return "SCRAM verifier of " + iterations + " iterations";
  }
}

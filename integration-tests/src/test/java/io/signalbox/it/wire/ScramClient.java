package io.signalbox.it.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The client's half of SCRAM-SHA-256, written from RFC 5802 without a look at the broker. */
public final class ScramClient {
  private static final Pattern SERVER_FIRST = Pattern.compile("r=([^,]+),s=([^,]+),i=(\\d+)");
  private static final String NONCE = "fyko+d2lbbFgONRv9qkxdawL";

  private final String bare;
  private final String password;
  private String serverSignature = "";

  public ScramClient(String user, String password) {
    this.bare = "n=" + user.replace("=", "=3D").replace(",", "=2C") + ",r=" + NONCE;
    this.password = password;
  }

  public byte[] first() {
    return ("n,," + bare).getBytes(UTF_8);
  }

  /** The answer to server-first-message. */
  public byte[] last(byte[] serverFirst) {
    String text = new String(serverFirst, UTF_8);
    Matcher parts = SERVER_FIRST.matcher(text);
    if (!parts.matches() || !parts.group(1).startsWith(NONCE)) {
      throw new AssertionError("not a server-first-message: " + text);
    }
    String withoutProof = "c=biws,r=" + parts.group(1);
    String authMessage = bare + "," + text + "," + withoutProof;
    try {
      byte[] salted =
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
              .generateSecret(
                  new PBEKeySpec(
                      password.toCharArray(),
                      Base64.getDecoder().decode(parts.group(2)),
                      Integer.parseInt(parts.group(3)),
                      256))
              .getEncoded();
      byte[] clientKey = hmac(salted, "Client Key");
      byte[] storedKey = MessageDigest.getInstance("SHA-256").digest(clientKey);
      byte[] proof = hmac(storedKey, authMessage);
      for (int i = 0; i < proof.length; i++) {
        proof[i] ^= clientKey[i];
      }
      serverSignature =
          "v=" + Base64.getEncoder().encodeToString(hmac(hmac(salted, "Server Key"), authMessage));
      return (withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof)).getBytes(UTF_8);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether the server has proved that it knows the verifier. */
  public boolean trusts(byte[] serverFinal) {
    return Arrays.equals(serverSignature.getBytes(UTF_8), serverFinal);
  }

  private static byte[] hmac(byte[] key, String message) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(message.getBytes(UTF_8));
  }
}

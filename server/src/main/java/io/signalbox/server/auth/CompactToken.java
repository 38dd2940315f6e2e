package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.metrics.Metrics.AuthFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A signed token in compact form (RFC 7515 section 7.1), taken apart and not believed yet.
 *
 * @param text the whole token
 * @param algorithm the header {@code alg}
 * @param keyId the header {@code kid}; null if there is none
 * @param isSigned whether there is a signature at all
 */
record CompactToken(
    String text,
    String algorithm,
    @Nullable String keyId,
    Map<String, Object> claims,
    boolean isSigned) {

  /** More than any sane token; checked before a byte of it is looked at. */
  static final int BYTES_MAX = 16_384;

  private static final Base64.Encoder BASE64URL = Base64.getUrlEncoder().withoutPadding();

  /** Headers that change what the signature means; RFC 7515 wants unknown ones refused. */
  private static final String[] UNWANTED_HEADERS = {"crit", "b64", "zip", "enc"};

  static CompactToken parse(byte[] token) throws CredentialException {
    if (token.length > BYTES_MAX) {
      throw malformed("token of " + token.length + " bytes, at most " + BYTES_MAX + " are read");
    }
    String text = new String(token, ISO_8859_1);
    int first = text.indexOf('.');
    int second = text.indexOf('.', first + 1);
    if (first < 0 || second < 0 || text.indexOf('.', second + 1) >= 0) {
      throw malformed("the password is no token: a token has three parts with two dots between");
    }
    Map<String, Object> header = json("header", text.substring(0, first));
    for (String unwanted : UNWANTED_HEADERS) {
      if (header.containsKey(unwanted)) {
        throw malformed("token with the header \"" + unwanted + "\", which is not supported");
      }
    }
    if (!(header.get("alg") instanceof String algorithm)) {
      throw malformed("token without the header \"alg\"");
    }
    Object keyId = header.get("kid");
    if (keyId != null && !(keyId instanceof String)) {
      throw malformed("token whose header \"kid\" is not a string");
    }
    Map<String, Object> claims = json("payload", text.substring(first + 1, second));
    boolean signed = decode("signature", text.substring(second + 1)).length > 0;
    return new CompactToken(text, algorithm, (String) keyId, claims, signed);
  }

  private static Map<String, Object> json(String part, String encoded) throws CredentialException {
    byte[] bytes = decode(part, encoded);
    var utf8 =
        UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    try {
      return StrictJson.object(new InputStreamReader(new ByteArrayInputStream(bytes), utf8));
    } catch (IOException e) {
      throw malformed("the token's " + part + " is " + e.getMessage());
    }
  }

  private static byte[] decode(String part, String encoded) throws CredentialException {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(encoded);
      // No padding (RFC 7515 section 2) and no stray bits in the last character (RFC 4648 section
      // 3.5): a token has one text, and a changed one is not the token that was issued.
      if (!BASE64URL.encodeToString(bytes).equals(encoded)) {
        throw new IllegalArgumentException("not as it would be encoded");
      }
      return bytes;
    } catch (IllegalArgumentException e) {
      throw malformed("the token's " + part + " is not base64url");
    }
  }

  private static CredentialException malformed(String problem) {
    return CredentialException.ofToken(AuthFailure.TOKEN_MALFORMED, problem);
  }

  /** Never the token. */
  @Override
  public String toString() {
    return "CompactToken[" + text.length() + " characters]";
  }
}

package io.signalbox.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonParser;
import java.util.Base64;

/** Reads the claim {@code jti} of a token of our own, by which it can be revoked. */
final class TokenId {
  private TokenId() {}

  /**
   * @param token one that {@link io.signalbox.server.auth.TokenIssuer} has made
   */
  static String of(String token) {
    byte[] claims = Base64.getUrlDecoder().decode(token.split("\\.", 3)[1]);
    return JsonParser.parseString(new String(claims, UTF_8))
        .getAsJsonObject()
        .get("jti")
        .getAsString();
  }
}

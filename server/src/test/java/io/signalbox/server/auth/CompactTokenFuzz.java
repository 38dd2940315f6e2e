package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.signalbox.server.config.AuthConfig.Algorithm;

/** Any bytes are a token in compact form or refused, and only one of them is signed. */
public final class CompactTokenFuzz {
  /** Signed by HS256 with {@link #SECRET}. */
  private static final String SIGNED =
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.zL6GxuEPUo33EGuRUj4-xosAD3hgDisB0SOyEPK8aoU";

  private static final byte[] SECRET = "0123456789abcdef0123456789abcdef".getBytes(US_ASCII);
  private static final TokenKey KEY = TokenKey.ofSecret(null, Algorithm.HS256, SECRET);

  private CompactTokenFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    try {
      CompactToken token = CompactToken.parse(data);
      assertFalse(token.algorithm().isEmpty() && token.isSigned() && KEY.hasSigned(token));
      if (token.algorithm().equals(KEY.algorithm()) && KEY.hasSigned(token)) {
        assertEquals(SIGNED, token.text());
      }
    } catch (CredentialException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
  }
}

package io.signalbox.server.transport;

import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Where a client of a WebSocket may put its token, beside the password of CONNECT. A page cannot
 * set the header Authorization, so it may offer the token as a second subprotocol, which unlike the
 * address ends up in no log; or the browser sends a cookie by itself. A cookie comes with requests
 * of foreign pages too, so it counts only with an Origin that was found allowed by name.
 */
final class UpgradeToken {
  private static final String BEARER = "Bearer ";
  private static final String SUBPROTOCOL_PREFIX = "bearer.";

  private UpgradeToken() {}

  /**
   * A header Authorization of another scheme, such as one for a proxy before us, hides no token; it
   * is the last to be taken, to be refused.
   *
   * @param cookie name of the cookie that may hold it; null: none may
   * @return in the form of the header Authorization; null: there is no token
   */
  static @Nullable String of(HeaderMap headers, @Nullable String cookie) {
    String header = headers.getFirst(Headers.AUTHORIZATION);
    if (header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return header;
    }
    String offered = offered(headers);
    if (offered != null) {
      return BEARER + offered;
    }
    if (cookie != null && headers.contains(Headers.ORIGIN)) {
      String value = cookie(headers, cookie);
      if (value != null) {
        return BEARER + value;
      }
    }
    return header;
  }

  private static @Nullable String offered(HeaderMap headers) {
    var values = headers.get(Headers.SEC_WEB_SOCKET_PROTOCOL);
    if (values != null) {
      for (String value : values) {
        for (String word : value.split(",", -1)) {
          String name = word.strip();
          if (name.startsWith(SUBPROTOCOL_PREFIX)) {
            return name.substring(SUBPROTOCOL_PREFIX.length());
          }
        }
      }
    }
    return null;
  }

  private static @Nullable String cookie(HeaderMap headers, String name) {
    var values = headers.get(Headers.COOKIE);
    if (values != null) {
      for (String value : values) {
        for (String pair : value.split(";", -1)) {
          int equals = pair.indexOf('=');
          if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
            return pair.substring(equals + 1).strip();
          }
        }
      }
    }
    return null;
  }
}

package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import org.junit.jupiter.api.Test;

final class UpgradeTokenTest {
  private final HeaderMap headers = new HeaderMap();

  @Test
  void takesTheHeaderFirstThenASubprotocolThenACookie() {
    headers.put(Headers.ORIGIN, "https://app.example");
    headers.put(Headers.COOKIE, "a=1; mqtt-token=ccc.ccc.ccc; b=2");
    assertEquals("Bearer ccc.ccc.ccc", UpgradeToken.of(headers, "mqtt-token"));
    headers.put(Headers.SEC_WEB_SOCKET_PROTOCOL, "mqtt, bearer.sss.sss.sss");
    assertEquals("Bearer sss.sss.sss", UpgradeToken.of(headers, "mqtt-token"));
    headers.put(Headers.AUTHORIZATION, "Bearer hhh.hhh.hhh");
    assertEquals("Bearer hhh.hhh.hhh", UpgradeToken.of(headers, "mqtt-token"));
  }

  @Test
  void aCookieCountsOnlyWhereOneIsNamedAndWithAnOrigin() {
    headers.put(Headers.COOKIE, "mqtt-token=ccc.ccc.ccc");
    assertNull(UpgradeToken.of(headers, "mqtt-token"), "no Origin: it may be any page's request");
    headers.put(Headers.ORIGIN, "https://app.example");
    assertNull(UpgradeToken.of(headers, null));
    assertNull(UpgradeToken.of(headers, "other"));
  }

  @Test
  void aHeaderOfAnotherSchemeComesLast() {
    headers.put(Headers.AUTHORIZATION, "Basic dXNlcjpwYXNz");
    assertEquals("Basic dXNlcjpwYXNz", UpgradeToken.of(headers, "mqtt-token"));
    headers.put(Headers.ORIGIN, "https://app.example");
    headers.put(Headers.COOKIE, "mqtt-token=ccc.ccc.ccc");
    assertEquals("Bearer ccc.ccc.ccc", UpgradeToken.of(headers, "mqtt-token"));
    headers.put(Headers.SEC_WEB_SOCKET_PROTOCOL, "mqtt, bearer.sss.sss.sss");
    assertEquals("Bearer sss.sss.sss", UpgradeToken.of(headers, "mqtt-token"));
    headers.put(Headers.AUTHORIZATION, "bearer hhh.hhh.hhh");
    assertEquals("bearer hhh.hhh.hhh", UpgradeToken.of(headers, "mqtt-token"));
  }

  @Test
  void noTokenIsNoToken() {
    headers.put(Headers.SEC_WEB_SOCKET_PROTOCOL, "mqtt");
    assertNull(UpgradeToken.of(headers, null));
  }
}

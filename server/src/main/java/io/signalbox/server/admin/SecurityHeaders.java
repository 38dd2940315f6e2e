package io.signalbox.server.admin;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.util.regex.Pattern;

/** Puts the headers on every answer that keep a browser from doing more with it than it must. */
final class SecurityHeaders implements HttpHandler {
  private static final HttpString OPENER_POLICY = new HttpString("Cross-Origin-Opener-Policy");
  private static final HttpString RESOURCE_POLICY = new HttpString("Cross-Origin-Resource-Policy");
  private static final HttpString PERMISSIONS_POLICY = new HttpString("Permissions-Policy");

  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9.-]{1,253}(:\\d{1,5})?|\\[[0-9A-Fa-f:.]{2,45}](:\\d{1,5})?");

  private final HttpHandler next;

  SecurityHeaders(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    HeaderMap headers = exchange.getResponseHeaders();
    headers.put(Headers.CONTENT_SECURITY_POLICY, contentSecurityPolicy(exchange));
    headers.put(Headers.X_CONTENT_TYPE_OPTIONS, "nosniff");
    headers.put(Headers.REFERRER_POLICY, "no-referrer");
    headers.put(OPENER_POLICY, "same-origin");
    headers.put(RESOURCE_POLICY, "same-origin");
    headers.put(PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    next.handleRequest(exchange);
  }

  /**
   * Our own files, our own WebSocket, nothing else: no inline script, no frame, no form, no text
   * that becomes markup.
   */
  private static String contentSecurityPolicy(HttpServerExchange exchange) {
    // Browsers differ in whether 'self' covers the socket, so it is named. Where this end has no
    // TLS, a proxy may have it. The header Host is a peer's word: used only if it can be nothing
    // but a host.
    String host = exchange.getHostAndPort();
    boolean tls = exchange.getConnection().getSslSessionInfo() != null;
    String plain = tls ? "" : " ws://" + host;
    String socket = HOST.matcher(host).matches() ? plain + " wss://" + host : "";
    return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src"
        + " 'self'"
        + socket
        + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for"
        + " 'script'; trusted-types 'none'";
  }
}

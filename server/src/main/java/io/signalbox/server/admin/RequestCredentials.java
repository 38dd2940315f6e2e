package io.signalbox.server.admin;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.SSLSessionInfo;
import io.undertow.util.Headers;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** What a request shows to prove who makes it. */
final class RequestCredentials {
  private static final String BEARER = "bearer ";

  private RequestCredentials() {}

  static List<X509Certificate> certificates(HttpServerExchange exchange) {
    SSLSessionInfo tls = exchange.getConnection().getSslSessionInfo();
    if (tls == null) {
      return List.of();
    }
    try {
      List<X509Certificate> chain = new ArrayList<>();
      for (Certificate certificate : tls.getPeerCertificates()) {
        chain.add((X509Certificate) certificate);
      }
      return chain;
    } catch (SSLPeerUnverifiedException | io.undertow.server.RenegotiationRequiredException e) {
      return List.of();
    }
  }

  /** Method and path for the log, without the query, where somebody may have put a secret. */
  static String named(HttpServerExchange exchange) {
    return exchange.getRequestMethod() + " " + exchange.getRequestURI();
  }

  static @Nullable String bearerToken(HttpServerExchange exchange) {
    String header = exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION);
    boolean bearer = header != null && header.toLowerCase(Locale.ROOT).startsWith(BEARER);
    return bearer ? header.substring(BEARER.length()).strip() : null;
  }
}

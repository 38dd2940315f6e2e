package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.principal.Peer;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client shows to prove who it is.
 *
 * @param certificates its chain; empty: none
 * @param token null: none
 * @param userName of CONNECT; proves nothing by itself
 * @param mayBeNobody whether no credential at all is enough
 */
record Credentials(
    List<X509Certificate> certificates,
    byte @Nullable [] token,
    @Nullable String userName,
    boolean mayBeNobody) {

  private static final String BEARER = "Bearer ";

  /** The password of CONNECT, else the bearer token of the WebSocket's HTTP request. */
  static Credentials of(Connect connect, Peer peer) throws CredentialException {
    byte[] password = connect.password();
    return new Credentials(
        peer.certificates(),
        password != null ? password : bearer(peer.authorizationHeader()),
        connect.userName(),
        peer.anonymousAllowed());
  }

  private static byte @Nullable [] bearer(@Nullable String header) throws CredentialException {
    if (header == null) {
      return null;
    }
    if (!header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_MALFORMED, "the HTTP header Authorization holds no bearer token");
    }
    return header.substring(BEARER.length()).strip().getBytes(UTF_8);
  }

  /** Never the token. */
  @Override
  public String toString() {
    return "Credentials[%d certificates, %s, userName=%s]"
        .formatted(certificates.size(), token == null ? "no token" : "a token", userName);
  }
}

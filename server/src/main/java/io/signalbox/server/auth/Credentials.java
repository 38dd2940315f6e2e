package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client shows to prove who it is. At most one of token, password and user is there.
 *
 * @param from whence it came; null: nobody came
 * @param certificates its chain; empty: none
 * @param token null: none
 * @param password null: none
 * @param user whom an exchange has proved already; null: none
 * @param userName of CONNECT; proves nothing by itself
 * @param mayBeNobody whether no credential at all is enough
 */
record Credentials(
    @Nullable InetAddress from,
    List<X509Certificate> certificates,
    byte @Nullable [] token,
    byte @Nullable [] password,
    @Nullable Principal user,
    @Nullable String userName,
    boolean mayBeNobody) {

  private static final String BEARER = "Bearer ";

  /**
   * The password of CONNECT, else the bearer token of the WebSocket's HTTP request.
   *
   * @param passwords decide whether a password is a user's or a token
   */
  static Credentials of(Connect connect, Peer peer, PasswordAuthenticator passwords)
      throws CredentialException {
    byte[] password = connect.password();
    boolean ofUser = password != null && passwords.takes(connect.userName(), password);
    byte[] token = password != null ? password : bearer(peer.authorizationHeader());
    return new Credentials(
        peer.address(),
        peer.certificates(),
        ofUser ? null : token,
        ofUser ? password : null,
        null,
        connect.userName(),
        peer.anonymousAllowed());
  }

  /** A token in an exchange of AUTH packets. */
  static Credentials ofToken(byte[] token, Connect connect, Peer peer) {
    return new Credentials(
        peer.address(), peer.certificates(), token, null, null, connect.userName(), false);
  }

  /** A user proved by an exchange of AUTH packets. */
  static Credentials ofUser(Principal user, Connect connect, Peer peer) {
    return new Credentials(
        peer.address(), peer.certificates(), null, null, user, connect.userName(), false);
  }

  /** What comes with an HTTP request. */
  static Credentials ofRequest(
      @Nullable InetAddress from,
      List<X509Certificate> certificates,
      byte @Nullable [] bearerToken) {
    return new Credentials(from, certificates, bearerToken, null, null, null, false);
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

  /** Never the token, never the password. */
  @Override
  public String toString() {
    return "Credentials[%d certificates, %s, %s, userName=%s]"
        .formatted(
            certificates.size(),
            token == null ? "no token" : "a token",
            password == null ? "no password" : "a password",
            userName);
  }
}

package io.signalbox.server.admin;

import io.signalbox.server.principal.Principal;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds out who makes an HTTP request. Implemented where authenticators are wired. */
@FunctionalInterface
public interface RequestAuthenticator {
  /**
   * Called on a worker thread; may take its time.
   *
   * @param certificates the chain of the TLS connection, the peer's own first; empty if it showed
   *     none
   * @param bearerToken of the header Authorization, null if there is none
   * @param from whence the request came; null: these are a copy of credentials that somebody asks
   *     about
   * @return empty if nothing proves an identity; why is counted and logged by the authenticator
   */
  Optional<Principal> authenticate(
      List<X509Certificate> certificates, @Nullable String bearerToken, @Nullable InetAddress from);
}

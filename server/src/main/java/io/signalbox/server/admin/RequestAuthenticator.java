package io.signalbox.server.admin;

import io.signalbox.server.principal.Principal;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Finds out who makes an HTTP request. Implemented where authenticators are wired. */
@FunctionalInterface
public interface RequestAuthenticator {
  /**
   * Called on a worker thread, and waits for nobody's server: strangers decide what must be asked.
   *
   * @param certificates the chain of the TLS connection, the peer's own first; empty if it showed
   *     none
   * @param bearerToken of the header Authorization, null if there is none
   * @param from whence the request came
   * @param request its method and path, for the log
   * @param threads where it goes on once a server has answered
   * @param answer called on this thread or one of those; empty if nothing proves an identity, and
   *     why is counted and logged by the authenticator
   * @return false: too many wait already; there is no answer
   */
  boolean authenticate(
      List<X509Certificate> certificates,
      @Nullable String bearerToken,
      InetAddress from,
      String request,
      Executor threads,
      Consumer<Optional<Principal>> answer);
}

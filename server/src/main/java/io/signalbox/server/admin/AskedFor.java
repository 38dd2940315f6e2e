package io.signalbox.server.admin;

import io.signalbox.server.principal.Principal;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who a client would be that a question is about. Implemented where authenticators are wired. */
@FunctionalInterface
public interface AskedFor {
  /**
   * Checks credentials that whoever asks has a copy of; registers nobody. Not on an I/O thread; may
   * take its time.
   *
   * @param certificates the client's own first; empty: none
   * @param token null: none
   * @return empty if nothing proves an identity; why is counted and logged by the authenticator
   */
  Optional<Principal> wouldBe(List<X509Certificate> certificates, @Nullable String token);
}

package io.signalbox.server.auth;

import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import java.util.Optional;

/**
 * Whether what a connected client proved still holds: its certificate may be revoked since, its
 * device disabled, its authority removed. Any thread; quick, without a signature check but where
 * another authority of the same name is trusted in place of a client's.
 */
@FunctionalInterface
public interface CredentialCheck {
  /** Nothing that a client proved can be taken back. */
  CredentialCheck NOTHING_IS_TAKEN_BACK = (_, _, _) -> Optional.empty();

  /**
   * @param clientId under which it is connected
   * @return why it is no longer good; empty while it is
   */
  Optional<String> problem(Principal principal, Peer peer, String clientId);

  /**
   * Who a client is by what is known of it now, such as other groups, whether or not it may still
   * be connected.
   *
   * @return an equal principal if nothing is new
   */
  default Principal refreshed(Principal principal) {
    return principal;
  }
}

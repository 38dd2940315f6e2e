package io.signalbox.server.auth;

import io.signalbox.server.principal.Principal;

/** Makes the authorizer of a client under the policies in force. */
@FunctionalInterface
public interface Authorizers {
  /**
   * @param listener name of the listener, transport as in {@link
   *     io.signalbox.server.principal.Peer}
   * @param remoteAddress textual IP address, empty when a will is checked after a restart
   */
  Authorizer of(
      Principal principal,
      String clientId,
      String listener,
      String transport,
      String remoteAddress,
      String tlsVersion);
}

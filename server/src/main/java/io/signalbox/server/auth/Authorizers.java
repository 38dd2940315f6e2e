package io.signalbox.server.auth;

import io.signalbox.server.principal.Principal;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Makes the authorizer of a client under the policies in force. */
@FunctionalInterface
public interface Authorizers {
  /**
   * @param listener name of the listener, transport as in {@link
   *     io.signalbox.server.principal.Peer}
   * @param remoteAddress null when it is not known: conditions on it then fail closed
   */
  Authorizer of(
      Principal principal,
      String clientId,
      String listener,
      String transport,
      @Nullable InetAddress remoteAddress,
      String tlsVersion);
}

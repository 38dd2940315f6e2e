package io.signalbox.server.auth;

import io.signalbox.server.packet.Connect;
import io.signalbox.server.principal.Peer;

/**
 * The Authentication Method {@code JWT}: the Authentication Data is a token. One step, and again
 * with each re-authentication, by which a client renews its token without reconnecting.
 */
public final class JwtExchange implements ExchangeAuthenticator {
  private static final String METHOD = "JWT";

  private final AuthenticatorChain chain;

  public JwtExchange(AuthenticatorChain chain) {
    this.chain = chain;
  }

  @Override
  public boolean knows(String method) {
    return method.equals(METHOD);
  }

  @Override
  public Exchange begin(String method, Connect connect, Peer peer) {
    return (data, loop, answer) -> {
      if (data.length == 0) {
        answer.accept(new Authentication.Continue(data)); // the token is still to come
        return;
      }
      chain.authenticate(
          new Credentials(peer.certificates(), data, connect.userName(), false),
          loop,
          outcome -> answer.accept(chain.admitted(outcome, connect.clientId())));
    };
  }
}

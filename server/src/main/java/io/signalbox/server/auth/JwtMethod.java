package io.signalbox.server.auth;

import io.signalbox.server.auth.ExchangeAuthenticator.Exchange;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.Peer;
import java.util.function.Consumer;

/**
 * The Authentication Method {@code JWT}: the Authentication Data is a token. One step, and again
 * with each re-authentication, by which a client renews its token without reconnecting.
 */
final class JwtMethod implements AuthenticationMethod {
  private final AuthenticatorChain chain;

  JwtMethod(AuthenticatorChain chain) {
    this.chain = chain;
  }

  @Override
  public String name() {
    return "JWT";
  }

  @Override
  public Exchange begin(Connect connect, Peer peer) {
    return new JwtExchange(connect, peer);
  }

  private final class JwtExchange implements Exchange {
    private final Connect connect;
    private final Peer peer;
    private boolean asked;

    JwtExchange(Connect connect, Peer peer) {
      this.connect = connect;
      this.peer = peer;
    }

    @Override
    public void next(byte[] data, EventLoop loop, Consumer<Authentication> answer) {
      if (data.length > 0) {
        chain.authenticate(Credentials.ofToken(data, connect, peer), loop, answer);
      } else if (asked) {
        answer.accept(
            new Authentication.Rejected(
                ReasonCode.NOT_AUTHORIZED, "no token in the authentication data"));
      } else {
        asked = true;
        answer.accept(new Authentication.Continue(data)); // the token is still to come
      }
    }
  }
}

package io.signalbox.server.auth;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.Peer;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The Authentication Methods of this broker, and the bound on exchanges that are under way over all
 * of them. Any thread.
 */
public final class AuthenticationMethods implements ExchangeAuthenticator {
  private final Map<String, AuthenticationMethod> methods = new HashMap<>();
  private final AuthenticatorChain chain;
  private final int openMax;
  private final Metrics metrics;
  private final AtomicInteger open = new AtomicInteger();

  private AuthenticationMethods(
      List<AuthenticationMethod> methods, AuthenticatorChain chain, int openMax, Metrics metrics) {
    this.chain = chain;
    methods.forEach(method -> this.methods.put(method.name(), method));
    this.openMax = openMax;
    this.metrics = metrics;
  }

  /** {@code JWT} and {@code SCRAM-SHA-256}. */
  public static AuthenticationMethods of(
      AuthenticatorChain chain, AuthConfig config, SecureRandom random, Metrics metrics) {
    return new AuthenticationMethods(
        List.of(new JwtMethod(chain), new ScramMethod(chain, chain.users(), random)),
        chain,
        config.exchangesMax(),
        metrics);
  }

  @Override
  public boolean knows(String method) {
    return methods.containsKey(method);
  }

  @Override
  public Exchange begin(String method, Connect connect, Peer peer) {
    if (connect.password() != null || peer.authorizationHeader() != null) {
      return (_, _, answer) -> // a credential that is shown is never overlooked
      answer.accept(
              new Authentication.Rejected(
                  ReasonCode.NOT_AUTHORIZED,
                  "a password or an HTTP Authorization header beside an authentication method"));
    }
    if (open.incrementAndGet() > openMax) {
      open.decrementAndGet();
      metrics.limitsReached.inc(Metrics.Limit.EXCHANGES);
      return (_, _, answer) ->
          answer.accept(
              new Authentication.Rejected(
                  ReasonCode.SERVER_BUSY,
                  "too many exchanges are under way, auth.exchanges-max is " + openMax));
    }
    metrics.authenticationExchanges.add(1);
    return new Counted(
        Objects.requireNonNull(methods.get(method)).begin(connect, peer), connect.clientId());
  }

  /** Gives its place back when it ends. */
  private final class Counted implements Exchange {
    private final Exchange exchange;
    private final String clientId;
    private boolean ended;

    Counted(Exchange exchange, String clientId) {
      this.exchange = exchange;
      this.clientId = clientId;
    }

    @Override
    public void next(byte[] data, EventLoop loop, Consumer<Authentication> answer) {
      exchange.next(data, loop, outcome -> answer.accept(chain.admitted(outcome, clientId)));
    }

    @Override
    public void end() {
      if (!ended) {
        ended = true;
        open.decrementAndGet();
        metrics.authenticationExchanges.add(-1);
        exchange.end();
      }
    }
  }
}

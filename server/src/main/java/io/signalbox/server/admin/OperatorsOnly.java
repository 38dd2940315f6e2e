package io.signalbox.server.admin;

import io.signalbox.server.principal.Principal;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Lets a request through if it comes from a member of certain groups or, where that counts, from
 * this machine itself.
 */
final class OperatorsOnly implements HttpHandler {
  /**
   * A proxy on this machine says so with one of these; then the connection's address tells nothing
   * about who asks.
   */
  private static final List<HttpString> PROXY_HEADERS =
      List.of(
          Headers.X_FORWARDED_FOR,
          Headers.X_FORWARDED_HOST,
          Headers.X_FORWARDED_PROTO,
          Headers.FORWARDED,
          Headers.VIA,
          new HttpString("X-Real-IP"));

  /** A page of a stranger whose name was made to point to 127.0.0.1 shows its own name here. */
  private static final Pattern LOOPBACK_HOST =
      Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d{1,5})?");

  static final String TOO_MANY = "too many credentials wait to be checked, see auth.pending-max";

  private final boolean fromLoopback;
  private final Set<String> groups;
  private final RequestAuthenticator authenticator;
  private final HttpHandler next;

  OperatorsOnly(
      boolean fromLoopback,
      Set<String> groups,
      RequestAuthenticator authenticator,
      HttpHandler next) {
    this.fromLoopback = fromLoopback;
    this.groups = groups;
    this.authenticator = authenticator;
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (fromLoopback && isThisMachine(exchange)) {
      next.handleRequest(exchange);
      return;
    }
    exchange.dispatch(() -> ask(exchange)); // checking a signature takes up to a millisecond
  }

  private void ask(HttpServerExchange exchange) {
    boolean taken =
        authenticator.authenticate(
            RequestCredentials.certificates(exchange),
            RequestCredentials.bearerToken(exchange),
            exchange.getSourceAddress().getAddress(),
            RequestCredentials.named(exchange),
            exchange.getConnection().getWorker(),
            who -> exchange.dispatch(SameThreadExecutor.INSTANCE, there -> answer(there, who)));
    if (!taken) {
      new Problem(StatusCodes.SERVICE_UNAVAILABLE, TOO_MANY).send(exchange);
    }
  }

  private void answer(HttpServerExchange exchange, Optional<Principal> principal) throws Exception {
    if (principal.isEmpty()) {
      exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Bearer");
      exchange.setPersistent(false); // another guess needs another connection, which is counted
      new Problem(
              StatusCodes.UNAUTHORIZED,
              "this needs a client certificate or the header Authorization: Bearer TOKEN")
          .send(exchange);
    } else if (Collections.disjoint(principal.get().groups(), groups)) {
      new Problem(
              StatusCodes.FORBIDDEN,
              "this needs a member of one of the groups of admin.metrics-groups")
          .send(exchange);
    } else {
      next.handleRequest(exchange);
    }
  }

  /** As far as it can be seen: a proxy on this machine need not say that it is one. */
  private static boolean isThisMachine(HttpServerExchange exchange) {
    return exchange.getSourceAddress().getAddress() != null
        && exchange.getSourceAddress().getAddress().isLoopbackAddress()
        && PROXY_HEADERS.stream().noneMatch(exchange.getRequestHeaders()::contains)
        && LOOPBACK_HOST.matcher(exchange.getHostAndPort().toLowerCase(Locale.ROOT)).matches();
  }
}

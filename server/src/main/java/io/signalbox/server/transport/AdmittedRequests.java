package io.signalbox.server.transport;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import org.jspecify.annotations.Nullable;

/**
 * Lets requests through whose connection has a place among those that serve HTTP, says from where
 * they come, and counts credentials that are refused against that address.
 */
final class AdmittedRequests implements HttpHandler {
  private final HttpHandler next;
  private final IoLoops loops;

  AdmittedRequests(HttpHandler next, IoLoops loops) {
    this.next = next;
    this.loops = loops;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (!exchange.isInIoThread()) { // It stood behind one that a worker has answered.
      exchange.dispatch(exchange.getIoThread(), this);
      return;
    }
    Arrival arrival = arrival(exchange);
    if (arrival != null) {
      exchange.setSourceAddress(arrival.remote()); // the one of its PROXY header, if there is one
      if (!arrival.servesHttp(exchange)) {
        return;
      }
      if (exchange.getRequestHeaders().contains(Headers.AUTHORIZATION)) {
        exchange.addExchangeCompleteListener(
            (answered, following) -> {
              if (answered.getStatusCode() == StatusCodes.UNAUTHORIZED) {
                arrival.refusedCredential();
              }
              following.proceed();
            });
      }
    }
    next.handleRequest(exchange);
  }

  /** The connection of a request that is on its I/O thread; null if it is closed. */
  @Nullable Arrival arrival(HttpServerExchange exchange) {
    return exchange.getConnection() instanceof HttpServerConnection http
        ? loops.loop(exchange.getIoThread().getNumber()).http().get(http.getChannel())
        : null;
  }
}

package io.signalbox.server.admin;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code /health/live}: the process answers. {@code /health/ready}: clients can be served. */
final class HealthEndpoint implements HttpHandler {
  private final Supplier<Optional<String>> obstacle;

  /**
   * @param obstacle what keeps it from being well, in words for an operator; empty if nothing does;
   *     called on any thread, must be quick
   */
  HealthEndpoint(Supplier<Optional<String>> obstacle) {
    this.obstacle = obstacle;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    Optional<String> found = obstacle.get();
    if (found.isPresent()) {
      new Problem(StatusCodes.SERVICE_UNAVAILABLE, found.get()).send(exchange);
      return;
    }
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    exchange.getResponseSender().send("{\"status\":\"ok\"}\n");
  }
}

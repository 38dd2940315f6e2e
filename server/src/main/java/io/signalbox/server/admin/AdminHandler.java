package io.signalbox.server.admin;

import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.metrics.Metrics;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Answers every HTTP request of a listener that is no WebSocket upgrade. */
public final class AdminHandler implements HttpHandler {
  private static final HttpHandler REFUSE_METHOD = new SecurityHeaders(AdminHandler::refuseMethod);

  private final HttpHandler handlers;
  private final HttpHandler api;

  /**
   * @param mqttPath where this listener has its WebSocket, for the page
   * @param api serves all below {@code /api/}, with any method
   * @param obstacle what keeps the broker from serving clients, in words for an operator; empty if
   *     nothing does; any thread, quick
   */
  public AdminHandler(
      AdminConfig config,
      String mqttPath,
      Metrics metrics,
      RequestAuthenticator authenticator,
      HttpHandler api,
      Supplier<Optional<String>> obstacle) {
    Map<String, HttpHandler> operators =
        Map.of(
            "/health/live", new HealthEndpoint(Optional::empty),
            "/health/ready", new HealthEndpoint(obstacle),
            "/metrics", new MetricsEndpoint(metrics));
    HttpHandler nothing =
        exchange -> new Problem(StatusCodes.NOT_FOUND, "nothing is here").send(exchange);
    HttpHandler others = config.page() ? new PageResources(mqttPath) : nothing;
    Map<String, HttpHandler> guarded = new HashMap<>();
    operators.forEach(
        (path, handler) ->
            guarded.put(
                path,
                new OperatorsOnly(
                    config.metricsFromLoopback(), config.metricsGroups(), authenticator, handler)));
    this.api = new SecurityHeaders(api);
    handlers =
        new SecurityHeaders(
            exchange ->
                guarded.getOrDefault(exchange.getRequestPath(), others).handleRequest(exchange));
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (exchange.getRequestURI().startsWith("/api/")) {
      api.handleRequest(exchange);
      return;
    }
    boolean reads =
        exchange.getRequestMethod().equals(Methods.GET)
            || exchange.getRequestMethod().equals(Methods.HEAD);
    (reads ? handlers : REFUSE_METHOD).handleRequest(exchange);
  }

  private static void refuseMethod(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(Headers.ALLOW, "GET, HEAD");
    new Problem(StatusCodes.METHOD_NOT_ALLOWED, "only GET and HEAD are answered here")
        .send(exchange);
  }
}

package io.signalbox.server.enrolment;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.util.Optional;

/** The paths of this package, and whoever serves all others. */
public final class PkiPaths implements HttpHandler {
  private final Optional<EstHandler> est;
  private final StatusHandler status;
  private final HttpHandler others;

  /**
   * @param est empty: it is switched off
   */
  public PkiPaths(Optional<EstHandler> est, StatusHandler status, HttpHandler others) {
    this.est = est;
    this.status = status;
    this.others = others;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    String path = exchange.getRequestPath();
    if (est.isPresent() && path.startsWith(EstHandler.PREFIX)) {
      est.get().handleRequest(exchange);
    } else if (path.startsWith(StatusHandler.PREFIX)) {
      status.handleRequest(exchange);
    } else {
      others.handleRequest(exchange);
    }
  }
}

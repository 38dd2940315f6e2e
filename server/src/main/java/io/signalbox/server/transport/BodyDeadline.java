package io.signalbox.server.transport;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.Limit;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * Closes a connection whose request's body is not complete in time, whoever waits for it: a handler
 * that reads it, or the HTTP layer that throws the rest away. Any thread.
 */
final class BodyDeadline implements HttpHandler {
  private static final Logger LOG = System.getLogger(BodyDeadline.class.getName());

  private final HttpHandler next;
  private final long millis;
  private final Metrics metrics;

  BodyDeadline(HttpHandler next, Duration timeout, Metrics metrics) {
    this.next = next;
    this.millis = timeout.toMillis();
    this.metrics = metrics;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (!exchange.isRequestComplete()) {
      XnioExecutor.Key deadline =
          exchange.getIoThread().executeAfter(() -> end(exchange), millis, TimeUnit.MILLISECONDS);
      exchange.addExchangeCompleteListener(
          (_, others) -> {
            deadline.remove();
            others.proceed();
          });
    }
    next.handleRequest(exchange);
  }

  private void end(HttpServerExchange exchange) {
    if (!exchange.isRequestComplete()) {
      metrics.limitsReached.inc(Limit.HTTP_BODY_TIME);
      LOG.log(
          Level.DEBUG,
          "{0}: the body of its request was not complete after limits.http-body-timeout-millis,"
              + " {1} ms",
          exchange.getSourceAddress(),
          Long.toString(millis));
      IoUtils.safeClose(exchange.getConnection());
    }
  }
}

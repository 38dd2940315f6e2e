package io.signalbox.server.transport;

import io.signalbox.server.metrics.Metrics;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * Closes a connection whose client takes nothing of the answer to its request for too long: it
 * looks once in each timeout whether more was taken. An answer that is taken slowly goes on, and so
 * does work that has not yet led to an answer. Any thread.
 */
final class AnswerProgress implements HttpHandler {
  private static final Logger LOG = System.getLogger(AnswerProgress.class.getName());

  private final HttpHandler next;
  private final long millis;
  private final Metrics metrics;

  /**
   * @param timeout without a byte taken
   */
  AnswerProgress(HttpHandler next, Duration timeout, Metrics metrics) {
    this.next = next;
    this.millis = timeout.toMillis();
    this.metrics = metrics;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    Watch watch = new Watch(exchange);
    watch.lookAgain();
    exchange.addExchangeCompleteListener(
        (_, others) -> {
          watch.end();
          others.proceed();
        });
    next.handleRequest(exchange);
  }

  /** One request. */
  private final class Watch {
    private final HttpServerExchange exchange;
    private volatile XnioExecutor.@Nullable Key timer;

    /** At the last look; negative: the answer had not begun. Only the I/O thread looks. */
    private long sent = -1;

    Watch(HttpServerExchange exchange) {
      this.exchange = exchange;
    }

    void lookAgain() {
      timer = exchange.getIoThread().executeAfter(this::look, millis, TimeUnit.MILLISECONDS);
    }

    void end() {
      XnioExecutor.Key pending = timer;
      if (pending != null) {
        pending.remove();
      }
    }

    private void look() {
      if (exchange.isResponseComplete() || !exchange.getConnection().isOpen()) {
        return;
      }
      long now = exchange.isResponseStarted() ? exchange.getResponseBytesSent() : -1;
      if (now >= 0 && now == sent) {
        close();
      } else {
        sent = now;
        lookAgain();
      }
    }

    private void close() {
      metrics.slowReaders.inc();
      LOG.log(
          Level.DEBUG,
          "{0}: took nothing of an answer for limits.slow-reader-timeout-millis, {1} ms",
          exchange.getSourceAddress(),
          Long.toString(millis));
      IoUtils.safeClose(exchange.getConnection());
    }
  }
}

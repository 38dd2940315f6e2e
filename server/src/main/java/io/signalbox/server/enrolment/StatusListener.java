package io.signalbox.server.enrolment;

import io.signalbox.server.config.EnrolmentConfig;
import io.signalbox.server.config.LimitsConfig;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.UnaryOperator;
import org.xnio.Options;
import org.xnio.XnioWorker;

/**
 * Serves {@link StatusHandler} alone over plain HTTP: whoever checks a certificate cannot begin
 * with a TLS connection that rests on one.
 */
public final class StatusListener implements AutoCloseable {
  private static final Logger LOG = System.getLogger(StatusListener.class.getName());
  private static final int CONNECTIONS_MAX = 1_000;
  private static final int IDLE_MILLIS = 10_000;

  private final Undertow server;

  private StatusListener(Undertow server) {
    this.server = server;
  }

  /**
   * @param bounded puts the time limits of requests and answers in front of a handler
   * @param worker whose threads it uses
   * @throws IOException if an address cannot be bound
   */
  public static StatusListener start(
      EnrolmentConfig config,
      LimitsConfig limits,
      UnaryOperator<HttpHandler> bounded,
      StatusHandler status,
      XnioWorker worker)
      throws IOException {
    HttpHandler handler =
        exchange -> {
          if (exchange.getRequestPath().startsWith(StatusHandler.PREFIX)) {
            status.handleRequest(exchange);
          } else {
            exchange.setStatusCode(StatusCodes.NOT_FOUND).endExchange();
          }
        };
    Undertow.Builder builder =
        Undertow.builder()
            .setWorker(worker)
            .setHandler(bounded.apply(handler))
            .setServerOption(UndertowOptions.MAX_HEADER_SIZE, limits.httpHeaderBytesMax())
            .setServerOption(UndertowOptions.MAX_HEADERS, limits.httpHeadersMax())
            .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, IDLE_MILLIS)
            .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, IDLE_MILLIS)
            .setServerOption(UndertowOptions.ALWAYS_SET_DATE, true)
            .setSocketOption(Options.CONNECTION_HIGH_WATER, CONNECTIONS_MAX)
            .setSocketOption(Options.CONNECTION_LOW_WATER, CONNECTIONS_MAX);
    for (String host : config.httpBind()) {
      builder.addHttpListener(config.httpPort(), host);
    }
    Undertow server = builder.build();
    try {
      server.start();
    } catch (RuntimeException e) {
      throw new IOException(
          "enrolment.http-port: cannot listen on "
              + config.httpBind()
              + " port "
              + config.httpPort()
              + ": "
              + e.getMessage(),
          e);
    }
    LOG.log(
        Level.INFO,
        "listening name=pki type=http address={0}:{1}",
        String.join(",", config.httpBind()),
        Integer.toString(config.httpPort()));
    return new StatusListener(server);
  }

  @Override
  public void close() {
    server.stop();
  }
}

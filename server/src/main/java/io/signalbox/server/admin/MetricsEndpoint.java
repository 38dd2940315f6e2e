package io.signalbox.server.admin;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.signalbox.server.metrics.Metrics;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** {@code /metrics} in the text format of Prometheus. */
final class MetricsEndpoint implements HttpHandler {
  private final Metrics metrics;

  MetricsEndpoint(Metrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws IOException {
    if (exchange.isInIoThread()) {
      exchange.dispatch(this); // some numbers are asked of the operating system
      return;
    }
    ByteArrayOutputStream text = new ByteArrayOutputStream(32_768);
    PrometheusTextFormatWriter.create().write(text, metrics.collect());
    exchange
        .getResponseHeaders()
        .put(Headers.CONTENT_TYPE, PrometheusTextFormatWriter.CONTENT_TYPE);
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    exchange.getResponseSender().send(ByteBuffer.wrap(text.toByteArray()));
  }
}

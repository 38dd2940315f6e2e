package io.signalbox.server.trust;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A web server on a free port whose one answer a test may change at any time. */
public final class WebServer implements AutoCloseable {
  private final HttpServer server;
  private final AtomicInteger requests = new AtomicInteger();
  private volatile int status = 200;
  private volatile UnaryOperator<byte[]> answer;

  /**
   * @param answer to a request's body
   */
  public WebServer(UnaryOperator<byte[]> answer) {
    this.answer = answer;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(request -> Thread.ofVirtual().start(request)); // one may wait for another
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.incrementAndGet();
      byte[] body = answer.apply(exchange.getRequestBody().readAllBytes());
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  public void answer(byte[] body) {
    answer = _ -> body;
  }

  public void status(int code) {
    status = code;
  }

  public int requests() {
    return requests.get();
  }

  public URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/it");
  }

  @Override
  public void close() {
    server.stop(0);
  }
}

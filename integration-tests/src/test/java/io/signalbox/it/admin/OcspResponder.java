package io.signalbox.it.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.signalbox.it.identity.OpenSslCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A web server that answers OCSP by OpenSSL under one path, and badly under two others. */
final class OcspResponder implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final OpenSslCa ca;
  private final Path folder;

  /** Questions that got no answer. */
  final AtomicInteger ignored = new AtomicInteger();

  /**
   * @param folder of the authority
   */
  OcspResponder(OpenSslCa ca, Path folder) throws IOException {
    this.ca = ca;
    this.folder = folder;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/openssl", exchange -> answer(exchange, openssl(exchange)));
    server.createContext("/garbage", exchange -> answer(exchange, new byte[] {1, 2, 3}));
    server.createContext("/mute", this::ignore);
    server.start();
  }

  /**
   * @param path {@code /openssl}, {@code /garbage} or {@code /mute}
   */
  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private static void answer(HttpExchange exchange, byte[] body) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().set("Content-Type", "application/ocsp-response");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private synchronized byte[] openssl(HttpExchange exchange) throws IOException {
    Files.write(folder.resolve("question.der"), exchange.getRequestBody().readAllBytes());
    ca.openssl(
        "ocsp -index index.txt -CA ca.crt -rsigner ca.crt -rkey ca.key -nmin 5"
            + " -reqin question.der -respout answer.der");
    return Files.readAllBytes(folder.resolve("answer.der"));
  }

  private void ignore(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      ignored.incrementAndGet();
      closing.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.close();
  }
}

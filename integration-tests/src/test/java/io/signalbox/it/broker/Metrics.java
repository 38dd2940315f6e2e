package io.signalbox.it.broker;

import io.signalbox.it.wire.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;

/** What {@code /metrics} said at one moment. */
public final class Metrics {
  private final List<String> lines;

  private Metrics(List<String> lines) {
    this.lines = lines;
  }

  /** Of a broker with an unencrypted WebSocket listener. */
  public static Metrics of(Broker broker) {
    return of(broker, InetAddress.ofLiteral("127.0.0.1"));
  }

  /**
   * The same, asked from another address of this machine, whose connections count for themselves.
   */
  public static Metrics of(Broker broker, InetAddress source) {
    try (HttpClient http = HttpClient.newBuilder().localAddress(source).build()) {
      return of(broker, http);
    }
  }

  /** The same, over a connection that is kept: a broker without memory takes no new one. */
  public static Metrics of(Broker broker, HttpClient http) {
    InetSocketAddress address = broker.endpoint(Transport.WS).address();
    URI uri = URI.create("http://127.0.0.1:" + address.getPort() + "/metrics");
    try {
      HttpResponse<String> response =
          http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new AssertionError(uri + " answers " + response.statusCode());
      }
      return new Metrics(response.body().lines().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while reading metrics", e);
    }
  }

  /** By how much a counter has grown. */
  public long since(Metrics before, String name) {
    return total(name) - before.total(name);
  }

  /** By how much those series of a counter have grown that have a label. */
  public long since(Metrics before, String name, String label) {
    return total(name, label) - before.total(name, label);
  }

  /** The sum over all labels of one metric; it must be there. */
  public long total(String name) {
    return total(name, "");
  }

  /**
   * The sum of those series of a metric that have a label; there must be one.
   *
   * @param label such as {@code outcome="renewed"}
   */
  public long total(String name, String label) {
    List<String> found =
        lines.stream()
            .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
            .filter(line -> line.contains(label))
            .toList();
    if (found.isEmpty()) {
      throw new AssertionError("no metric " + name + " " + label);
    }
    return found.stream()
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}

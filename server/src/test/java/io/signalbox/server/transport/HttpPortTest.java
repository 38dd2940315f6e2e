package io.signalbox.server.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.Turnaway;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A port for HTTP alone is opened with the listeners and stands inside their limits. */
final class HttpPortTest {
  private final EchoHandler.Log log = new EchoHandler.Log();

  /** Free a moment ago. */
  private static int port() throws IOException {
    try (var free = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return free.getLocalPort();
    }
  }

  private TestBroker start(TransportLimits limits, int port) throws IOException {
    return TestBroker.start(limits, c -> new EchoHandler(c, log), port);
  }

  private static RawClient client(int port) throws IOException {
    return RawClient.plain(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
  }

  private static String answer(RawClient client, String... headers) throws IOException {
    var request = new StringBuilder("GET /mqtt HTTP/1.1\r\nHost: localhost\r\n");
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    client.send(request.append("\r\n").toString().getBytes(US_ASCII));
    return new String(client.read(15), US_ASCII);
  }

  @Test
  void itsConnectionsAreAmongThoseThatServeHttp() throws Exception {
    int port = port();
    try (var broker = start(TransportLimits.DEFAULTS, port);
        var client = client(port)) {
      assertEquals("HTTP/1.1 200 OK", answer(client));
      assertEquals(1, broker.transport.connections());
      assertEquals(1, broker.transport.httpConnections());
      assertEquals(
          1, broker.metrics.connectionsAccepted.of(Metrics.Transport.HTTP).value(), "accepted");
      assertEquals(
          1, broker.transport.bound().stream().map(Transport.Bound::name).distinct().count());
    }
  }

  @Test
  void anAddressHasNoMoreThatSayNothingThanOverTheListeners() throws Exception {
    int port = port();
    var limits = Limits.with(l -> l.halfOpenPerSource = 2);
    List<RawClient> silent = new ArrayList<>();
    try (var broker = start(limits, port)) {
      for (int i = 0; i < 5; i++) {
        silent.add(client(port));
      }
      Await.until(
          () -> broker.metrics.connectionsTurnedAway.of(Turnaway.SOURCE_HALF_OPEN).value() == 3);
      Await.until(() -> broker.transport.halfOpenConnections() == 2); // the places are given back
    } finally {
      for (RawClient client : silent) {
        client.close();
      }
    }
  }

  @Test
  void hasNoWebSocket() throws Exception {
    int port = port();
    try (var _ = start(TransportLimits.DEFAULTS, port);
        var client = client(port)) {
      assertEquals(
          "HTTP/1.1 200 OK",
          answer(
              client,
              "Upgrade: websocket",
              "Connection: Upgrade",
              "Sec-WebSocket-Version: 13",
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
              "Sec-WebSocket-Protocol: mqtt"));
    }
    assertTrue(log.connections.isEmpty());
  }

  @Test
  void nothingIsOpenedIfItsPortIsTaken() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      int port = taken.getLocalPort();
      IOException refused =
          assertThrows(IOException.class, () -> start(TransportLimits.DEFAULTS, port));
      String why = String.valueOf(refused.getMessage());
      assertTrue(
          why.startsWith("listener \"plain\" cannot listen on \"127.0.0.1\" port " + port), why);
    }
  }
}

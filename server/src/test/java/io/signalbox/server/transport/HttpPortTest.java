package io.signalbox.server.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.Limit;
import io.signalbox.server.metrics.Metrics.Turnaway;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A port for HTTP alone is opened with the listeners and stands inside their limits. */
final class HttpPortTest {
  private static final ListenerConfig.Type TCP = ListenerConfig.Type.TCP;

  private final EchoHandler.Log log = new EchoHandler.Log();
  private final List<RawClient> silent = new ArrayList<>();

  private static ListenerConfig http(int port) {
    return ListenerConfig.of("plain", ListenerConfig.Type.WS, port).at(List.of("127.0.0.1"), port);
  }

  private TestBroker start(TransportLimits limits, ListenerConfig http) throws IOException {
    return TestBroker.startWithHttp(
        limits, c -> new EchoHandler(c, log), TestBroker.listener(TCP), http);
  }

  private static RawClient client(TestBroker broker) throws IOException {
    return RawClient.plain(broker.transport.httpAddresses().getFirst());
  }

  private void connectAndSayNothing(TestBroker broker, int clients) throws IOException {
    for (int i = 0; i < clients; i++) {
      silent.add(client(broker));
    }
  }

  @AfterEach
  void hangUp() throws IOException {
    for (RawClient client : silent) {
      client.close();
    }
  }

  private static void awaitTurnedAway(TestBroker broker, Turnaway reason, long count)
      throws Exception {
    Await.until(() -> broker.metrics.connectionsTurnedAway.of(reason).value() == count);
  }

  private static void assertServesMqtt(TestBroker broker) throws IOException {
    try (var mqtt = RawClient.plain(broker.address(TCP))) {
      mqtt.send(RawClient.connect(0));
      assertArrayEquals(RawClient.CONNACK_V5, mqtt.read(5));
    }
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
    try (var broker = start(TransportLimits.DEFAULTS, http(0));
        var client = client(broker)) {
      Await.until(() -> broker.transport.httpConnections() == 1); // before its first request
      assertEquals("HTTP/1.1 200 OK", answer(client));
      assertEquals(1, broker.transport.connections());
      assertEquals(1, broker.transport.httpConnections());
      assertEquals(
          1, broker.metrics.connectionsAccepted.of(Metrics.Transport.HTTP).value(), "accepted");
      assertEquals(
          1, broker.transport.bound().stream().map(Transport.Bound::name).distinct().count());
      client.hangUp();
      Await.until(() -> broker.transport.httpConnections() == 0);
    }
  }

  @Test
  void whoSaysNothingThereKeepsNoMqttClientOut() throws Exception {
    var limits = Limits.with(l -> l.halfOpenMax = 2);
    try (var broker = start(limits, http(0))) {
      connectAndSayNothing(broker, 5);
      Await.until(() -> broker.transport.httpConnections() == 5);
      assertEquals(0, broker.transport.halfOpenConnections());
      assertServesMqtt(broker);
    }
  }

  @Test
  void anAddressHasNoMoreThatSayNothingThanOverTheListeners() throws Exception {
    var limits = Limits.with(l -> l.halfOpenPerSource = 2);
    try (var broker = start(limits, http(0))) {
      connectAndSayNothing(broker, 5);
      awaitTurnedAway(broker, Turnaway.SOURCE_HTTP, 3);
      Await.until(() -> broker.transport.httpConnections() == 2); // the places are given back
    }
  }

  @Test
  void hasNoMoreConnectionsThanItsOwnBound() throws Exception {
    try (var broker = start(TransportLimits.DEFAULTS, http(0).withConnectionsMax(2))) {
      connectAndSayNothing(broker, 3);
      awaitTurnedAway(broker, Turnaway.LISTENER_LIMIT, 1);
      assertEquals(2, broker.transport.httpConnections());
      assertServesMqtt(broker);
    }
  }

  @Test
  void whoHasSaidNothingLongestGivesWayWhereAllPlacesForHttpAreTaken() throws Exception {
    var limits = Limits.with(l -> l.httpConnectionsMax = 2);
    try (var broker = start(limits, http(0))) {
      connectAndSayNothing(broker, 2);
      try (var third = client(broker)) {
        assertEquals("HTTP/1.1 200 OK", answer(third));
        byte[] end = silent.getFirst().readToEnd();
        assertTrue(end == null || end.length == 0);
      }
      assertEquals(1, broker.metrics.limitsReached.of(Limit.HTTP_CONNECTIONS).value());
      assertEquals(0, broker.metrics.connectionsTurnedAway.of(Turnaway.HTTP_LIMIT).value());
    }
  }

  @Test
  void hasNoWebSocket() throws Exception {
    try (var broker = start(TransportLimits.DEFAULTS, http(0));
        var client = client(broker)) {
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

  /** Below what the system gives to sockets that ask for any port, so nobody gets it by chance. */
  private static int freePort() throws IOException {
    int port = ThreadLocalRandom.current().nextInt(12_000, 32_000);
    try (var free = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return free.getLocalPort();
    } catch (IOException _) {
      return freePort();
    }
  }

  @Test
  void nothingIsOpenedIfItsPortIsTaken() throws Exception {
    int mqtt = freePort();
    try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
        var broker =
            TestBroker.notStarted(
                TransportLimits.DEFAULTS,
                c -> new EchoHandler(c, log),
                TestBroker.listener(TCP).at(List.of("127.0.0.1"), mqtt),
                http(taken.getLocalPort()))) {
      IOException refused = assertThrows(IOException.class, broker.transport::start);
      String why = String.valueOf(refused.getMessage());
      assertTrue(
          why.startsWith(
              "listener \"plain\" cannot listen on \"127.0.0.1\" port " + taken.getLocalPort()),
          why);
      var address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), mqtt);
      assertThrows(IOException.class, () -> RawClient.plain(address).close());
      assertEquals(0, broker.metrics.connectionsAccepted.of(Metrics.Transport.TCP).value());
    }
  }
}

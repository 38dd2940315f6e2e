package io.signalbox.server.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics.Close;
import io.signalbox.server.metrics.Metrics.Limit;
import io.signalbox.server.metrics.Metrics.Turnaway;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.protocol.CloseCause;
import io.signalbox.server.session.ClientConnection;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebSocketEntryTest {
  private static final ListenerConfig.Type WS = ListenerConfig.Type.WS;
  private static final int EARLY_FLUSH_BYTES = 256 * 1024;
  private static final String MQTT = "Sec-WebSocket-Protocol: mqtt\r\n";

  private static final byte[] UPGRADE =
      ("GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
              + MQTT
              + "\r\n")
          .getBytes(StandardCharsets.US_ASCII);

  private static final int UPGRADE_HEADERS = 6;

  private final EchoHandler.Log log = new EchoHandler.Log();

  private TestBroker broker(List<String> origins) throws Exception {
    return TestBroker.start(
        TransportLimits.DEFAULTS,
        c -> new EchoHandler(c, log),
        TestBroker.listener(WS, o -> o.withOrigins(origins)));
  }

  @ParameterizedTest
  @CsvSource({
    "mqtt, mqtt",
    "mqttv3.1, mqttv3.1",
    "'mqttv3.1, mqtt', mqtt",
    "'chat,mqtt', mqtt",
    "'bearer.token\r\nSec-WebSocket-Protocol: mqtt', mqtt",
    "'chat\r\nSec-WebSocket-Protocol: mqttv3.1', mqttv3.1",
  })
  void choosesTheSubprotocol(String offered, String chosen) throws Exception {
    try (var broker = broker(List.of());
        var client = RawClient.plain(broker.address(WS))) {
      String answer = Wire.upgrade(client, "Sec-WebSocket-Protocol: " + offered + "\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 101 "), answer);
      assertTrue(
          answer
              .toLowerCase(java.util.Locale.ROOT)
              .contains("sec-websocket-protocol: " + chosen + "\r\n"),
          answer);
      assertTrue(answer.contains("ICX+Yqv66kxgM0FcWaLWlFLwTAI="), answer); // RFC 6455 4.2.2 5.4
    }
  }

  @Test
  void letsNobodyInOnceItHasStopped() throws Exception {
    try (var broker = broker(List.of());
        var client = RawClient.plain(broker.address(WS))) {
      Wire.request(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      client.read("page".length());
      broker.transport.stopAccepting();
      Wire.upgrade(client, MQTT);
      assertArrayEquals(new byte[0], client.readToEnd());
      assertTrue(log.connections.isEmpty());
      assertEquals(1, broker.metrics.connectionsClosed.of(Close.SERVER_SHUTDOWN).value());
    }
  }

  @Test
  void countsTheEndOfAConnectionForHttp() throws Exception {
    try (var broker = broker(List.of())) {
      try (var client = RawClient.plain(broker.address(WS))) {
        Wire.request(client, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        client.readToEnd();
      }
      Await.until(() -> broker.metrics.connectionsClosed.of(Close.HTTP).value() == 1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "''",
    "'Sec-WebSocket-Protocol: chat\r\n'",
    "'Sec-WebSocket-Protocol: mqtt5\r\n'",
    "'Sec-WebSocket-Protocol: MQTT\r\n'",
  })
  void answers400WithoutTheSubprotocol(String header) throws Exception {
    try (var broker = broker(List.of());
        var client = RawClient.plain(broker.address(WS))) {
      assertTrue(Wire.upgrade(client, header).startsWith("HTTP/1.1 400 "));
      assertEquals(1, broker.metrics.connectionsTurnedAway.of(Turnaway.SUBPROTOCOL).value());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', http://localhost, 101", // the Host of the request
    "'', http://LOCALHOST, 101",
    "'', https://localhost, 101", // there is a proxy with TLS
    "'', https://localhost:8443, 403",
    "'', http://localhost.evil.example, 403",
    "'', null, 403",
    "https://app.example, https://app.example, 101",
    "https://app.example, https://app.example:8443, 403",
    "https://app.example, http://localhost, 403",
    "*, https://anything.example, 101",
  })
  void admitsTheAllowedOrigins(String allowed, String origin, int status) throws Exception {
    try (var broker = broker(allowed.isEmpty() ? List.of() : List.of(allowed));
        var client = RawClient.plain(broker.address(WS))) {
      String answer = Wire.upgrade(client, MQTT + "Origin: " + origin + "\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    }
  }

  @Test
  void namesAnOriginThatItRefusesOnceInTheLog() throws Exception {
    String origin = "https://pages-of-" + getClass().getSimpleName().toLowerCase(Locale.ROOT);
    var lines = new ConcurrentLinkedQueue<LogRecord>();
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            if (String.valueOf(line.getParameters()[1]).contains(origin)) {
              lines.add(line);
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(WebSocketEntry.class.getName());
    logger.addHandler(handler);
    try (var broker = broker(List.of())) {
      for (int i = 0; i < 3; i++) {
        try (var client = RawClient.plain(broker.address(WS))) {
          Wire.upgrade(client, MQTT + "Origin: " + origin + "/\"" + "x".repeat(300) + "\r\n");
        }
      }
    } finally {
      logger.removeHandler(handler);
    }
    assertEquals(1, lines.size());
    String named = String.valueOf(lines.element().getParameters()[1]);
    assertTrue(named.startsWith("\"" + origin + "/\\\"x"), named);
    assertTrue(named.length() < 220, "it is cut");
  }

  @ParameterizedTest
  @CsvSource({
    "POST, websocket, Upgrade, 13, 426",
    "GET, h2c, Upgrade, 13, 426",
    "GET, websocket, close, 13, 426",
    "GET, websocket, Upgrade, 8, 426",
    "GET, websocket, 'keep-alive, Upgrade', 13, 101",
  })
  void answersWhatIsNoUpgrade(
      String method, String upgrade, String connection, String version, int status)
      throws Exception {
    try (var broker = broker(List.of());
        var client = RawClient.plain(broker.address(WS))) {
      String answer =
          Wire.request(
              client,
              method
                  + " /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: "
                  + upgrade
                  + "\r\nConnection: "
                  + connection
                  + "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: "
                  + version
                  + "\r\n"
                  + MQTT
                  + "\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    }
  }

  @Test
  void answers400WithoutAKey() throws Exception {
    try (var broker = broker(List.of());
        var client = RawClient.plain(broker.address(WS))) {
      String answer =
          Wire.request(
              client,
              "GET /mqtt HTTP/1.1\r\n"
                  + "Host: localhost\r\n"
                  + "Upgrade: websocket\r\n"
                  + "Connection: Upgrade\r\n"
                  + "Sec-WebSocket-Version: 13\r\n"
                  + MQTT
                  + "\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
    }
  }

  @Test
  void otherPathsGoToTheCallersHandlerAndTheConnectionLives() throws Exception {
    try (var broker = broker(List.of());
        var client = RawClient.plain(broker.address(WS))) {
      for (int i = 0; i < 2; i++) {
        String answer = Wire.request(client, "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
        assertEquals("page", new String(client.read(4), StandardCharsets.US_ASCII));
      }
      assertEquals(0, broker.transport.halfOpenConnections());
      assertEquals(1, broker.transport.httpConnections());
      String answer = Wire.upgrade(client, MQTT);
      assertTrue(answer.startsWith("HTTP/1.1 101 "), answer);
      Wire wire = Wire.upgraded(client);
      assertEquals(1, broker.transport.httpConnections());
      wire.send(RawClient.connect(0));
      assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
      assertEquals(0, broker.transport.httpConnections());
      assertEquals(0, broker.transport.halfOpenConnections());
    }
  }

  private static RawClient askedForAPage(TestBroker broker) throws Exception {
    RawClient client = RawClient.plain(broker.address(WS));
    Wire.request(client, "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertEquals("page", new String(client.read(4), StandardCharsets.US_ASCII));
    return client;
  }

  private static void assertClosed(RawClient client) throws Exception {
    byte[] end = client.readToEnd();
    assertTrue(end == null || end.length == 0);
  }

  private static void assertServesMqtt(TestBroker broker, ListenerConfig.Type type)
      throws Exception {
    try (var wire = Wire.open(broker, type)) {
      wire.send(RawClient.connect(0));
      assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
    }
  }

  @ParameterizedTest
  @CsvSource({"100, 2", "5, 100"}) // at most half of connections-max
  void requestsOfOthersKeepNoMqttClientOut(int connectionsMax, int httpConnectionsMax)
      throws Exception {
    var limits =
        Limits.with(
            l -> {
              l.connectionsMax = connectionsMax;
              l.httpConnectionsMax = httpConnectionsMax;
              l.halfOpenMax = 2;
            });
    ListenerConfig.Type tcp = ListenerConfig.Type.TCP;
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), WS, tcp);
        var first = askedForAPage(broker);
        var second = askedForAPage(broker)) {
      assertServesMqtt(broker, tcp);
      assertServesMqtt(broker, WS);
      Wire.request(first, "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n");
      try (var third = askedForAPage(broker)) {
        assertClosed(second); // has waited longest between two requests
        Wire.request(third, "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n");
      }
      assertEquals(1, broker.metrics.limitsReached.of(Limit.HTTP_CONNECTIONS).value());
      assertEquals(0, broker.metrics.connectionsTurnedAway.of(Turnaway.HTTP_LIMIT).value());
    }
  }

  @Test
  void noAnswerOnItsWayIsGivenUpForAnother() throws Exception {
    var limits = Limits.with(l -> l.httpConnectionsMax = 1);
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), WS);
        var first = RawClient.plain(broker.address(WS));
        var second = RawClient.plain(broker.address(WS))) {
      Wire.request(first, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
      second.send("GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      assertClosed(second);
      assertEquals(1, broker.metrics.connectionsTurnedAway.of(Turnaway.HTTP_LIMIT).value());
      first.read(TestBroker.LARGE_BYTES);
    }
  }

  @Test
  void connectionsForHttpHaveTheirBoundOfAnAddress() throws Exception {
    var limits =
        Limits.with(
            l -> {
              l.halfOpenMax = 100;
              l.halfOpenPerSource = 2;
            });
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), WS);
        var _ = askedForAPage(broker);
        var _ = askedForAPage(broker);
        var third = RawClient.plain(broker.address(WS))) {
      third.send("GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      assertClosed(third);
      assertEquals(1, broker.metrics.connectionsTurnedAway.of(Turnaway.SOURCE_HTTP).value());
      assertServesMqtt(broker, WS);
    }
  }

  @Test
  void anAnswerOfWhichNothingIsTakenIsGivenUp() throws Exception {
    var limits = Limits.with(l -> l.slowReaderMillis = 200);
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), WS);
        var client = RawClient.plain(broker.address(WS))) {
      client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      Await.until(() -> broker.metrics.slowReaders.value() == 1);
      Await.until(() -> broker.transport.connections() == 0);
    }
  }

  @Test
  void anAnswerThatIsTakenSlowlyGoesOn() throws Exception {
    int pieces = 24;
    var limits = Limits.with(l -> l.slowReaderMillis = 1_000);
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), WS);
        var client = RawClient.plain(broker.address(WS))) {
      Wire.request(client, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
      for (int i = 0; i < pieces; i++) {
        client.read(TestBroker.LARGE_BYTES / pieces);
        CountDownLatch later = new CountDownLatch(1);
        broker.loops.loop(0).execute(() -> broker.loops.loop(0).schedule(100, later::countDown));
        assertTrue(later.await(60, TimeUnit.SECONDS));
      }
      assertEquals(0, broker.metrics.slowReaders.value());
    }
  }

  @Test
  void anUpgradeBehindARequestThatAWorkerAnsweredHappensOnTheThreadOfItsConnection()
      throws Exception {
    var onItsThread = new LinkedBlockingQueue<Boolean>();
    try (var broker =
            TestBroker.start(
                1,
                TransportLimits.DEFAULTS,
                c -> {
                  onItsThread.add(c.loop().isCurrent());
                  return new EchoHandler(c, log);
                },
                WS);
        var client = RawClient.plain(broker.address(WS))) {
      String first = "GET /worker/page HTTP/1.1\r\nHost: localhost\r\n\r\n";
      client.send(first.getBytes(StandardCharsets.US_ASCII), UPGRADE);
      assertEquals(true, onItsThread.poll(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void aRequestWhoseBodyDoesNotComeIsGivenUp() throws Exception {
    var limits = Limits.with(l -> l.httpBodyMillis = 200);
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), WS);
        var client = RawClient.plain(broker.address(WS))) {
      client.send(
          "POST /worker/page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n12345678"
              .getBytes(StandardCharsets.US_ASCII));
      client.readToEnd();
      Await.until(() -> broker.transport.connections() == 0);
      assertEquals(1, broker.metrics.limitsReached.of(Limit.HTTP_BODY_TIME).value());
    }
  }

  @Test
  void takesFramesThatCameWithTheUpgradeRequest() throws Exception {
    try (var broker = broker(List.of());
        var client = RawClient.plain(broker.address(WS))) {
      Wire wire = Wire.upgraded(client);
      client.send(UPGRADE, wire.frame(0x82, RawClient.connect(0)));
      while (client.in.read() != '\r' || !endOfHeaders(client)) {}
      assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
    }
  }

  private static boolean endOfHeaders(RawClient client) throws Exception {
    return client.in.read() == '\n' && client.in.read() == '\r' && client.in.read() == '\n';
  }

  @Test
  void answersPingAndClose() throws Exception {
    try (var broker = broker(List.of());
        var wire = Wire.open(broker, WS)) {
      byte[] payload = "x".repeat(125).getBytes(StandardCharsets.US_ASCII);
      wire.raw.send(wire.frame(0x89, payload));
      Wire.Frame pong = wire.readFrame();
      assertEquals(10, pong.opcode());
      assertArrayEquals(payload, pong.payload());
      wire.raw.send(wire.frame(0x88, new byte[] {3, (byte) 0xE9}));
      assertNotNull(wire.readToEnd());
      assertEquals(1001, wire.closeCode());
      assertEquals(CloseCause.PEER_CLOSED, log.closed.poll(60, TimeUnit.SECONDS));
    }
  }

  /** Wants nothing more after each CONNECT and PUBLISH, as when a worker checks a credential. */
  private final class PausingHandler extends EchoHandler {
    private final boolean goesOn;

    PausingHandler(ClientConnection connection, boolean goesOn) {
      super(connection, WebSocketEntryTest.this.log);
      this.goesOn = goesOn;
    }

    @Override
    public boolean onPacket(Packet packet) throws PacketException {
      if (packet instanceof Connect || packet instanceof Publish) {
        connection.suspendReads();
        if (goesOn) {
          connection.loop().execute(connection::resumeReads);
        }
      } else {
        log.packets.add(packet);
      }
      return super.onPacket(packet);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, 1000", "false, 1001"})
  void whatWaitsBeforeACloseFrameIsServedFirst(boolean disconnects, int answered) throws Exception {
    byte[] publish = RawClient.publish(new byte[] {1});
    byte[] disconnect = disconnects ? new byte[] {(byte) 0xE0, 0} : new byte[0];
    try (var broker =
            TestBroker.start(1, TransportLimits.DEFAULTS, c -> new PausingHandler(c, true), WS);
        var wire = Wire.open(broker, WS)) {
      wire.raw.send(
          wire.frame(0x82, RawClient.connect(0)),
          wire.frame(0x82, publish),
          wire.frame(0x82, publish),
          wire.frame(0x82, disconnect),
          wire.frame(0x88, new byte[] {3, (byte) 0xE9}),
          wire.frame(0x82, publish)); // nobody listens any more
      assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
      assertArrayEquals(publish, wire.read(publish.length));
      assertArrayEquals(publish, wire.readToEnd());
      assertEquals(answered, wire.closeCode());
      assertNotNull(log.closed.poll(60, TimeUnit.SECONDS));
      assertEquals(disconnects ? 1 : 0, log.packets.size());
    }
  }

  @Test
  void aCloseFrameIsAnsweredInTimeWhateverWaitsBeforeIt() throws Exception {
    var limits = Limits.with(l -> l.slowReaderMillis = 200);
    try (var broker = TestBroker.start(1, limits, c -> new PausingHandler(c, false), WS);
        var wire = Wire.open(broker, WS)) {
      wire.raw.send(
          wire.frame(0x82, RawClient.connect(0)),
          wire.frame(0x82, RawClient.publish(new byte[] {1})),
          wire.frame(0x88, new byte[] {3, (byte) 0xE9}));
      assertArrayEquals(RawClient.CONNACK_V5, wire.readToEnd());
      assertEquals(1001, wire.closeCode());
      assertEquals(CloseCause.PEER_CLOSED, log.closed.poll(60, TimeUnit.SECONDS));
      Await.until(() -> broker.transport.connections() == 0);
    }
  }

  /** A chunk for each answer would let anybody fill our memory. */
  @Test
  void pingsOfAClientThatDoesNotReadTakeLittleMemory() throws Exception {
    int pings = 60_000; // their answers are more than the buffers of two sockets take
    try (var broker =
            TestBroker.start(1, TransportLimits.DEFAULTS, c -> new EchoHandler(c, log), WS);
        var wire = Wire.open(broker, WS)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int i = 1; i <= pings; i++) {
        all.writeBytes(wire.frame(0x89, ByteBuffer.allocate(125).putInt(i).array()));
      }
      wire.raw.send(all.toByteArray());
      long held = Loops.call(broker.loops, 0, loop -> loop.buffers().held());
      assertTrue(held <= 2 * EARLY_FLUSH_BYTES, held + " bytes");
      for (int newest = 0; newest < pings; ) {
        Wire.Frame pong = wire.readFrame();
        assertEquals(10, pong.opcode());
        int answered = ByteBuffer.wrap(pong.payload()).getInt();
        assertTrue(answered > newest, answered + " after " + newest);
        newest = answered;
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"129, 1003", "194, 1002", "128, 1002"})
  void closesWithTheCodeOfTheViolation(int firstByte, int code) throws Exception {
    try (var broker = broker(List.of());
        var wire = Wire.open(broker, WS)) {
      wire.raw.send(wire.frame(firstByte, new byte[] {1}));
      assertNotNull(wire.readToEnd());
      assertEquals(code, wire.closeCode());
      assertNotNull(log.closed.poll(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void closesOverlongFramesWith1009() throws Exception {
    try (var broker =
            TestBroker.start(
                1, Limits.with(l -> l.frameBytesMax = 1_000), c -> new EchoHandler(c, log), WS);
        var wire = Wire.open(broker, WS)) {
      wire.raw.send(wire.frame(0x82, new byte[1_001]));
      assertNotNull(wire.readToEnd());
      assertEquals(1009, wire.closeCode());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n"})
  void closesARequestWhoseHeadersNeverEnd(String before) throws Exception {
    var limits =
        Limits.with(
            l -> {
              l.httpHeaderMillis = 300;
              l.httpIdleMillis = 600_000;
              l.handshakeMillis = 600_000;
            });
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), WS);
        var client = RawClient.plain(broker.address(WS))) {
      client.send((before + "GET /mqtt HTTP/1.1\r\nHost: ").getBytes(US_ASCII));
      client.readToEnd();
    }
  }

  @Test
  void theTimeLimitsOfHttpEndWithTheUpgrade() throws Exception {
    var limits =
        Limits.with(
            l -> {
              l.httpHeaderMillis = 1_000;
              l.httpIdleMillis = 1_000;
              l.handshakeMillis = 1_500;
            });
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), WS);
        var wire = Wire.open(broker, WS);
        var idleHttp = RawClient.plain(broker.address(WS))) {
      wire.send(RawClient.connect(0));
      wire.read(5);
      Wire.request(idleHttp, "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n");
      idleHttp.readToEnd(); // closed by the idle limit, which proves that it is in force
      CountDownLatch later = new CountDownLatch(1);
      broker.loops.loop(0).execute(() -> broker.loops.loop(0).schedule(2_000, later::countDown));
      assertTrue(later.await(60, TimeUnit.SECONDS));
      wire.send(new byte[] {(byte) 0xC0, 0});
      assertEquals(2, wire.read(2).length);
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 101", "1, 400"})
  void requestsHaveSoManyBytesBeforeTheirBodyAtMost(int more, int status) throws Exception {
    int bytes = TransportLimits.DEFAULTS.httpHeaderBytesMax() + more;
    String filler = "y".repeat(bytes - UPGRADE.length - "X: \r\n".length());
    assertUpgradeAnswered(status, "X: " + filler + "\r\n");
  }

  @ParameterizedTest
  @CsvSource({"0, 101", "1, 400"})
  void requestsHaveSoManyHeadersAtMost(int more, int status) throws Exception {
    int headers = TransportLimits.DEFAULTS.httpHeadersMax() + more;
    assertUpgradeAnswered(status, "X: y\r\n".repeat(headers - UPGRADE_HEADERS));
  }

  private void assertUpgradeAnswered(int status, String moreHeaders) throws Exception {
    try (var broker = broker(List.of());
        var client = RawClient.plain(broker.address(WS))) {
      String answer = Wire.upgrade(client, MQTT + moreHeaders);
      assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    }
  }

  @Test
  void anIdleConnectionGivesItsBuffersBack() throws Exception {
    try (var broker = broker(List.of());
        var wire = Wire.open(broker, WS)) {
      wire.send(RawClient.connect(0));
      wire.read(5);
      byte[] publish = RawClient.publish(new byte[100_000]);
      wire.send(publish);
      wire.read(publish.length);
      for (int i = 0; i < broker.loops.count(); i++) {
        long held = Loops.call(broker.loops, i, loop -> loop.buffers().held());
        assertEquals(0, held);
      }
    }
  }
}

package io.signalbox.server.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics.Turnaway;
import io.signalbox.server.principal.Peer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {
  private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

  private static byte[] hex(String... parts) {
    return HexFormat.of().parseHex(String.join("", parts));
  }

  private static byte[] text(String line) {
    return line.getBytes(StandardCharsets.US_ASCII);
  }

  /** Feeds the bytes and checks that not one behind the header is taken. */
  private static @Nullable InetSocketAddress read(byte[] header) throws Exception {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    stream.writeBytes(header);
    stream.writeBytes(new byte[200]);
    ByteBuffer wire = ByteBuffer.wrap(stream.toByteArray());
    ProxyHeader reader = new ProxyHeader();
    boolean complete = false;
    while (!complete) {
      ByteBuffer space = reader.space();
      assertTrue(space.hasRemaining());
      int count = Math.min(space.remaining(), 5); // as if it came in pieces
      space.put(wire.slice(wire.position(), count));
      wire.position(wire.position() + count);
      complete = reader.read(count);
    }
    assertEquals(header.length, wire.position());
    return reader.source();
  }

  @Test
  void readsTextAddresses() throws Exception {
    assertEquals(
        new InetSocketAddress("192.168.0.1", 56324),
        read(text("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n")));
    assertEquals(
        new InetSocketAddress("2001:db8::1", 1),
        read(text("PROXY TCP6 2001:db8::1 2001:db8::2 1 8883\r\n")));
    assertNull(read(text("PROXY UNKNOWN\r\n")));
    assertNull(read(text("PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n")));
  }

  @Test
  void readsBinaryAddresses() throws Exception {
    assertEquals(
        new InetSocketAddress("10.1.2.3", 0xABCD),
        read(hex(SIGNATURE, "2111000c", "0a010203", "0a000001", "abcd", "22b3")));
    assertEquals(
        new InetSocketAddress("2001:db8::1", 1),
        read(
            hex(
                SIGNATURE,
                "21210024",
                "20010db8000000000000000000000001",
                "20010db8000000000000000000000002",
                "0001",
                "22b3")));
  }

  @Test
  void skipsExtensionsOfBinaryHeaders() throws Exception {
    assertEquals(
        new InetSocketAddress("10.1.2.3", 1),
        read(hex(SIGNATURE, "21110012", "0a010203", "0a000001", "0001", "22b3", "030003aabbcc")));
  }

  @Test
  void aHealthCheckHasNoAddress() throws Exception {
    assertNull(read(hex(SIGNATURE, "20000000"))); // LOCAL
    assertNull(read(hex(SIGNATURE, "2100000401020304"))); // UNSPEC
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n",
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324\r\n",
        "PROXY TCP4 evil.example 192.168.0.11 1 2\r\n",
        "PROXY TCP4 300.168.0.1 192.168.0.11 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
        "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
      })
  void refusesBrokenText(String line) {
    assertThrows(ProxyHeader.BadHeaderException.class, () -> read(text(line)));
  }

  @Test
  void refusesAnEndlessLine() {
    assertThrows(
        ProxyHeader.BadHeaderException.class,
        () -> read(text("PROXY TCP4 " + "1".repeat(200) + "\r\n")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0d0a0d0a000d0a515549540b21110000",
        SIGNATURE + "11110000", // version 1
        SIGNATURE + "2211000c0a0102030a000001abcd22b3", // command 2
        SIGNATURE + "211100080a0102030a000001", // too short for its addresses
        SIGNATURE + "2111ffff", // too long
      })
  void refusesBrokenBinary(String header) {
    assertThrows(ProxyHeader.BadHeaderException.class, () -> read(hex(header)));
  }

  /** One from 10.1.2.3 and port 0xabcd. */
  private static RawClient behindProxy(RawClient plain, ListenerConfig.Type type)
      throws IOException {
    plain.send(hex(SIGNATURE, "2111000c", "0a010203", "0a000001", "abcd", "22b3"));
    return type.isTls()
        ? RawClient.tlsOver(plain, TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)
        : plain;
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(289)
  void theClientsAddressIsTheOneTheProxyNames(ListenerConfig.Type type) throws Exception {
    EchoHandler.Log log = new EchoHandler.Log();
    try (var broker =
            TestBroker.start(
                TransportLimits.DEFAULTS,
                c -> new EchoHandler(c, log),
                TestBroker.listener(type, TestBroker.Options::withProxy));
        var plain = RawClient.plain(broker.address(type))) {
      RawClient client = behindProxy(plain, type);
      if (type.isWebSocket()) {
        Wire.upgrade(client, "Sec-WebSocket-Protocol: mqtt\r\n");
      }
      Wire wire = type.isWebSocket() ? Wire.upgraded(client) : Wire.direct(client);
      wire.send(RawClient.connect(0));
      assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
      Peer peer = log.connections.remove().peer();
      assertEquals(InetAddress.ofLiteral("10.1.2.3"), peer.address());
      assertEquals(0xABCD, peer.port());
    }
  }

  /** By it who enrols is judged, whoever asks for metrics, and the audit log says from where. */
  @ParameterizedTest
  @EnumSource(names = {"WS", "WSS"})
  @Behaviour(289)
  void anHttpRequestComesFromTheAddressTheProxyNames(ListenerConfig.Type type) throws Exception {
    try (var broker =
            TestBroker.start(
                TransportLimits.DEFAULTS,
                c -> new EchoHandler(c, new EchoHandler.Log()),
                TestBroker.listener(type, TestBroker.Options::withProxy));
        var plain = RawClient.plain(broker.address(type))) {
      RawClient client = behindProxy(plain, type);
      Wire.request(client, "GET /from HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertArrayEquals("from 10.1.2.3".getBytes(US_ASCII), client.read(13));
    }
  }

  /** Else whoever reaches the listener picks the address that it is judged by. */
  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(289)
  void believesNoHeaderOfAPeerThatIsNoTrustedProxy(ListenerConfig.Type type) throws Exception {
    EchoHandler.Log log = new EchoHandler.Log();
    List<byte[]> headers =
        List.of(
            text("PROXY TCP4 10.1.2.3 10.0.0.1 43981 8883\r\n"),
            hex(SIGNATURE, "2111000c", "0a010203", "0a000001", "abcd", "22b3"));
    try (var broker =
        TestBroker.start(
            TransportLimits.DEFAULTS,
            c -> new EchoHandler(c, log),
            TestBroker.listener(type, o -> o.withProxy("10.0.0.0/8")))) {
      for (byte[] header : headers) {
        try (var client = RawClient.plain(broker.address(type))) {
          client.send(header, RawClient.connect(0));
          byte[] answer = client.readToEnd();
          assertTrue(answer == null || answer.length == 0);
        }
      }
      assertEquals(
          headers.size(), broker.metrics.connectionsTurnedAway.of(Turnaway.PROXY_HEADER).value());
      assertTrue(log.connections.isEmpty());
    }
  }

  @Test
  @Behaviour(289)
  void aConnectionWithoutTheHeaderIsTurnedAway() throws Exception {
    try (var broker =
            TestBroker.start(
                TransportLimits.DEFAULTS,
                c -> new EchoHandler(c, new EchoHandler.Log()),
                TestBroker.listener(ListenerConfig.Type.TCP, TestBroker.Options::withProxy));
        var client = RawClient.plain(broker.address(ListenerConfig.Type.TCP))) {
      client.send(RawClient.connect(0));
      client.readToEnd();
      assertEquals(1, broker.metrics.connectionsTurnedAway.of(Turnaway.PROXY_HEADER).value());
    }
  }
}

package io.signalbox.server.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics.Close;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that send a byte now and then: none of them gives more time. */
class TrickleTest {
  private static final int LIMIT_MILLIS = 500;
  private static final int PAUSE_MILLIS = 50;
  private static final int BYTES = 200; // would take twenty times the limit

  private final EchoHandler.Log log = new EchoHandler.Log();

  private TestBroker broker(ListenerConfig.Type type, Consumer<Limits> change) throws IOException {
    var limits =
        Limits.with(
            l -> {
              l.connectMillis = 600_000;
              l.handshakeMillis = 600_000;
              l.httpHeaderMillis = 600_000;
              l.httpIdleMillis = 600_000;
              change.accept(l);
            });
    return TestBroker.start(1, limits, c -> new EchoHandler(c, log), type);
  }

  private static byte[] padded(int... begin) {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < begin.length; i++) {
      bytes[i] = (byte) begin[i];
    }
    return bytes;
  }

  /** The connection must end before all bytes are sent. */
  private static void assertEndedWhileSending(byte[] bytes, RawClient client) throws IOException {
    client.socket.setSoTimeout(PAUSE_MILLIS);
    for (byte octet : bytes) {
      try {
        client.send(new byte[] {octet});
        if (client.in.read() < 0) {
          return;
        }
      } catch (SocketTimeoutException _) {
        // Open still: the next byte.
      } catch (SocketException _) {
        return; // reset
      }
    }
    throw new AssertionError("open after " + bytes.length + " bytes");
  }

  @Test
  @Behaviour(267)
  void aHandshakeTimesOut() throws Exception {
    try (var broker = broker(ListenerConfig.Type.TLS, l -> l.handshakeMillis = LIMIT_MILLIS);
        var client = RawClient.plain(broker.address(ListenerConfig.Type.TLS))) {
      byte[] clientHello = padded(0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3);
      assertEndedWhileSending(clientHello, client);
      Await.until(() -> broker.metrics.connectionsClosed.of(Close.HANDSHAKE_TIMEOUT).value() == 1);
    }
  }

  @Test
  @Behaviour(267)
  void aConnectTimesOut() throws Exception {
    try (var broker = broker(ListenerConfig.Type.TCP, l -> l.connectMillis = LIMIT_MILLIS);
        var client = RawClient.plain(broker.address(ListenerConfig.Type.TCP))) {
      byte[] connect = padded(0x10, 0xFF, 0x7F, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 60, 0, 0xFF, 0);
      assertEndedWhileSending(connect, client);
      Await.until(() -> log.connectTimeouts.get() == 1);
    }
  }

  @Test
  @Behaviour(288)
  void theUpgradeTimesOut() throws Exception {
    try (var broker = broker(ListenerConfig.Type.WS, l -> l.handshakeMillis = LIMIT_MILLIS);
        var client = RawClient.plain(broker.address(ListenerConfig.Type.WS))) {
      assertEndedWhileSending(header(), client);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Behaviour(288)
  void headersTimeOut(boolean ofTheSecondRequest) throws Exception {
    try (var broker = broker(ListenerConfig.Type.WS, l -> l.httpHeaderMillis = LIMIT_MILLIS);
        var client = RawClient.plain(broker.address(ListenerConfig.Type.WS))) {
      if (ofTheSecondRequest) {
        Wire.request(client, "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.read("page".length());
      }
      assertEndedWhileSending(header(), client);
    }
  }

  private static byte[] header() {
    return ("GET /mqtt HTTP/1.1\r\nX: " + "x".repeat(BYTES)).getBytes(US_ASCII);
  }
}

package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whoever speaks neither MQTT nor TLS; the broker waits for nobody's time to be over. */
final class OtherProtocolsTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "protocols", BrokerConfig.open().yaml("limits: { " + BrokerConfig.PATIENT + " }"));

  private static final byte[] HTTP = bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  private static final byte[] SSH = bytes("SSH-2.0-OpenSSH_9.9\r\n");
  private static final byte[] EMPTY_LINES = bytes("\r\n\r\n");
  private static final byte[] ONES = bytes(0xFF, 0xFF, 0xFF, 0xFF, 0xFF);
  private static final byte[] ZEROS = new byte[1_000];

  /** The start of a ClientHello. */
  private static final byte[] TLS = bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3);

  @RegisterExtension final Clients five = new Clients(BROKER, Transport.TCP, Version.V5);

  @Test
  @Behaviour({7, 266})
  void areClosedFastWithOneLineInTheLog() throws IOException {
    int position = BROKER.logPosition();
    for (byte[] garbage : List.of(HTTP, TLS, SSH, EMPTY_LINES, ONES, ZEROS)) {
      RawClient plain = five.raw();
      plain.sendIfOpen(garbage);
      plain.expectClosed();
    }
    Endpoint tls = new Endpoint(Transport.TCP, BROKER.endpoint(Transport.TLS).address(), null);
    for (byte[] garbage : List.of(HTTP, SSH, EMPTY_LINES, ONES, ZEROS)) {
      RawClient client = five.keep(RawClient.open(tls, Version.V5));
      client.sendIfOpen(garbage);
      client.sendIfOpen(bytes("and more of it"));
      client.drain();
    }
    five.connected().ping();
    List<String> traces =
        BROKER.logFrom(position).stream()
            .filter(line -> line.startsWith("\tat ") || line.contains("Exception"))
            .toList();
    assertEquals(List.of(), traces);
    assertTrue(BROKER.logFrom(position).size() <= 20, "at most a line for each connection");
  }
}

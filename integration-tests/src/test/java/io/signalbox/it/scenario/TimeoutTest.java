package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PropertyBytes.SERVER_KEEP_ALIVE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Peers that begin something and do not go on; the limits are for a slow machine to keep. */
final class TimeoutTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "timeouts",
          BrokerConfig.open()
              .yaml(
                  """
                  limits:
                    connect-timeout-millis: 15000
                    handshake-timeout-millis: 16000
                    http-header-timeout-millis: 15000
                    keep-alive-seconds-max: 1
                  """));

  /** The start of a ClientHello. */
  private static final byte[] TLS = bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3);

  @RegisterExtension final Clients five = new Clients(BROKER, Transport.TCP, Version.V5);

  private RawClient plainTo(Transport listener) throws IOException {
    Endpoint plain = new Endpoint(Transport.TCP, BROKER.endpoint(listener).address(), null);
    return five.keep(RawClient.open(plain, Version.V5));
  }

  @Test
  @Behaviour({4, 5, 6, 267, 288})
  void whoeverDoesNotGetAsFarAsConnectIsClosed() throws IOException {
    List<RawClient> idle = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      idle.add(five.raw(transport, Version.V5)); // handshake and upgrade done, no CONNECT
      idle.add(plainTo(transport)); // not a byte
    }
    idle.add(plainTo(Transport.TLS).send(TLS)); // a handshake that stops
    idle.add(plainTo(Transport.WS).send("GET /mqtt HTTP/1.1\r\nHost: x\r\n"));
    idle.add(five.raw().send(bytes(0x10, 60, 0, 4, 'M', 'Q'))); // a CONNECT that stops
    for (RawClient one : idle) {
      one.drain();
      five.connected(); // others are not disturbed
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  @Spec({"MQTT-3.1.2-21", "MQTT-3.2.2-21", "MQTT-3.1.2-22"})
  @Behaviour(32)
  void theServersKeepAliveHoldsForClientsThatWantALongerOneOrNone(Transport transport) {
    List<Peer> silent = new ArrayList<>();
    for (int asked : new int[] {0, 2, 65_535}) {
      Peer peer = five.peer(transport, Version.V5, Clients.unique("k"));
      Parsed connAck = peer.connect(connect -> connect.keepAlive(asked));
      assertEquals(Optional.of(1L), connAck.properties().number(SERVER_KEEP_ALIVE));
      silent.add(peer);
    }
    Peer shorter = five.peer(transport, Version.V5, Clients.unique("k"));
    Parsed connAck = shorter.connect(connect -> connect.keepAlive(1));
    assertEquals(Optional.empty(), connAck.properties().number(SERVER_KEEP_ALIVE));
    silent.add(shorter);
    silent.forEach(peer -> peer.expectDisconnect(0x8D));
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  @Spec3("MQTT-3.1.2-24")
  @Behaviour(32)
  void theServersKeepAliveHoldsFor311Too(Transport transport) {
    Peer peer = five.peer(transport, Version.V3, Clients.unique("k"));
    peer.connect(connect -> connect.keepAlive(600));
    peer.expectClosed();
  }
}

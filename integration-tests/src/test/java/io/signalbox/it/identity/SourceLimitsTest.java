package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Sockets;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How many connections, and how many a second, one address may have: over all listeners. */
final class SourceLimitsTest {
  private static final int OPEN_MAX = 4;
  private static final int BURST = 4; // of one a second
  private static final int FLOOD = 100;

  /** Nobody is given up for saying nothing. */
  private static BrokerUnderTest broker(String name, String limits) {
    BrokerConfig config = BrokerConfig.allowingAll();
    for (Transport transport : Transport.values()) {
      config.listener(transport, true, "none");
    }
    return BrokerUnderTest.start(name, config.yaml("limits: { " + limits + " }"));
  }

  @Test
  void noAddressHasMoreConnectionsThanItMayAndAPlaceIsFreeWhenOneEnds() throws IOException {
    try (var broker = broker("source-connections", "connections-per-source-max: " + OPEN_MAX)) {
      List<Peer> peers = new ArrayList<>();
      for (Transport transport : Transport.values()) {
        peers.add(connected(broker, transport));
      }
      assertEquals(OPEN_MAX, peers.size());
      long away = 0;
      for (Transport transport : Transport.values()) {
        InetSocketAddress address = broker.endpoint(transport).address();
        try (Socket fifth = new Socket(address.getAddress(), address.getPort())) {
          assertTrue(Sockets.isEnded(fifth, RawClient.PATIENCE), "a fifth over " + transport);
        }
        assertEquals(++away, turnedAway(broker, "source_connections"));
      }
      peers.forEach(Peer::ping); // who is in stays in
      broker.awaitLog(
          "limits.connections-per-source-max is 4 for each address, reached by 127.0.0.1,");
      for (Transport transport : List.of(Transport.WS, Transport.TLS)) {
        peers.removeFirst().close();
        peers.add(Eventually.succeeds(() -> connected(broker, transport))); // a moment later
      }
      peers.forEach(Peer::close);
    }
  }

  private static Peer connected(BrokerUnderTest broker, Transport transport) throws IOException {
    RawClient wire = RawClient.open(broker.endpoint(transport), Version.V5);
    try {
      Peer peer = new Peer(wire, io.signalbox.it.broker.Clients.unique("s"));
      peer.connect();
      return peer;
    } catch (AssertionError e) {
      wire.close();
      throw e;
    }
  }

  @Test
  void noAddressConnectsFasterThanItMayAndItMayAgainAfterAWhile() throws IOException {
    List<Socket> flood = new ArrayList<>();
    try (var broker =
        broker("source-rate", "connects-per-second-per-source: 1, " + BrokerConfig.PATIENT)) {
      InetSocketAddress tcp = broker.endpoint(Transport.TCP).address();
      InetSocketAddress webSocket = broker.endpoint(Transport.WS).address();
      long begin = System.nanoTime();
      for (int i = 0; i < FLOOD; i++) {
        flood.add(Sockets.open("127.0.0.3", i % 2 == 0 ? tcp : webSocket));
      }
      Eventually.succeeds(
          () -> {
            flood.removeIf(Sockets::isEnded);
            assertEquals(FLOOD, flood.size() + turnedAway(broker, "source_rate"));
            return flood;
          });
      long seconds = (System.nanoTime() - begin) / 1_000_000_000 + 1;
      assertTrue(flood.size() >= BURST, "a burst is let in");
      assertTrue(flood.size() <= BURST + seconds, flood.size() + " in " + seconds + " s");

      connected(broker, Transport.TCP).close(); // from 127.0.0.1
      Eventually.succeeds(
          () -> {
            try (Socket again = Sockets.open("127.0.0.3", tcp)) {
              again.getOutputStream().write(new byte[] {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2});
              again.getOutputStream().write(new byte[] {0, 60, 0, 1, 'm'});
              again.setSoTimeout(Math.toIntExact(RawClient.PATIENCE.toMillis()));
              assertEquals(0x20, again.getInputStream().read(), "CONNACK");
              return again;
            }
          });
    } finally {
      for (Socket socket : flood) {
        socket.close();
      }
    }
  }

  /** Asked from an address of its own, which has all places. */
  private static long turnedAway(BrokerUnderTest broker, String reason) {
    return Eventually.succeeds(
        () ->
            Metrics.of(broker, InetAddress.getByName("127.0.0.9"))
                .total("signalbox_connections_turned_away_total", "reason=\"" + reason + "\""));
  }
}

package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
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
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An address that opens connections and says nothing does not keep the others out. */
final class MuteSourceTest {
  private static final int PLACES = 64;

  /** Half of the places are for one address: the default. */
  private static final int OF_ONE_ADDRESS = PLACES / 2;

  private static final int OPENED = 100;

  /** Of MQTT 3.1.1, with the Client Identifier "m". */
  private static final byte[] CONNECT = {
    0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, 'm'
  };

  private static final int CONNACK = 0x20;
  private static final int TEN_MINUTES_MILLIS = 600_000;

  @Test
  @Behaviour(293)
  void hasItsShareOfThePlacesAndNoMore() throws IOException {
    List<Socket> mute = new ArrayList<>();
    try (var broker =
        BrokerUnderTest.start(
            "mute-source",
            BrokerConfig.allowingAll()
                .listener(Transport.TCP, true, "none")
                .listener(Transport.TLS, true, "none")
                .listener(Transport.WS, true, "none")
                .yaml(
                    "limits: { half-open-max: %d, connect-timeout-millis: %d,"
                            .formatted(PLACES, TEN_MINUTES_MILLIS)
                        + " handshake-timeout-millis: %d }".formatted(TEN_MINUTES_MILLIS)))) {
      InetSocketAddress tcp = broker.endpoint(Transport.TCP).address();
      InetSocketAddress tls = broker.endpoint(Transport.TLS).address();
      for (int i = 0; i < OPENED; i++) {
        mute.add(Sockets.open("127.0.0.2", i % 2 == 0 ? tcp : tls));
      }
      Eventually.succeeds(
          () -> {
            mute.removeIf(Sockets::isEnded);
            assertEquals(OF_ONE_ADDRESS, mute.size(), "connections that the broker keeps");
            return mute;
          });
      try (Peer peer =
          new Peer(RawClient.open(broker.endpoint(Transport.TCP), Version.V5), "other")) {
        peer.connect(); // from 127.0.0.1
        peer.ping();
      }
      assertEquals(OPENED - OF_ONE_ADDRESS, turnedAway(broker, "source_half_open"));
      assertEquals(0, turnedAway(broker, "half_open_limit"));

      mute.removeFirst().close();
      Eventually.succeeds(
          () -> {
            try (Socket again = Sockets.open("127.0.0.2", tcp)) {
              again.getOutputStream().write(CONNECT);
              again.setSoTimeout(Math.toIntExact(RawClient.PATIENCE.toMillis()));
              assertEquals(CONNACK, again.getInputStream().read(), "its place is free again");
              return again;
            }
          });
    } finally {
      for (Socket socket : mute) {
        socket.close();
      }
    }
  }

  private static long turnedAway(BrokerUnderTest broker, String reason) {
    return Metrics.of(broker)
        .total("signalbox_connections_turned_away_total", "reason=\"" + reason + "\"");
  }
}

package io.signalbox.it.scenario;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** More TLS clients at once than handshakes can be computed for in time. */
final class HandshakeCrowdTest {
  private static final int AT_ONCE_MIN = 64;
  private static final int AT_ONCE_MAX = 1_024;

  @Test
  void whoseTurnDoesNotComeIsTurnedAwayAndComesInLater() {
    BrokerConfig config =
        BrokerConfig.open()
            .yaml(
                """
                io: { io-threads: 1 }
                limits: { handshake-timeout-millis: 200 } # of which half to wait
                """);
    try (var broker = BrokerUnderTest.start("handshake-crowd", config)) {
      AtomicInteger atOnce = new AtomicInteger(AT_ONCE_MIN);
      Eventually.succeeds(
          () -> {
            crowd(broker, atOnce.getAndUpdate(n -> Math.min(2 * n, AT_ONCE_MAX)));
            long turnedAway =
                Metrics.of(broker)
                    .total("signalbox_connections_turned_away_total", "\"handshake_queue\"");
            assertTrue(turnedAway > 0, "some were turned away");
            return broker;
          });
      Eventually.succeeds(
          () -> {
            Peer later = new Peer(open(broker), Clients.unique("later"));
            later.connect();
            later.close();
            return later;
          });
    }
  }

  /** So many begin their handshakes together; some of them complete them. */
  private static void crowd(BrokerUnderTest broker, int atOnce) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<RawClient>> all = new ArrayList<>();
      for (int i = 0; i < atOnce; i++) {
        all.add(threads.submit(() -> open(broker)));
      }
      for (Future<RawClient> one : all) {
        try {
          one.get().close();
        } catch (ExecutionException e) {
          assertTrue(e.getCause() instanceof IOException, e.toString());
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private static RawClient open(BrokerUnderTest broker) throws IOException {
    return RawClient.open(broker.endpoint(Transport.TLS), Version.V5);
  }
}

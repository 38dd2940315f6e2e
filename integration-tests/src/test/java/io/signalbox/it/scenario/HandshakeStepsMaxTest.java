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
import org.junit.jupiter.api.Test;

/** More handshakes at once than may wait. */
final class HandshakeStepsMaxTest {
  private static final String REFUSED = "signalbox_tls_handshake_steps_refused_total";
  private static final int AT_ONCE = 32;

  @Test
  void whatIsTooMuchIsRefusedAndCountedAndComesInLater() {
    BrokerConfig config =
        BrokerConfig.open()
            .yaml(
                """
                io: { io-threads: 1, handshake-steps-max: 1 }
                limits: { failures-per-minute-per-source: 0 }
                """);
    try (var broker = BrokerUnderTest.start("handshake-steps", config)) {
      Eventually.succeeds(
          () -> {
            assertTrue(crowd(broker) < AT_ONCE, "all came in at once");
            assertTrue(Metrics.of(broker).total(REFUSED) > 0, "some were refused");
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

  /** Returns how many of those who begin their handshakes together complete them. */
  private static int crowd(BrokerUnderTest broker) {
    int in = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<RawClient>> all = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        all.add(threads.submit(() -> open(broker)));
      }
      for (Future<RawClient> one : all) {
        try {
          one.get().close();
          in++;
        } catch (ExecutionException e) {
          assertTrue(e.getCause() instanceof IOException, e.toString());
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
    return in;
  }

  private static RawClient open(BrokerUnderTest broker) throws IOException {
    return RawClient.open(broker.endpoint(Transport.TLS), Version.V5);
  }
}

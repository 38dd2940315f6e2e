package io.signalbox.it.operation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** A client that goes on with what no policy allows. */
final class LogFloodTest {
  private static final int REFUSALS = 500;

  private static final String CLOSED =
      """
      version: 1
      name: closed
      description: Nobody may publish below closed.
      match: { everyone: true }
      statements:
        - { id: closed, effect: deny, actions: [publish], topics: ["closed/#"] }
      """;

  @Test
  void refusalsBeyondTheBoundAreCountedAndNotWritten() throws IOException {
    try (BrokerUnderTest broker =
            BrokerUnderTest.start(
                "flood",
                BrokerConfig.allowingAll()
                    .policy("closed", CLOSED)
                    .listener(Transport.WS, true, "none")
                    .yaml("log: { lines-per-second-max: 1 }\n"));
        Peer client = new Peer(RawClient.open(broker.endpoint(Transport.WS), Version.V5), "c")) {
      int position = broker.logPosition();
      client.connect();
      for (int i = 0; i < REFUSALS; i++) {
        client.publish("closed/" + i, 0, "x");
      }
      client.ping();
      broker.awaitLogFrom(position, "may not publish");
      long leftOut = Metrics.of(broker).total("signalbox_log_lines_left_out_total");
      long written =
          broker.logFrom(position).stream().filter(line -> line.contains("may not")).count();
      assertTrue(written > 0 && written < REFUSALS / 2, written + " lines");
      assertTrue(leftOut > REFUSALS / 2, leftOut + " were left out");
    }
  }
}

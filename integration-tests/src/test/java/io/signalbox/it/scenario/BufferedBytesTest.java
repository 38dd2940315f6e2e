package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What waits in memory for clients that acknowledge nothing is bounded over all of them. */
final class BufferedBytesTest {
  private static final int BUFFERED_BYTES_MAX = 8 << 20;
  private static final int STUCK = 20;
  private static final int FOR_EACH = 4;
  private static final String MEGABYTE = "x".repeat(1_000_000);

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "buffered",
          BrokerConfig.open()
              .yaml("limits: { buffered-bytes-max: %d }".formatted(BUFFERED_BYTES_MAX)));

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TCP, Version.V5);

  @Test
  void clientsThatAcknowledgeNothingHoldABoundedShareOfMemory() {
    String topic = clients.topic();
    Peer publisher = clients.connected();
    List<Peer> stuck = new ArrayList<>();
    for (int i = 0; i < STUCK; i++) {
      stuck.add(stuck(publisher, topic + "/" + i));
    }
    Metrics before = Metrics.of(BROKER);

    for (int i = 0; i < STUCK * FOR_EACH; i++) {
      publisher.send(
          publisher
              .publish(topic + "/" + i % STUCK)
              .qos(1, publisher.newPacketId())
              .payload(MEGABYTE));
    }
    for (int i = 0; i < STUCK * FOR_EACH; i++) {
      publisher.receive(PUBACK); // each after a moment at most, whoever stands still
    }
    Metrics now = Metrics.of(BROKER);
    long held = now.total("signalbox_buffered_bytes");
    assertTrue(held > BUFFERED_BYTES_MAX / 2 && held < BUFFERED_BYTES_MAX, held + " bytes held");
    long dropped = now.since(before, "signalbox_messages_dropped_total");
    assertTrue(dropped > STUCK * FOR_EACH / 2, dropped + " messages dropped");

    Peer newcomer = clients.connected();
    newcomer.subscribe(topic + "/new", 1);
    publisher.publish(topic + "/new", 1, "flows");
    newcomer.acknowledge(newcomer.receivePublish("flows"));

    stuck.forEach(Peer::close);
    newcomer.close();
    publisher.close();
    Eventually.succeeds(
        () -> {
          Metrics end = Metrics.of(BROKER);
          assertEquals(0, end.total("signalbox_buffered_bytes"));
          return end;
        });
  }

  /** A client whose window is full for good. */
  private Peer stuck(Peer publisher, String topic) {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.with(receiveMaximum(1)));
    peer.subscribe(topic, 1);
    publisher.publish(topic, 1, "fills the window");
    assertEquals(topic, peer.receivePublish("fills the window").topic());
    return peer;
  }
}

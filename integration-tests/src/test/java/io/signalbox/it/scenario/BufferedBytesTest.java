package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What waits in memory for clients that acknowledge or read nothing is bounded over all of them.
 */
final class BufferedBytesTest {
  private static final int BUFFERED_BYTES_MAX = 8 << 20;
  private static final int STUCK = 20;
  private static final int FOR_EACH = 4;

  /** More than the buffers of two sockets take while nobody reads. */
  private static final int LARGE_BYTES = 5_000_000;

  private static final int READERS = 12;
  private static final String MEGABYTE = "x".repeat(1_000_000);

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "buffered",
          BrokerConfig.open()
              .yaml(
                  "limits: { buffered-bytes-max: %d, packet-bytes-max: %d }"
                      .formatted(BUFFERED_BYTES_MAX, 2 * LARGE_BYTES)));

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TCP, Version.V5);

  private final HttpClient http = HttpClient.newHttpClient();
  private final Metrics before = metrics();

  @Test
  void clientsThatAcknowledgeNothingHoldABoundedShareOfMemory() {
    String topic = clients.topic();
    Peer publisher = clients.connected();
    List<Peer> stuck = new ArrayList<>();
    for (int i = 0; i < STUCK; i++) {
      stuck.add(stuck(publisher, topic + "/" + i));
    }
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
    Metrics now = metrics();
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
    awaitNothingHeld();
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

  @Test
  void oneLargeMessageForManyIsHeldOnce() {
    String topic = clients.topic();
    byte[] payload = payload(0);
    List<Peer> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      Peer reader = clients.connected();
      reader.subscribe(topic, i % 3);
      readers.add(reader);
    }
    clients.connected().publish(topic, 2, publish -> publish.payload(payload));
    assertHeldAndRead(readers, _ -> payload, READERS, 2 * LARGE_BYTES);
  }

  @Test
  void oneLargeRetainedMessageForManyIsHeldOnce() {
    String topic = clients.topic();
    byte[] payload = payload(0);
    Peer publisher = clients.connected();
    publisher.publish(topic + "/a", 1, publish -> publish.retain().payload(payload));
    List<Peer> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      Peer reader = clients.connected();
      reader.subscribe(topic + (i % 2 == 0 ? "/+" : "/a"), 1);
      readers.add(reader);
    }
    assertHeldAndRead(readers, _ -> payload, READERS, 2 * LARGE_BYTES);
    publisher.publish(topic + "/a", 1, publish -> publish.retain());
  }

  @Test
  void oneLargeMessageThatManyAreOwedIsHeldOnce() {
    String topic = clients.topic();
    byte[] payload = payload(0);
    List<String> away = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      Peer reader = clients.peer();
      reader.resume(600);
      reader.subscribe(topic, 1);
      reader.disconnect();
      away.add(reader.clientId());
    }
    clients.connected().publish(topic, 1, publish -> publish.payload(payload));
    List<Peer> readers = new ArrayList<>();
    for (String clientId : away) {
      Peer reader = clients.peer(clientId);
      reader.resume(600);
      readers.add(reader);
    }
    assertHeldAndRead(readers, _ -> payload, READERS, 2 * LARGE_BYTES);
  }

  /** Each gets its turn, for there is not room for all. */
  @Test
  void largeMessagesOfTheirOwnForManyAreFetchedInTurns() {
    String topic = clients.topic();
    Peer publisher = clients.connected();
    List<Peer> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      byte[] payload = payload(i);
      publisher.publish(topic + "/" + i, 1, publish -> publish.retain().payload(payload));
      readers.add(clients.connected()); // before memory is scarce
    }
    for (int i = 0; i < READERS; i++) {
      readers.get(i).subscribe(topic + "/" + i, i % 2);
    }
    assertHeldAndRead(readers, BufferedBytesTest::payload, 2, BUFFERED_BYTES_MAX + 2 * LARGE_BYTES);
    for (int i = 0; i < READERS; i++) {
      publisher.publish(topic + "/" + i, 1, publish -> publish.retain());
    }
  }

  private static byte[] payload(int seed) {
    byte[] payload = new byte[LARGE_BYTES];
    new Random(seed).nextBytes(payload);
    return payload;
  }

  /** While nobody reads, little is held; then all read at once and get theirs. */
  private void assertHeldAndRead(
      List<Peer> readers, IntFunction<byte[]> payloads, int sentMin, long heldBytesMax) {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Eventually.succeeds(
          () -> {
            long sent = metrics().since(before, "signalbox_publishes_sent_total");
            assertTrue(sent >= sentMin, sent + " sent");
            return sent;
          });
      long held = metrics().total("signalbox_buffered_bytes");
      assertTrue(held > LARGE_BYTES / 2 && held <= heldBytesMax, held + " bytes held");
      List<Future<?>> reads = new ArrayList<>();
      for (int i = 0; i < readers.size(); i++) {
        Peer reader = readers.get(i);
        byte[] payload = payloads.apply(i);
        reads.add(
            threads.submit(
                () -> {
                  Parsed publish = reader.receive(PUBLISH);
                  assertArrayEquals(payload, publish.payload());
                  reader.acknowledge(publish);
                  reader.ping();
                }));
      }
      for (Future<?> read : reads) {
        read.get();
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
    awaitNothingHeld();
  }

  private void awaitNothingHeld() {
    Eventually.succeeds(
        () -> {
          assertEquals(0, metrics().total("signalbox_buffered_bytes"));
          return true;
        });
  }

  private Metrics metrics() {
    return Metrics.of(BROKER, http);
  }

  @AfterEach
  void close() {
    http.close();
  }
}

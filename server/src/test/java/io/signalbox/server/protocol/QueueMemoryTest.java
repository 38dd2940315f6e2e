package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Will;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What sessions hold in memory is counted, and little while there is little of it. */
final class QueueMemoryTest extends DurableSessionFixture {
  private static final String LARGE = "x".repeat(20_000);

  private DurableClient connect(String clientId, long expirySeconds, int receiveMaximum) {
    ManualLoops.Loop loop = loops.loops.get(clientId.length() % loops.loops.size());
    var client = new DurableClient(this, ProtocolVersion.V5, loop);
    Properties properties =
        Properties.NONE
            .with(Property.SESSION_EXPIRY_INTERVAL, expirySeconds)
            .with(Property.RECEIVE_MAXIMUM, receiveMaximum);
    client.send(
        new Connect(
            ProtocolVersion.V5, clientId, expirySeconds == 0, 0, null, null, null, properties));
    await(() -> client.connectReason != null);
    return client.subscribe();
  }

  /** Its window is full, because it acknowledges nothing. */
  private DurableClient stuck(DurableClient publisher, long expirySeconds) {
    DurableClient stuck = connect("stuck", expirySeconds, 1);
    stuck.acknowledging = false;
    publisher.publish(Qos.AT_LEAST_ONCE, "fills the window");
    stuck.receive(1);
    return stuck;
  }

  @Test
  void aTransientSessionDropsWhatFindsNoMemory() throws Exception {
    start();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    DurableClient stuck = stuck(publisher, 0);
    publisher.publish(Qos.AT_LEAST_ONCE, LARGE);
    await(() -> loops.memory.held() > LARGE.length());
    long held = loops.memory.held();
    loops.memory.eighthsUsed(6);
    publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, 2_000, LARGE, Properties.NONE));
    var dropped = broker.metrics.messagesDropped.of(Drop.MEMORY_QUEUE_FULL);
    await(() -> dropped.value() == 1);
    assertEquals(held, loops.memory.held());
    stuck.drop();
    await(() -> loops.memory.held() == 0);
  }

  @Test
  void aDurableSessionReadsFromDiskWhatFoundNoMemory() throws Exception {
    start();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    DurableClient stuck = stuck(publisher, 1_000);
    loops.memory.eighthsUsed(8);
    for (int i = 0; i < 10; i++) {
      assertEquals(ReasonCode.SUCCESS, publisher.publish(Qos.AT_LEAST_ONCE, LARGE));
    }
    assertEquals(0, loops.memory.held());
    stuck.drop();
    DurableClient back = DurableClient.connect(this, "stuck", 1_000);
    back.expectNothing();
    loops.advance(10_000);
    back.expectNothing(); // nothing is read while all of it is in use
    loops.memory.eighthsUsed(7);
    loops.advance(1_000);
    back.receive(11);
    assertEquals(0, broker.metrics.messagesDropped.of(Drop.MEMORY_QUEUE_FULL).value());
    await(() -> loops.memory.held() == 0);
  }

  @Test
  void retainedMessagesAreFetchedWhenThereIsMemory() throws Exception {
    start();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.send(DurableClient.retained(Qos.AT_LEAST_ONCE, 1_000, LARGE));
    await(() -> publisher.acknowledged == 1);
    for (String filter : List.of("t/1", "t/+")) {
      loops.memory.eighthsUsed(8);
      DurableClient client = DurableClient.connect(this, "client", 0).subscribe(filter);
      client.expectNothing();
      loops.advance(10_000);
      client.expectNothing();
      loops.memory.eighthsUsed(7);
      loops.advance(1_000);
      client.receive(1);
      client.drop();
    }
  }

  /** Of memory that others give back no acknowledgement need tell. */
  @Test
  void aWindowThatIsShortOfMemoryIsLookedAtAgain() throws Exception {
    start();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    DurableClient worker =
        DurableClient.connectWithReceiveMaximum(this, "worker", 0, 10).subscribe("$share/g/t/#");
    worker.acknowledging = false;
    publisher.publish(Qos.AT_LEAST_ONCE, LARGE);
    worker.receive(1);
    loops.memory.eighthsUsed(6);
    publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, 2_000, "behind", Properties.NONE));
    doWhatWaits();
    await(() -> true);
    assertEquals(1, worker.payloads.size());
    loops.memory.eighthsUsed(0);
    loops.advance(1_000);
    worker.receive(2);
    assertEquals(List.of(LARGE, "behind"), worker.payloads);
  }

  @Test
  void oneOfTheLongestNamesMayStandBehindAnyAlias() throws Exception {
    start();
    DurableClient client = DurableClient.connect(this, "client", 0);
    client.send(aliased("n".repeat(65_535), 64));
    await(() -> loops.memory.held() >= 65_535);
    assertTrue(client.connection.isOpen());
    client.drop();
    await(() -> loops.memory.held() == 0);
  }

  @Test
  void topicAliasesCountWhileTheirConnectionLasts() throws Exception {
    start();
    DurableClient client = DurableClient.connect(this, "client", 0);
    String name = "n".repeat(1_000);
    client.send(aliased(name, 1));
    await(() -> loops.memory.held() >= 1_000);
    client.send(aliased("short", 1));
    await(() -> loops.memory.held() < 1_000);
    client.send(aliased(name, 1));
    await(() -> loops.memory.held() >= 1_000);
    client.send(aliased("n".repeat(65_000), 2));
    assertEndsForAliases(client);
    DurableClient frugal = DurableClient.connect(this, "client", 0);
    loops.memory.eighthsUsed(7);
    frugal.send(aliased(name, 1));
    await(() -> loops.memory.held() >= 1_000);
    frugal.send(aliased("n".repeat(3_500), 2));
    assertEndsForAliases(frugal);
  }

  @Test
  void namesBehindAliasesOfOursCountWhileTheConnectionLasts() throws Exception {
    start();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    var client = new DurableClient(this, ProtocolVersion.V5, loops.loops.getFirst());
    Properties properties =
        Properties.NONE
            .with(Property.SESSION_EXPIRY_INTERVAL, 1_000)
            .with(Property.TOPIC_ALIAS_MAXIMUM, 10);
    client.send(new Connect(ProtocolVersion.V5, "client", false, 0, null, null, null, properties));
    await(() -> client.connectReason != null);
    client.acknowledging = false; // it comes with QoS 0
    client.subscribe("#");
    publisher.send(empty("n".repeat(512)));
    publisher.send(empty("n".repeat(513)));
    client.receive(2);
    long held = loops.memory.held();
    assertTrue(held > 512 && held < 1_000, () -> held + " bytes");
    client.drop();
    assertEquals(0, loops.memory.held());
  }

  private void assertEndsForAliases(DurableClient client) {
    await(() -> !client.connection.isOpen());
    assertEquals(ReasonCode.QUOTA_EXCEEDED, client.connection.disconnectedWith);
    await(() -> loops.memory.held() == 0);
  }

  @ParameterizedTest
  @CsvSource({"1000, AT_MOST_ONCE", "0, AT_LEAST_ONCE", "0, AT_MOST_ONCE"})
  void aWillThatIsStoredIsNotInMemory(long expirySeconds, Qos qos) throws Exception {
    start();
    WeakReference<byte[]> payload = connectWithWill(expirySeconds, qos, LARGE);
    assertEquals(0, loops.memory.held());
    await(
        () -> {
          System.gc();
          return payload.refersTo(null);
        });
  }

  @Test
  void aWillThatIsNotStoredCountsWhileItsConnectionLasts() throws Exception {
    start();
    String small = "x".repeat(3_000);
    WeakReference<byte[]> _ = connectWithWill(0, Qos.AT_MOST_ONCE, small);
    DurableClient mourned = clients.getLast();
    assertTrue(loops.memory.held() > small.length());
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    watcher.acknowledging = false; // it comes with QoS 0
    mourned.drop();
    watcher.receive(1);
    assertEquals(List.of(small), watcher.payloads);
    assertEquals(0, loops.memory.held());
  }

  private WeakReference<byte[]> connectWithWill(long expirySeconds, Qos qos, String text) {
    byte[] payload = text.getBytes(UTF_8);
    var will = new Will(SimulatedBroker.topic("t/will"), payload, qos, false, Properties.NONE);
    DurableClient.connect(this, ProtocolVersion.V5, "mourned", expirySeconds, will);
    return new WeakReference<>(payload);
  }

  private static Publish aliased(String topic, int alias) {
    return empty(topic, Properties.NONE.with(Property.TOPIC_ALIAS, alias));
  }

  private static Publish empty(String topic) {
    return empty(topic, Properties.NONE);
  }

  private static Publish empty(String topic, Properties properties) {
    return new Publish(
        SimulatedBroker.topic(topic), Qos.AT_MOST_ONCE, false, false, 0, properties, new byte[0]);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void nothingStaysCountedHoweverSessionsEnd(long seed) throws Exception {
    start();
    Random random = new Random(seed);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    List<DurableClient> receivers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      receivers.add(connect("r".repeat(1 + i), i * 1_000L, 1 + i));
    }
    for (int turn = 0; turn < 300; turn++) {
      int which = random.nextInt(receivers.size());
      switch (random.nextInt(10)) {
        case 0 -> loops.memory.eighthsUsed(random.nextInt(9));
        case 1 -> {
          DurableClient before = receivers.get(which);
          if (random.nextBoolean()) {
            before.drop();
          }
          long expirySeconds = random.nextBoolean() ? 0 : 1_000;
          int receiveMaximum = 1 + random.nextInt(5);
          receivers.set(which, connect("r".repeat(1 + which), expirySeconds, receiveMaximum));
        }
        case 2 -> receivers.get(which).acknowledging = random.nextBoolean();
        default ->
            publisher.send(
                DurableClient.message(
                    Qos.AT_LEAST_ONCE,
                    1 + turn,
                    "x".repeat(random.nextInt(2 * LARGE.length())),
                    Properties.NONE));
      }
      for (int i = random.nextInt(20); i > 0; i--) {
        loops.step();
      }
      clients.forEach(DurableClient::read);
    }
    receivers.forEach(DurableClient::drop);
    publisher.drop();
    await(() -> loops.memory.held() == 0);
  }
}

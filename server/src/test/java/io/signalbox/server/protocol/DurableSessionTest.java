package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.packet.Will;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session keeps over its connections and over the end of the broker, packet by packet. */
final class DurableSessionTest {
  private static final long DEADLINE_SECONDS = 60;

  private static final int FILLER_BYTES = 60_000;

  @TempDir Path data;

  private final ManualLoops loops = new ManualLoops(2, 1); // most need no more than the first

  /** This one runs nothing. */
  private ManualLoops.@Nullable Loop asleep;

  @SuppressWarnings("NullAway.Init") // by each test, with start
  private SimulatedBroker broker;

  private void start() throws Exception {
    start(SessionConfig.DEFAULTS, StoreConfig.DEFAULTS);
  }

  private void start(SessionConfig config, StoreConfig store) throws Exception {
    broker = new SimulatedBroker(data, loops, config, store);
  }

  /** As a kill would leave it, except that the store's threads end in order. */
  private void restart() throws Exception {
    restart(0);
  }

  private void restart(long awayMillis) throws Exception {
    broker.close();
    doWhatWaits(); // answers to those who are gone
    loops.forgetTimers();
    loops.advance(awayMillis);
    start();
  }

  private void doWhatWaits() {
    while (loops.step()) {
      // one task after the other
    }
  }

  @AfterEach
  void stop() {
    broker.releaseDisk(); // a test that failed may hold it
    broker.close();
  }

  // ---------------------------------------------------------------- DUP and expiry

  @Test
  void setsDupOnlyOnWhatMayHaveBeenSent() throws Exception {
    start();
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    TestClient publisher = TestClient.connect(this, "publisher", 0);
    for (int i = 0; i < 2_500; i++) {
      publisher.publish(i % 2 == 0 ? Qos.AT_LEAST_ONCE : Qos.EXACTLY_ONCE, "" + i);
    }
    device = TestClient.connect(this, "device", 1_000);
    device.receive(2_500);
    assertEquals(0, device.dups, "never sent before");
    device.drop();
    publisher.publish(Qos.AT_LEAST_ONCE, "later");
    device = TestClient.connect(this, "device", 1_000);
    device.acknowledging = false;
    device.receive(1);
    assertEquals(0, device.dups, "queued after all the others were sent");
    device.drop();
    device = TestClient.connect(this, "device", 1_000);
    device.receive(1);
    assertEquals(1, device.dups, "sent and not acknowledged");
  }

  @Test
  void setsDupAfterARestartOnWhatMayHaveBeenSentAndOnNothingElse() throws Exception {
    start();
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    TestClient publisher = TestClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "sent");
    device = TestClient.connect(this, "device", 1_000);
    device.acknowledging = false;
    device.receive(1);
    restart();
    publisher = TestClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "queued after the restart");
    device = TestClient.connect(this, "device", 1_000);
    device.receive(2);
    assertEquals(List.of("sent", "queued after the restart"), device.payloads);
    assertEquals(1, device.dups);
  }

  /**
   * After 65,535 rows the identifiers that follow from their numbers come round again, and may be
   * those of messages that are not acknowledged. A commit for each would let them out one by one.
   */
  @Test
  void manyMessagesWhoseIdentifiersAreInUseShareCommits() throws Exception {
    start();
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    TestClient publisher = TestClient.connect(this, "publisher", 0);
    int rows = 65_100;
    int unacknowledged = 500;
    int more = 250;
    for (int i = 0; i < rows / 100; i++) {
      for (int id = 1_001; id < 1_100; id++) {
        publisher.send(TestClient.message(Qos.AT_LEAST_ONCE, id, "", Properties.NONE));
      }
      publisher.publish(Qos.AT_LEAST_ONCE, "");
    }
    device = TestClient.connect(this, "device", 1_000);
    device.receive(rows);
    device.acknowledging = false;
    for (int i = 0; i < unacknowledged; i++) {
      publisher.publish(Qos.AT_LEAST_ONCE, "not acknowledged");
    }
    device.receive(rows + unacknowledged);
    long before = broker.metrics.storeCommits.value();
    broker.holdDisk();
    for (int i = 1; i <= more; i++) {
      publisher.send(TestClient.message(Qos.EXACTLY_ONCE, i, "" + i, Properties.NONE));
    }
    broker.releaseDisk();
    device.receive(rows + unacknowledged + more);
    long commits = broker.metrics.storeCommits.value() - before;
    List<String> expected = new ArrayList<>();
    for (int i = 1; i <= more; i++) {
      expected.add("" + i);
    }
    assertEquals(
        expected, device.payloads.subList(rows + unacknowledged, rows + unacknowledged + more));
    assertTrue(commits < 100, commits + " commits for " + more + " messages");
  }

  @Test
  void letsMessagesExpireThatWereQueuedAfterTheQueueWasDrained() throws Exception {
    start();
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    TestClient publisher = TestClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "first");
    device = TestClient.connect(this, "device", 1_000);
    device.receive(1);
    device.drop();
    publisher.publish(
        Qos.AT_LEAST_ONCE,
        "short-lived",
        Properties.NONE.with(Property.MESSAGE_EXPIRY_INTERVAL, 5));
    publisher.publish(Qos.AT_LEAST_ONCE, "lasting");
    loops.advance(6_000);
    device = TestClient.connect(this, "device", 1_000);
    device.receive(1);
    assertEquals(List.of("lasting"), device.payloads); // [MQTT-3.3.2-5]
  }

  @Test
  void countsTheTimeWithoutABrokerForTheExpiryOfASession() throws Exception {
    start();
    for (String name : List.of("in time", "too late")) {
      TestClient.connect(this, name, 100).drop();
    }
    doWhatWaits(); // the ends of the connections are with the store
    loops.advance(10_000);
    restart(60_000);
    doWhatWaits();
    loops.advance(29_000);
    assertTrue(TestClient.connect(this, "in time", 100).sessionPresent);
    loops.advance(2_000);
    assertFalse(TestClient.connect(this, "too late", 100).sessionPresent);
  }

  // ---------------------------------------------------------------- QoS 2 that is refused

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void swallowsNoMessageWhosePacketIdentifierWasRefusedBefore(ProtocolVersion version)
      throws Exception {
    startSmall();
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    TestClient publisher = TestClient.connect(this, version, "publisher", 1_000);
    TestClient filler = TestClient.connect(this, "filler", 0);
    int filled = fill(filler);
    publisher.send(TestClient.message(Qos.EXACTLY_ONCE, 7, "precious", Properties.NONE));
    if (version == ProtocolVersion.V5) {
      await(() -> publisher.recReason != null);
      assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.recReason);
    } else {
      await(() -> broker.metrics.publishersSuspended.value() == 1); // 3.1.1 cannot be told no
      publisher.send(TestClient.message(Qos.EXACTLY_ONCE, 8, "behind", Properties.NONE));
    }
    device = TestClient.connect(this, "device", 1_000);
    device.receive(filled);
    device.drop();
    awaitRoom(filler);
    if (version == ProtocolVersion.V3_1_1) {
      await(() -> !publisher.connection.isOpen()); // so that it sends again
      assertNull(publisher.recReason);
    } else {
      publisher.drop();
    }
    TestClient again = TestClient.connect(this, version, "publisher", 1_000);
    again.send(TestClient.message(Qos.EXACTLY_ONCE, 7, "precious", Properties.NONE));
    await(() -> again.completed == 1);
    device = TestClient.connect(this, "device", 1_000);
    device.receive(2);
    assertEquals(List.of("room?", "precious"), device.payloads);
  }

  @Test
  void refusesWithAMessageAlsoWhatRepeatsIt() throws Exception {
    startSmall();
    TestClient.connect(this, "device", 1_000).subscribe().drop();
    TestClient publisher = TestClient.connect(this, "publisher", 1_000);
    TestClient filler = TestClient.connect(this, "filler", 0);
    int _ = fill(filler);
    broker.holdDisk();
    publisher.send(TestClient.message(Qos.EXACTLY_ONCE, 7, "precious", Properties.NONE));
    publisher.send(TestClient.message(Qos.EXACTLY_ONCE, 7, "precious", Properties.NONE));
    publisher.send(TestClient.message(Qos.EXACTLY_ONCE, 8, "next", Properties.NONE));
    broker.releaseDisk();
    await(() -> publisher.received.size() == 3);
    assertEquals(Collections.nCopies(3, ReasonCode.QUOTA_EXCEEDED), publisher.received);
  }

  @Test
  void letsNobodySeeWhatComesBehindARefusedMessageBeforeThatOneIsSentAgain() throws Exception {
    startSmall();
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.drop(); // so that it cannot get the first one early
    ManualLoops.Loop loop = loops.loops.getLast();
    TestClient publisher = TestClient.connectOf311(this, loop, "publisher");
    TestClient filler = TestClient.connect(this, "filler", 0);
    int filled = fill(filler);
    asleep = loop; // its client's thread does not hear of what the store refuses
    loops.on(loop, () -> publisher.publish(7, "first"));
    filler.publish(Qos.AT_LEAST_ONCE, "room?"); // so the store has looked at the first
    device = TestClient.connect(this, "device", 1_000);
    device.receive(filled); // from now on it gets QoS 1 before the commit
    loops.on(loop, () -> publisher.publish(8, "second"));
    awaitRoom(filler);
    asleep = null;
    await(() -> !publisher.connection.isOpen()); // so that it sends again
    TestClient again = TestClient.connectOf311(this, loop, "publisher");
    loops.on(loop, () -> again.publish(7, "first"));
    loops.on(loop, () -> again.publish(8, "second"));
    List<String> payloads = device.payloads;
    await(() -> payloads.contains("first") && payloads.contains("second"));
    payloads.removeIf(payload -> payload.equals("room?") || payload.length() == FILLER_BYTES);
    assertEquals(List.of("first", "second"), payloads);
  }

  /** With a store that a few messages fill. */
  private void startSmall() throws Exception {
    StoreConfig d = StoreConfig.DEFAULTS;
    start(
        SessionConfig.DEFAULTS,
        new StoreConfig(
            1 << 20,
            0,
            1 << 20,
            d.mapBytes(),
            d.batchCommandsMax(),
            d.batchBytesMax(),
            d.queueCommandsMax(),
            d.queueBytesMax(),
            1,
            d.sliceRowsMax()));
  }

  /** Says how many messages that took. */
  private static int fill(TestClient filler) {
    int filled = 0;
    while (filler.publish(Qos.AT_LEAST_ONCE, "x".repeat(FILLER_BYTES)) == ReasonCode.SUCCESS) {
      filled++;
    }
    return filled;
  }

  private void awaitRoom(TestClient filler) {
    while (filler.publish(Qos.AT_LEAST_ONCE, "room?") != ReasonCode.SUCCESS) {
      loops.advance(20); // the store looks at its room from time to time
    }
  }

  @Test
  void freesThePacketIdentifierOfAMessageThatNoQueueTook() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    TestClient publisher = TestClient.connect(this, "publisher", 1_000);
    publisher.publish(Qos.AT_LEAST_ONCE, "fits");
    publisher.send(TestClient.message(Qos.EXACTLY_ONCE, 7, "too many", Properties.NONE));
    await(() -> publisher.recReason != null);
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.recReason);
    device = TestClient.connect(this, "device", 1_000);
    device.receive(1);
    TestClient receiver = device;
    publisher.send(TestClient.message(Qos.EXACTLY_ONCE, 7, "another", Properties.NONE));
    await(() -> publisher.completed == 1);
    receiver.receive(2);
    assertEquals(List.of("fits", "another"), receiver.payloads);
    assertEquals(1, dropped());
  }

  @Test
  void holdsPubRelBackUntilTheCommitAlsoWhenPubRecComesTwice() throws Exception {
    start();
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.acknowledging = false;
    TestClient publisher = TestClient.connect(this, "publisher", 0);
    publisher.publish(Qos.EXACTLY_ONCE, "once");
    device.receive(1);
    await(() -> publisher.completed == 1);
    broker.holdDisk();
    device.send(new PubRec(device.lastId));
    device.send(new PubRec(device.lastId));
    device.send(new PingReq());
    await(() -> device.pongs == 1);
    assertEquals(0, device.releases);
    broker.releaseDisk();
    await(() -> device.releases == 1);
  }

  // ---------------------------------------------------------------- quotas

  @Test
  void tellsAPublisherOfAFullQueueOnlyWhenNoSessionTookTheMessage() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    TestClient.connect(this, "device", 1_000).subscribe().drop();
    TestClient publisher = TestClient.connect(this, "publisher", 0);
    assertEquals(ReasonCode.SUCCESS, publisher.publish(Qos.AT_LEAST_ONCE, "1"));
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.publish(Qos.AT_LEAST_ONCE, "2"));
    TestClient other = TestClient.connect(this, "online", 0).subscribe();
    assertEquals(ReasonCode.SUCCESS, publisher.publish(Qos.AT_LEAST_ONCE, "3"));
    other.receive(1);
    assertEquals(2, dropped(), "each is counted");
  }

  @Test
  void dropsTheOldestWhenToldAlsoForASessionThatWasDrainedBefore() throws Exception {
    start(limited(3, Overflow.DROP_OLDEST), StoreConfig.DEFAULTS);
    TestClient device = TestClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    TestClient publisher = TestClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "before");
    device = TestClient.connect(this, "device", 1_000);
    device.receive(1);
    device.drop();
    for (int i = 0; i < 5; i++) {
      Qos qos = i % 2 == 0 ? Qos.AT_LEAST_ONCE : Qos.EXACTLY_ONCE;
      assertEquals(ReasonCode.SUCCESS, publisher.publish(qos, "" + i));
    }
    device = TestClient.connect(this, "device", 1_000);
    device.receive(3);
    assertEquals(List.of("2", "3", "4"), device.payloads);
    assertEquals(2, dropped());
  }

  private long dropped() {
    return broker.metrics.messagesDropped.of(Drop.SESSION_QUEUE_FULL).value();
  }

  private static SessionConfig limited(long messages, Overflow overflow) {
    SessionConfig d = SessionConfig.DEFAULTS;
    return new SessionConfig(
        d.expirySecondsMax(),
        messages,
        d.queueBytesMax(),
        overflow,
        d.memoryQueueMessagesMax(),
        d.memoryQueueBytesMax(),
        d.willRestartGrace(),
        d.sharedHandover());
  }

  // ---------------------------------------------------------------- durability

  @Test
  void acknowledgesOnlyWhatIsCommittedUnlessTheListenerIsLazy() throws Exception {
    start();
    TestClient.connect(this, "device", 1_000).subscribe().drop();
    TestClient strict = TestClient.connect(this, "strict", 0);
    TestClient lazy = TestClient.connect(this, "lazy", 0);
    lazy.connection.lazy();
    broker.holdDisk();
    strict.send(TestClient.message(Qos.AT_LEAST_ONCE, 1, "strict", Properties.NONE));
    lazy.send(TestClient.message(Qos.AT_LEAST_ONCE, 1, "lazy", Properties.NONE));
    await(() -> lazy.ackReason != null);
    assertEquals(1, broker.metrics.acksBeforeCommit.value());
    strict.read();
    assertNull(strict.ackReason);
    broker.releaseDisk();
    await(() -> strict.ackReason != null);
    TestClient device = TestClient.connect(this, "device", 1_000);
    device.receive(2);
    assertEquals(List.of("strict", "lazy"), device.payloads);
  }

  @Test
  void saysOfNoSessionThatItIsGoneWhenTheStoreHasFailed() throws Exception {
    start();
    TestClient.connect(this, "device", 1_000).subscribe().drop();
    TestClient publisher = TestClient.connect(this, "publisher", 0);
    broker.failDisk();
    publisher.send(TestClient.message(Qos.AT_LEAST_ONCE, 1, "lost", Properties.NONE));
    await(broker::hasFailed);
    TestClient clean = TestClient.begin(this, ProtocolVersion.V5, "device", 0, null);
    await(() -> clean.connectReason != null);
    assertEquals(ReasonCode.SERVER_UNAVAILABLE, clean.connectReason);
    assertNull(publisher.ackReason);
  }

  // ---------------------------------------------------------------- wills

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void sendsAWillAfterARestartUnlessItsClientIsBackInTime(ProtocolVersion version)
      throws Exception {
    start();
    for (String name : List.of("back", "gone")) {
      TestClient.connect(this, version, name, 0, will(name));
      TestClient.connect(this, version, name + "-durable", 1_000, will(name + "-durable"));
    }
    restart();
    TestClient watcher = TestClient.connect(this, "watcher", 0).subscribe();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis() / 2);
    TestClient.connect(this, version, "back", 0, will("back"));
    TestClient.connect(this, version, "back-durable", 1_000, will("back-durable"));
    watcher.expectNothing();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis());
    watcher.receive(2);
    assertEquals(List.of("gone", "gone-durable"), watcher.payloads.stream().sorted().toList());
  }

  @Test
  void keepsADelayedWillOverTwoRestartsAndSendsItOnce() throws Exception {
    start();
    Will will = will("late", Duration.ofSeconds(100));
    TestClient.connect(this, ProtocolVersion.V5, "device", 1_000, will).drop();
    await(() -> true);
    loops.advance(30_000);
    restart();
    loops.advance(30_000);
    restart();
    TestClient watcher = TestClient.connect(this, "watcher", 0).subscribe();
    watcher.expectNothing();
    loops.advance(41_000);
    watcher.receive(1);
    restart();
    TestClient after = TestClient.connect(this, "watcher", 0).subscribe();
    loops.advance(500_000);
    after.expectNothing();
  }

  private static Will will(String payload) {
    return will(payload, Duration.ZERO);
  }

  private static Will will(String payload, Duration delay) {
    return new Will(
        SimulatedBroker.topic("t/will"),
        payload.getBytes(UTF_8),
        Qos.AT_LEAST_ONCE,
        false,
        delay.isZero()
            ? Properties.NONE
            : Properties.NONE.with(Property.WILL_DELAY_INTERVAL, delay.toSeconds()));
  }

  // ---------------------------------------------------------------- the clients

  private void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    do {
      boolean stepped = false;
      for (ManualLoops.Loop loop : loops.loops) {
        stepped |= !loop.equals(asleep) && loops.step(loop);
      }
      if (!stepped) {
        LockSupport.parkNanos(20_000); // only the store's thread has work
      }
      TestClient.all.get().forEach(TestClient::read);
      if (System.nanoTime() > deadline) {
        fail("not in time");
      }
    } while (!condition.getAsBoolean());
  }

  private static final class TestClient {
    static final ThreadLocal<List<TestClient>> all = ThreadLocal.withInitial(ArrayList::new);

    private final DurableSessionTest test;
    final FakeConnection connection;
    final List<String> payloads = new ArrayList<>();
    boolean acknowledging = true;
    int dups;
    int completed;
    int releases;
    int pongs;
    int lastId;
    @Nullable ReasonCode connectReason;
    boolean sessionPresent;
    private boolean subscribed;
    @Nullable ReasonCode ackReason;
    @Nullable ReasonCode recReason;

    /** Of each PUBREC. */
    final List<ReasonCode> received = new ArrayList<>();

    private int packetId;

    TestClient(DurableSessionTest test, ProtocolVersion version, ManualLoops.Loop loop) {
      this.test = test;
      connection = test.broker.connection(loop, version);
      all.get().add(this);
    }

    static TestClient connect(DurableSessionTest test, String clientId, long expiry) {
      return connect(test, ProtocolVersion.V5, clientId, expiry);
    }

    static TestClient connect(
        DurableSessionTest test, ProtocolVersion version, String clientId, long expiry) {
      return connect(test, version, clientId, expiry, null);
    }

    static TestClient connect(
        DurableSessionTest test,
        ProtocolVersion version,
        String clientId,
        long expiry,
        @Nullable Will will) {
      return begin(test, version, clientId, expiry, will).accepted();
    }

    private TestClient accepted() {
      test.await(() -> connectReason != null);
      assertEquals(ReasonCode.SUCCESS, connectReason);
      return this;
    }

    /** On a thread of its choice, with a lasting session. */
    static TestClient connectOf311(
        DurableSessionTest test, ManualLoops.Loop loop, String clientId) {
      var client = new TestClient(test, ProtocolVersion.V3_1_1, loop);
      client.send(
          new Connect(
              ProtocolVersion.V3_1_1, clientId, false, 0, null, null, null, Properties.NONE));
      return client.accepted();
    }

    /** Sends CONNECT. */
    static TestClient begin(
        DurableSessionTest test,
        ProtocolVersion version,
        String clientId,
        long expiry,
        @Nullable Will will) {
      var client = new TestClient(test, version, test.loops.loops.getFirst());
      boolean v5 = version == ProtocolVersion.V5;
      Properties properties =
          v5 ? Properties.NONE.with(Property.SESSION_EXPIRY_INTERVAL, expiry) : Properties.NONE;
      client.send(new Connect(version, clientId, expiry == 0, 0, will, null, null, properties));
      return client;
    }

    TestClient subscribe() {
      send(
          new Subscribe(
              1,
              List.of(
                  new RequestedSubscription(
                      "t/#",
                      new SubscriptionOptions(
                          Qos.EXACTLY_ONCE, false, false, RetainHandling.SEND))),
              Properties.NONE));
      test.await(() -> subscribed);
      return this;
    }

    void send(Packet packet) {
      connection.loop().execute(() -> connection.receive(packet));
    }

    void drop() {
      connection.loop().execute(connection::drop);
      test.await(() -> !connection.isOpen());
      test.await(() -> true);
    }

    static Publish message(Qos qos, int packetId, String payload, Properties properties) {
      return new Publish(
          SimulatedBroker.topic("t/1"),
          qos,
          false,
          false,
          packetId,
          properties,
          payload.getBytes(UTF_8));
    }

    ReasonCode publish(Qos qos, String payload) {
      return publish(qos, payload, Properties.NONE);
    }

    /** With QoS 1, at once; on the connection's thread. */
    void publish(int withPacketId, String payload) {
      connection.receive(message(Qos.AT_LEAST_ONCE, withPacketId, payload, Properties.NONE));
    }

    /** Waits for the first acknowledgement. */
    ReasonCode publish(Qos qos, String payload, Properties properties) {
      ackReason = null;
      recReason = null;
      packetId = packetId % 65_535 + 1;
      send(message(qos, packetId, payload, properties));
      test.await(() -> ackReason != null || recReason != null);
      return Objects.requireNonNull(ackReason != null ? ackReason : recReason);
    }

    void receive(int count) {
      test.await(() -> payloads.size() >= count);
      assertEquals(count, payloads.size());
    }

    void expectNothing() {
      for (int i = 0; i < 200; i++) {
        test.await(() -> true);
      }
      assertEquals(List.of(), payloads);
    }

    void read() {
      while (!connection.sent.isEmpty()) {
        switch (connection.sent.remove()) {
          case ConnAck ack -> {
            connectReason = ack.reason();
            sessionPresent = ack.sessionPresent();
          }
          case SubAck _ -> subscribed = true;
          case PubAck ack -> ackReason = ack.reason();
          case PubRec rec -> {
            recReason = rec.reason();
            received.add(rec.reason());
            if (!rec.reason().isError()) {
              send(new PubRel(rec.packetId()));
            }
          }
          case PubComp _ -> completed++;
          case PubRel rel -> {
            releases++;
            send(new PubComp(rel.packetId()));
          }
          case PingResp _ -> pongs++;
          case Publish publish -> {
            payloads.add(new String(publish.payload(), UTF_8));
            dups += publish.dup() ? 1 : 0;
            lastId = publish.packetId();
            if (acknowledging) {
              send(
                  publish.qos() == Qos.AT_LEAST_ONCE
                      ? new PubAck(publish.packetId())
                      : new PubRec(publish.packetId()));
            }
          }
          case Packet other -> fail("a client got " + other);
        }
      }
    }
  }
}

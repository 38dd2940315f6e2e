package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.Spec;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.metrics.Metrics.Close;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.metrics.Metrics.Limit;
import io.signalbox.server.metrics.Metrics.Refusal;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.packet.Will;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.session.SessionRegistry;
import io.signalbox.server.store.SessionRow;
import io.signalbox.server.topic.TopicFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a session keeps over its connections and over the end of the broker. */
final class DurableSessionTest extends DurableSessionFixture {
  @ParameterizedTest
  @ValueSource(ints = {1, 20})
  void aSessionGetsACopyForEachShareNameThatItHas(int shareNames) throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe("t/#");
    for (int i = 1; i <= shareNames; i++) {
      device.subscribe("$share/" + i + "/t/#");
    }
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "one");
    device.receive(1 + shareNames);
    device.drop();
    publisher.publish(Qos.AT_LEAST_ONCE, "other");
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    again.receive(1 + shareNames);
  }

  @Test
  void letsMessagesExpireThatWereQueuedAfterTheQueueWasDrained() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "first");
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(1);
    device.drop();
    publisher.publish(
        Qos.AT_LEAST_ONCE,
        "short-lived",
        Properties.NONE.with(Property.MESSAGE_EXPIRY_INTERVAL, 5));
    publisher.publish(Qos.AT_LEAST_ONCE, "lasting");
    loops.advance(6_000);
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(1);
    assertEquals(List.of("lasting"), device.payloads); // [MQTT-3.3.2-5]
  }

  @Test
  void countsTheTimeWithoutABrokerForTheExpiryOfASession() throws Exception {
    start();
    for (String name : List.of("in time", "too late")) {
      DurableClient.connect(this, name, 100).drop();
    }
    doWhatWaits(); // the ends of the connections are with the store
    loops.advance(10_000);
    restart(60_000);
    doWhatWaits();
    loops.advance(29_000);
    assertTrue(DurableClient.connect(this, "in time", 100).sessionPresent);
    loops.advance(2_000);
    assertFalse(DurableClient.connect(this, "too late", 100).sessionPresent);
  }

  @Test
  @Behaviour(72)
  void noSessionLivesLongerBecauseTheClockWasSetBackBeforeARestart() throws Exception {
    start();
    Will will = will("late", Duration.ofSeconds(50));
    DurableClient.connect(this, ProtocolVersion.V5, "device", 100, will).drop();
    doWhatWaits(); // the end of the connection is with the store
    loops.setClockBack(900_000);
    restart();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    loops.advance(49_000);
    watcher.expectNothing();
    loops.advance(2_000);
    watcher.receive(1);
    assertEquals(List.of("late"), watcher.payloads);
    loops.advance(48_000);
    assertTrue(broker.hasSession("device"));
    loops.advance(2_000);
    await(() -> !broker.hasSession("device"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Behaviour(150)
  void theQueueOfASessionGivesItsRoomBackWithIt(boolean cleaned) throws Exception {
    start();
    DurableClient.connect(this, "device", 10).subscribe().drop();
    DurableClient.connect(this, "publisher", 0).publishAll(3);
    assertEquals(3, broker.queuedMessages());
    if (cleaned) {
      DurableClient.connect(this, "device", 0);
      assertEquals(0, broker.queuedMessages());
    } else {
      loops.advance(11_000);
      await(() -> broker.queuedMessages() == 0);
    }
  }

  @Test
  @Behaviour(134)
  void dropsQos0ForAClientWhoseOutputIsFullAndForNoOther() throws Exception {
    start();
    DurableClient other = DurableClient.connect(this, "other", 0).subscribe();
    DurableClient slow = DurableClient.connect(this, "slow", 0).subscribe();
    clients.remove(slow); // reads nothing
    FakeConnection output = slow.connection.congestedFrom(3);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    List<String> all = IntStream.rangeClosed(1, 10).mapToObj(Integer::toString).toList();
    for (String payload : all) {
      publisher.send(DurableClient.message(Qos.AT_MOST_ONCE, 0, payload, Properties.NONE));
    }
    other.receive(10);
    doWhatWaits();
    assertEquals(all, other.payloads);
    assertEquals(7, broker.metrics.messagesDropped.of(Drop.OUTPUT_CONGESTED).value());
    List<String> taken = new ArrayList<>();
    loops.on(loops.loops.getFirst(), () -> output.readAll().forEach(p -> taken.add(payload(p))));
    assertEquals(all.subList(0, 3), taken);
    publisher.send(DurableClient.message(Qos.AT_MOST_ONCE, 0, "11", Properties.NONE));
    clients.add(slow);
    slow.receive(1);
    assertEquals(List.of("11"), slow.payloads);
  }

  private static String payload(Packet packet) {
    return new String(((Publish) packet).payload(), UTF_8);
  }

  @Test
  void noSessionOutlivesItsConnectionForLongerThanTheLimit() throws Exception {
    start(config(10, SessionConfig.DEFAULTS.memoryQueueMessagesMax()), StoreConfig.DEFAULTS);
    ProtocolVersion v3 = ProtocolVersion.V3_1_1;
    for (String name : List.of("early", "late")) {
      DurableClient.connect(this, name + " of 5", 1_000).drop();
      DurableClient.connect(this, v3, name + " of 3", 1).drop();
      DurableClient raised = DurableClient.connect(this, name + " raised", 1);
      raised.send(
          new Disconnect(
              ReasonCode.SUCCESS, Properties.NONE.with(Property.SESSION_EXPIRY_INTERVAL, 1_000)));
      await(() -> !raised.connection.isOpen());
    }
    doWhatWaits();
    loops.advance(9_000);
    assertTrue(DurableClient.connect(this, "early of 5", 1_000).sessionPresent);
    assertTrue(DurableClient.connect(this, v3, "early of 3", 1).sessionPresent);
    assertTrue(DurableClient.connect(this, "early raised", 1_000).sessionPresent);
    loops.advance(2_000);
    assertFalse(DurableClient.connect(this, "late of 5", 1_000).sessionPresent);
    assertFalse(DurableClient.connect(this, v3, "late of 3", 1).sessionPresent);
    assertFalse(DurableClient.connect(this, "late raised", 1_000).sessionPresent);
  }

  @Test
  void acknowledgesOnlyWhatIsCommittedUnlessTheListenerIsLazy() throws Exception {
    start();
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    DurableClient strict = DurableClient.connect(this, "strict", 0);
    DurableClient lazy = DurableClient.connect(this, "lazy", 0);
    lazy.connection.lazy();
    broker.holdDisk();
    strict.send(DurableClient.message(Qos.AT_LEAST_ONCE, 1, "strict", Properties.NONE));
    lazy.send(DurableClient.message(Qos.AT_LEAST_ONCE, 1, "lazy", Properties.NONE));
    await(() -> lazy.ackReason != null);
    assertEquals(1, broker.metrics.acksBeforeCommit.value());
    strict.read();
    assertNull(strict.ackReason);
    broker.releaseDisk();
    await(() -> strict.ackReason != null);
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    device.receive(2);
    assertEquals(List.of("strict", "lazy"), device.payloads);
  }

  /**
   * QoS 2 is offered once it is on disk, by then QoS 1 that was published later is in the queue.
   */
  @Test
  void whatWasOvertakenAndNotSentHasNoDup() throws Exception {
    start();
    DurableClient device = DurableClient.connectWithReceiveMaximum(this, "device", 1).subscribe();
    sendWhatOvertook(device);
    device.drop();
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    again.receive(2);
    assertEquals(List.of("overtaken", "overtakes"), again.payloads);
    assertEquals(1, again.dups);
  }

  @Test
  @Behaviour(67)
  void disconnectMayRepeatAnIntervalThatTheLimitLoweredToNone() throws Exception {
    start(config(0, SessionConfig.DEFAULTS.memoryQueueMessagesMax()), StoreConfig.DEFAULTS);
    DurableClient observer = DurableClient.connect(this, "observer", 0).subscribe();
    DurableClient device =
        DurableClient.connect(this, ProtocolVersion.V5, "device", 600, will("for nobody"));
    device.send(
        new Disconnect(
            ReasonCode.SUCCESS, Properties.NONE.with(Property.SESSION_EXPIRY_INTERVAL, 600)));
    await(() -> !device.connection.isOpen());
    assertNull(device.connection.disconnectedWith);
    observer.expectNothing();
  }

  @Test
  void aLazyListenerAcknowledgesNothingThatTheWriterHasNoRoomFor() throws Exception {
    start(SessionConfig.DEFAULTS, queueOf(1));
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    List<DurableClient> publishers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      publishers.add(DurableClient.connect(this, "publisher" + i, 0));
      publishers.getLast().connection.lazy();
    }
    DurableClient.connect(this, "other", 1_000); // nothing waits for the disk
    broker.holdDisk();
    publish(publishers.getFirst(), 1, 1);
    await(broker::isDiskAwaited); // so that all others wait for the writer
    publishers.stream().skip(1).forEach(publisher -> publish(publisher, 1, 1));
    doWhatWaits();
    publishers.forEach(DurableClient::read);
    assertEquals(2, broker.metrics.acksBeforeCommit.value());
    broker.releaseDisk();
    await(() -> publishers.stream().allMatch(publisher -> publisher.ackReason != null));
    int accepted =
        (int) publishers.stream().filter(one -> one.ackReason == ReasonCode.SUCCESS).count();
    assertTrue(accepted < publishers.size(), "none was refused");
    DurableClient.connect(this, "device", 1_000).receive(accepted);
  }

  private static StoreConfig queueOf(int commands) {
    StoreConfig d = StoreConfig.DEFAULTS;
    return new StoreConfig(
        d.bytesMax(),
        d.messagesMax(),
        d.diskReserveBytes(),
        d.mapBytes(),
        d.batchCommandsMax(),
        d.batchBytesMax(),
        commands,
        d.queueBytesMax(),
        d.readerThreads(),
        d.sliceRowsMax());
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  @Behaviour(117)
  void readsNoFurtherWhileSoManyAcknowledgementsAreOwed(ProtocolVersion version) throws Exception {
    start();
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    DurableClient publisher = DurableClient.connect(this, version, "publisher", 0);
    int most = LimitsConfig.DEFAULTS.pendingAcksMax();
    int more = 10;
    broker.holdDisk();
    publish(publisher, 1, most - 1);
    doWhatWaits();
    assertEquals(0, broker.metrics.limitsReached.of(Limit.PENDING_ACKS).value());
    publish(publisher, most, most + more);
    doWhatWaits();
    assertEquals(more, publisher.connection.unread());
    assertEquals(1, broker.metrics.limitsReached.of(Limit.PENDING_ACKS).value());
    broker.releaseDisk();
    await(() -> publisher.acknowledged == most + more);
    int connAck = 1;
    assertEquals(connAck + most / 2, publisher.connection.packetsSentWhenResumed);
  }

  private static void publish(DurableClient publisher, int firstId, int lastId) {
    for (int id = firstId; id <= lastId; id++) {
      publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, id, "", Properties.NONE));
    }
  }

  @Test
  void nothingOvertakesWhatTheLastConnectionPublished() throws Exception {
    start();
    ManualLoops.Loop first = loops.loops.getFirst();
    ManualLoops.Loop second = loops.loops.getLast();
    DurableClient device = DurableClient.connectOf311(this, second, "device").subscribe();
    DurableClient before = DurableClient.connectOf311(this, first, "publisher");
    broker.holdDisk();
    before.send(DurableClient.message(Qos.EXACTLY_ONCE, 1, "first", Properties.NONE));
    doWhatWaits();
    DurableClient now = DurableClient.beginOf311(this, second, "publisher");
    doWhatWaits();
    asleep = first;
    broker.releaseDisk();
    await(first::hasTask);
    DurableClient.connectOf311(this, second, "other"); // the store has come so far
    assertNull(now.connectReason, "it could publish now, and its message would be the first");
    asleep = null;
    await(() -> now.connectReason != null);
    now.send(DurableClient.message(Qos.EXACTLY_ONCE, 2, "second", Properties.NONE));
    device.receive(2);
    assertEquals(List.of("first", "second"), device.payloads); // [MQTT-4.6.0-6]
  }

  @Test
  void aSessionThatEndsWithItsConnectionIsNotTakenOver() throws Exception {
    start();
    DurableClient.connect(this, "device", 600).subscribe().drop();
    DurableClient second = DurableClient.resume(this, "device", 0);
    assertTrue(second.sessionPresent);
    DurableClient third = DurableClient.resume(this, "device", 0);
    assertFalse(third.sessionPresent); // as if the second one had closed in time
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "for nobody");
    third.expectNothing();
    assertFalse(second.connection.isOpen());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  void noneOvertakesOneThatWaitsForTheDiskWithQos2(long expiry) throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 0).subscribe();
    DurableClient publisher = DurableClient.connect(this, "publisher", expiry);
    broker.holdDisk();
    publisher.send(DurableClient.retained(Qos.EXACTLY_ONCE, 1, "first"));
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 2, "second", Properties.NONE));
    doWhatWaits();
    device.expectNothing();
    broker.releaseDisk();
    device.receive(2);
    assertEquals(List.of("first", "second"), device.payloads); // [MQTT-4.6.0-6]
    await(() -> publisher.received.size() == 2);
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 3, "third", Properties.NONE));
    device.receive(3);
  }

  @Test
  void whatFollowsOneThatWaitsForTheDiskIsHeldBackForASlowReceiver() throws Exception {
    start(config(SessionConfig.DEFAULTS.expirySecondsMax(), 4), StoreConfig.DEFAULTS);
    DurableClient device =
        DurableClient.connectWithReceiveMaximum(this, "device", 0, 1).subscribe();
    device.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    broker.holdDisk();
    publisher.send(DurableClient.retained(Qos.EXACTLY_ONCE, 1, "first"));
    for (int i = 2; i <= 8; i++) {
      publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, i, "behind", Properties.NONE));
    }
    doWhatWaits();
    broker.releaseDisk();
    await(() -> broker.metrics.acksHeldBack.value() > 0);
    DurableClient.connect(this, "other", 1_000); // the store has come so far
    doWhatWaits();
    assertTrue(publisher.received.size() < 8, "all are acknowledged");
    loops.advance(2_000);
    await(() -> publisher.received.size() == 8);
  }

  @ParameterizedTest
  @CsvSource({
    "AT_LEAST_ONCE, false",
    "AT_LEAST_ONCE, true",
    "EXACTLY_ONCE, false",
    "EXACTLY_ONCE, true"
  })
  @Behaviour(117)
  void whatIsForTheDiskTooIsHeldBackForASlowReceiver(Qos qos, boolean lazy) throws Exception {
    start(config(SessionConfig.DEFAULTS.expirySecondsMax(), 4), StoreConfig.DEFAULTS);
    slowReceiver("device");
    DurableClient.connect(this, "logger", 1_000).subscribe().drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    if (lazy) {
      publisher.connection.lazy();
    }
    isHeldBack(publisher, qos);
    assertEquals(0, broker.metrics.messagesDropped.of(Drop.MEMORY_QUEUE_FULL).value());
  }

  @Test
  @Behaviour(117)
  void countsNoLazyAcknowledgementThatIsHeldBackForASlowReceiver() throws Exception {
    start(config(SessionConfig.DEFAULTS.expirySecondsMax(), 4), StoreConfig.DEFAULTS);
    slowReceiver("device");
    DurableClient.connect(this, "logger", 1_000).subscribe().drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.connection.lazy();
    isHeldBack(publisher, Qos.AT_LEAST_ONCE);
    assertEquals(3, broker.metrics.acksBeforeCommit.value());
  }

  @Test
  @Behaviour(117)
  void aNoIsNotHeldBackForASlowReceiver() throws Exception {
    SessionConfig config = config(SessionConfig.DEFAULTS.expirySecondsMax(), 4);
    broker = new SimulatedBroker(data, loops, config, StoreConfig.DEFAULTS, 2);
    slowReceiver("device");
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    broker.holdDisk(); // so that all are accepted before the first one counts
    for (int i = 1; i <= 4; i++) {
      publisher.send(
          new Publish(
              SimulatedBroker.topic("t/" + i),
              Qos.AT_LEAST_ONCE,
              false,
              true,
              i,
              Properties.NONE,
              new byte[] {1}));
    }
    await(() -> broker.metrics.acksHeldBack.value() > 0);
    broker.releaseDisk();
    await(() -> publisher.acknowledged == 4);
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.ackReason);
  }

  /** Whichever of the two receivers is looked at last. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Behaviour(117)
  void aPublisherThatIsSlowItselfWaitsForAnother(boolean subscribesFirst) throws Exception {
    start(config(SessionConfig.DEFAULTS.expirySecondsMax(), 4), StoreConfig.DEFAULTS);
    if (!subscribesFirst) {
      slowReceiver("device");
    }
    DurableClient publisher = slowReceiver("publisher");
    if (subscribesFirst) {
      slowReceiver("device");
    }
    isHeldBack(publisher, Qos.AT_LEAST_ONCE);
  }

  /** It has half of its queue in memory with the fourth message. */
  private DurableClient slowReceiver(String clientId) {
    DurableClient slow = DurableClient.connectWithReceiveMaximum(this, clientId, 0, 1).subscribe();
    slow.acknowledging = false;
    return slow;
  }

  private void isHeldBack(DurableClient publisher, Qos qos) {
    for (int i = 1; i <= 4; i++) {
      publisher.send(DurableClient.message(qos, i, "" + i, Properties.NONE));
    }
    await(() -> broker.metrics.acksHeldBack.value() > 0);
    publisher.send(DurableClient.message(qos, 5, "5", Properties.NONE));
    DurableClient.connect(this, "other", 1_000); // the store has come so far
    doWhatWaits();
    publisher.read();
    assertTrue(publisher.acknowledged + publisher.received.size() < 5, "all are acknowledged");
    loops.advance(2_000);
    await(() -> publisher.acknowledged + publisher.received.size() == 5);
  }

  /**
   * The publisher's thread hands it over when its receiver has got it from the disk, and is gone.
   */
  @Test
  void whatWasReadFromTheDiskCountsAsSentHoweverLateItIsHandedOver() throws Exception {
    start();
    ManualLoops.Loop late = loops.loops.get(1);
    DurableClient first = DurableClient.connect(this, "device", 1_000).subscribe();
    DurableClient publisher = DurableClient.connectOf311(this, late, "publisher");
    doWhatWaits();
    late.answersAreLate(true);
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 1, "m", Properties.NONE));
    doWhatWaits();
    first.drop();
    DurableClient second = DurableClient.begin(this, ProtocolVersion.V5, "device", 1_000, null);
    second.acknowledging = false;
    second.accepted().receive(1);
    assertEquals(0, second.dups);
    second.drop();
    doWhatWaits();
    late.answersAreLate(false);
    await(() -> publisher.recReason != null);
    doWhatWaits();
    DurableClient third = DurableClient.connect(this, "device", 1_000);
    third.receive(1);
    assertEquals(1, third.dups);
    assertEquals(List.of(), first.payloads);
  }

  /** The thread before stands still between handing one thread its tasks and another one its. */
  @Test
  void nothingOvertakesWhatIsOnItsWayBetweenThreads() throws Exception {
    start();
    ManualLoops.Loop first = loops.loops.getFirst();
    ManualLoops.Loop second = loops.loops.get(1);
    DurableClient device =
        DurableClient.connectOf311(this, loops.loops.getLast(), "device").subscribe();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 12; i++) { // whether it hands over before it hears of the next connection
      String publisher = "publisher" + i;
      DurableClient before = DurableClient.connectOf311(this, first, publisher);
      doWhatWaits();
      asleep = first;
      DurableClient now = DurableClient.beginOf311(this, second, publisher);
      await(first::hasBeenHanded);
      loops.on(first, () -> before.publish(1, publisher + " first"));
      while (!second.hasBeenHanded()) {
        assertTrue(loops.step(first), "the session moves");
      }
      await(() -> now.connectReason != null);
      now.send(DurableClient.message(Qos.AT_LEAST_ONCE, 2, publisher + " second", Properties.NONE));
      await(() -> now.ackReason != null);
      asleep = null;
      expected.addAll(List.of(publisher + " first", publisher + " second"));
      device.receive(expected.size());
    }
    assertEquals(expected, device.payloads);
  }

  @Test
  void saysOfNoSessionThatItIsGoneWhenTheStoreHasFailed() throws Exception {
    start();
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    broker.failDisk();
    publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, 1, "lost", Properties.NONE));
    await(broker::hasFailed);
    DurableClient clean = DurableClient.begin(this, ProtocolVersion.V5, "device", 0, null);
    await(() -> clean.connectReason != null);
    assertEquals(ReasonCode.SERVER_UNAVAILABLE, clean.connectReason);
    assertNull(publisher.ackReason);
  }

  @ParameterizedTest
  @CsvSource({"0, AT_LEAST_ONCE", "0, EXACTLY_ONCE", "100, AT_LEAST_ONCE", "100, EXACTLY_ONCE"})
  void anExpiryIntervalOfZeroIsForThoseWhoCanHaveTheMessageAsItArrives(long sessionExpiry, Qos qos)
      throws Exception {
    start();
    DurableClient here = DurableClient.connect(this, "here", sessionExpiry).subscribe();
    DurableClient stuck =
        DurableClient.connectWithReceiveMaximum(this, "stuck", sessionExpiry, 1).subscribe();
    stuck.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "fills the window");
    here.receive(1); // nothing is read from disk any more
    stuck.receive(1);
    Properties atOnce = Properties.NONE.with(Property.MESSAGE_EXPIRY_INTERVAL, 0);
    publisher.publish(qos, "now or never", atOnce);
    publisher.publish(Qos.AT_LEAST_ONCE, "last");
    here.receive(3);
    assertEquals(List.of("fills the window", "now or never", "last"), here.payloads);
    stuck.acknowledging = true;
    stuck.send(new PubAck(stuck.lastId));
    stuck.receive(2);
    assertEquals(List.of("fills the window", "last"), stuck.payloads);
  }

  @Test
  void saysThatTheSessionIsNotOpenedInTime() throws Exception {
    start();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    broker.holdDisk();
    DurableClient unlucky =
        DurableClient.begin(this, ProtocolVersion.V5, "device", 1_000, will("will"));
    doWhatWaits();
    loops.on(loops.loops.getFirst(), unlucky.connection::connectTimesOut);
    await(() -> unlucky.connectReason != null);
    assertEquals(ReasonCode.SERVER_UNAVAILABLE, unlucky.connectReason);
    doWhatWaits();
    assertFalse(unlucky.connection.isOpen());
    assertEquals(1, broker.metrics.connectionsClosed.of(Close.CONNECT_TIMEOUT).value());
    assertEquals(1, broker.metrics.connectsRefused.of(Refusal.SERVER_UNAVAILABLE).value());
    broker.releaseDisk();
    DurableClient again = DurableClient.connect(this, "device", 1_000).subscribe();
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "message");
    again.receive(1);
    watcher.receive(1);
    assertEquals(List.of("message"), watcher.payloads, "no Will of whom nobody let in");
    assertEquals(3, broker.metrics.sessionsConnected.value());
  }

  @Test
  void locksNobodyOutWhenLettingAClientInFails() throws Exception {
    start();
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    FailsOnce failing = new FailsOnce();
    broker.authorizers = _ -> failing;
    DurableClient unlucky = DurableClient.begin(this, ProtocolVersion.V5, "device", 1_000, null);
    await(() -> !unlucky.connection.isOpen());
    assertEquals(ReasonCode.UNSPECIFIED_ERROR, unlucky.connection.disconnectedWith);
    doWhatWaits();
    assertEquals(0, broker.metrics.sessionsConnected.value());
    assertEquals(1, broker.metrics.connectionsClosed.of(Close.INTERNAL_ERROR).value());
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    assertTrue(again.sessionPresent);
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "message");
    again.receive(1);
  }

  /** The review of what a resumed session has. */
  private static final class FailsOnce extends SimulatedBroker.AllowAll {
    private boolean failed;

    @Override
    public SubscribeDecision subscribe(
        @Nullable String shareName, TopicFilter filter, Qos requested) {
      if (!failed) {
        failed = true;
        throw new IllegalStateException("this test wants it so");
      }
      return super.subscribe(shareName, filter, requested);
    }
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void sendsAWillAfterARestartUnlessItsClientIsBackInTime(ProtocolVersion version)
      throws Exception {
    start();
    for (String name : List.of("back", "gone")) {
      DurableClient.connect(this, version, name, 0, will(name));
      DurableClient.connect(this, version, name + "-durable", 1_000, will(name + "-durable"));
    }
    restart();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis() / 2);
    DurableClient.connect(this, version, "back", 0, will("back"));
    DurableClient.connect(this, version, "back-durable", 1_000, will("back-durable"));
    watcher.expectNothing();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis());
    watcher.receive(2);
    assertEquals(List.of("gone", "gone-durable"), watcher.payloads.stream().sorted().toList());
  }

  @ParameterizedTest
  @ValueSource(longs = {3_600, SessionRegistry.NEVER_SECONDS})
  void delaysNoWillAfterARestartBeyondTheEndOfItsSession(long delaySeconds) throws Exception {
    start();
    Will will = will("gone", Duration.ofSeconds(delaySeconds));
    DurableClient.connect(this, ProtocolVersion.V5, "device", 0, will);
    restart();
    restart(); // which finds what the first one noted
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    watcher.expectNothing();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis());
    watcher.receive(1);
    assertEquals(List.of("gone"), watcher.payloads);
  }

  /** Their clients had no way to come back meanwhile. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Spec("MQTT-4.1.0-2")
  void sendsTheWillOfASessionThatIsOverAfterARestartUnlessItsClientIsBackInTime(boolean isPlanned)
      throws Exception {
    start();
    for (String name : List.of("back", "gone", "other")) {
      DurableClient client = DurableClient.connect(this, ProtocolVersion.V5, name, 5, will(name));
      if (isPlanned) {
        client.connection.loop().execute(client.connection::shutDown);
      }
    }
    doWhatWaits();
    if (isPlanned) {
      loops.advance(20_000);
    }
    restart();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    loops.advance(6_000);
    watcher.expectNothing();
    DurableClient back = DurableClient.connect(this, ProtocolVersion.V5, "back", 5, will("back"));
    assertFalse(back.sessionPresent);
    watcher.expectNothing();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis() - 6_000);
    watcher.receive(2);
    assertEquals(List.of("gone", "other"), watcher.payloads.stream().sorted().toList());
    assertFalse(broker.hasSession("gone"));
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  @Behaviour(110)
  void refusesAWillWhoseTopicHasTooManyLevels(ProtocolVersion version) throws Exception {
    start();
    String most = "a/".repeat(LimitsConfig.DEFAULTS.topicLevelsMax() - 1) + "a";
    DurableClient.connect(this, version, "client", 0, willTo(most));
    DurableClient refused = DurableClient.begin(this, version, "other", 0, willTo(most + "/a"));
    await(() -> refused.connectReason != null);
    assertEquals(ReasonCode.TOPIC_NAME_INVALID, refused.connectReason);
    assertEquals(1, broker.metrics.limitsReached.of(Limit.TOPIC_LEVELS).value());
  }

  @Test
  @Behaviour(104)
  void ignoresAPubRecForAQos1Message() throws Exception {
    start();
    DurableClient client = DurableClient.connect(this, "client", 1_000).subscribe();
    client.acknowledging = false;
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "one");
    client.receive(1);
    client.send(new PubRec(client.lastId));
    client.send(new PingReq());
    await(() -> client.pongs == 1);
    assertEquals(0, client.releases);
    assertEquals(1, broker.metrics.acksUnexpected.value());
    client.send(new PubAck(client.lastId));
    client.send(new PingReq());
    await(() -> client.pongs == 2);
    assertEquals(1, broker.metrics.acksUnexpected.value(), "the right one is expected");
  }

  @Test
  void keepsADelayedWillOverTwoRestartsAndSendsItOnce() throws Exception {
    start();
    Will will = will("late", Duration.ofSeconds(100));
    DurableClient.connect(this, ProtocolVersion.V5, "device", 1_000, will).drop();
    await(() -> true);
    loops.advance(30_000);
    restart();
    loops.advance(30_000);
    restart();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    watcher.expectNothing();
    loops.advance(41_000);
    watcher.receive(1);
    restart();
    DurableClient after = DurableClient.connect(this, "watcher", 0).subscribe();
    loops.advance(500_000);
    after.expectNothing();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whoeverHearsTheWillOfASessionThatExpiredDoesNotFindTheSession(boolean restart)
      throws Exception {
    start();
    Will will = will("expired", Duration.ofSeconds(1_000));
    DurableClient.connect(this, ProtocolVersion.V5, "device", 10, will).drop();
    doWhatWaits(); // the end of the connection
    if (restart) {
      restart();
      doWhatWaits();
    }
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    loops.pass(10_000);
    assertTrue(loops.runNextTimer());
    watcher.receive(1);
    assertFalse(DurableClient.connect(this, "device", 10).sessionPresent);
    watcher.payloads.clear();
    loops.advance(2_000_000);
    watcher.expectNothing(); // it comes once
  }

  /**
   * The clock says that it is over, but its timer is not due yet: it is there for all or nobody.
   */
  @Test
  void aSessionThatIsFoundAtTheLastMomentIsThereAlsoOnTheDisk() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 10).subscribe();
    device.drop();
    doWhatWaits();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "waits");
    loops.pass(10_000);
    device = DurableClient.connect(this, "device", 1_000);
    assertTrue(device.sessionPresent);
    device.receive(1);
    restart();
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    assertTrue(again.sessionPresent);
    publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "subscribed still");
    // The first may come again: its acknowledgement was perhaps not on disk.
    await(() -> again.payloads.contains("subscribed still"));
  }

  /** A broker that ends keeps wills for its restart, also those of sessions that end meanwhile. */
  @Test
  void keepsTheWillOfASessionThatExpiresWhileTheBrokerEnds() throws Exception {
    start();
    DurableClient device =
        DurableClient.connect(this, ProtocolVersion.V5, "device", 1, will("kept"));
    device.connection.loop().execute(device.connection::shutDown);
    doWhatWaits();
    loops.advance(2_000);
    restart();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis());
    watcher.receive(1);
    assertEquals(List.of("kept"), watcher.payloads);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  @Behaviour(78)
  void keepsTheWillOfAClientWhoseSessionIsBeingOpenedWhenTheBrokerEnds(long expiry)
      throws Exception {
    start();
    DurableClient lasting = DurableClient.connect(this, "lasting", 1_000).subscribe();
    broker.holdDisk();
    DurableClient device =
        DurableClient.begin(this, ProtocolVersion.V5, "device", expiry, will("kept"));
    doWhatWaits();
    device.connection.loop().execute(device.connection::shutDown);
    doWhatWaits();
    broker.releaseDisk();
    DurableClient.connect(this, "behind", 1_000); // so it was told that its session is open
    lasting.expectNothing();
    restart();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis());
    watcher.receive(1);
    assertEquals(List.of("kept"), watcher.payloads);
    DurableClient again = DurableClient.connect(this, "lasting", 1_000);
    again.receive(1);
  }

  @Test
  @Behaviour(78)
  void keepsAWillThatIsInMemoryOnlyWhenTheBrokerEnds() throws Exception {
    start();
    for (String name : List.of("gone", "back")) {
      DurableClient device =
          DurableClient.connect(
              this,
              ProtocolVersion.V5,
              name,
              0,
              new Will(
                  SimulatedBroker.topic("t/will"),
                  name.getBytes(UTF_8),
                  Qos.AT_MOST_ONCE,
                  false,
                  Properties.NONE));
      device.connection.loop().execute(device.connection::shutDown);
    }
    doWhatWaits();
    restart();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    DurableClient.connect(this, "back", 0);
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis());
    watcher.receive(1);
    assertEquals(List.of("gone"), watcher.payloads);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  void aWillThatCannotBeReadWhenItIsDueIsSentOnceItCan(long expiry) throws Exception {
    start();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    DurableClient device =
        DurableClient.connect(this, ProtocolVersion.V5, "device", expiry, will("late"));
    try (AutoCloseable _ = broker.takeSnapshots()) {
      device.drop();
      loops.advance(10_000);
      watcher.expectNothing();
    }
    loops.advance(1_000);
    watcher.receive(1);
    loops.advance(2_000_000);
    watcher.receive(1);
    assertFalse(broker.hasSession("device"));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  void whoComesBackWaitsUntilItsWillCouldBeRead(long expiry) throws Exception {
    start();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    DurableClient.connect(this, ProtocolVersion.V5, "device", expiry, will("before"));
    DurableClient again;
    try (AutoCloseable _ = broker.takeSnapshots()) {
      again = DurableClient.begin(this, ProtocolVersion.V5, "device", expiry, null);
      watcher.expectNothing();
      assertNull(again.connectReason);
    }
    loops.advance(1_000);
    await(() -> again.connectReason != null);
    assertEquals(ReasonCode.SUCCESS, again.connectReason);
    assertEquals(expiry > 0, again.sessionPresent);
    watcher.receive(1);
    assertEquals(List.of("before"), watcher.payloads);
  }

  @Test
  void aWillThatCannotBeReadIsJudgedByTheNewCredentialOnceItCan() throws Exception {
    start();
    DurableClient device =
        DurableClient.connect(this, ProtocolVersion.V5, "device", 1_000, will("judged"));
    try (AutoCloseable _ = broker.takeSnapshots()) {
      broker.renewWill(
          "device", device.connection, Principal.anonymous().withGroups(List.of("renewed")));
    }
    SessionRow row = broker.sessionRow("device");
    assertFalse(broker.storedWill(row).contains("renewed"));
    loops.advance(1_000);
    await(() -> broker.storedWill(row).contains("renewed"));
  }

  @Test
  void aWillThatCannotBeReadBeforeTheBrokerEndsIsSentAfterTheRestart() throws Exception {
    start();
    DurableClient device =
        DurableClient.connect(this, ProtocolVersion.V5, "device", 5, will("kept"));
    try (AutoCloseable _ = broker.takeSnapshots()) {
      device.drop();
      loops.advance(10_000);
      doWhatWaits();
    }
    restart();
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe();
    loops.advance(SessionConfig.DEFAULTS.willRestartGrace().toMillis());
    watcher.receive(1);
    assertEquals(List.of("kept"), watcher.payloads);
  }

  private static SessionConfig config(long expirySecondsMax, int memoryQueueMessagesMax) {
    SessionConfig d = SessionConfig.DEFAULTS;
    return new SessionConfig(
        expirySecondsMax,
        d.queueMessagesMax(),
        d.queueBytesMax(),
        d.queueOverflow(),
        memoryQueueMessagesMax,
        d.memoryQueueBytesMax(),
        d.willRestartGrace(),
        d.sharedHandover());
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

  private static Will willTo(String topic) {
    return new Will(
        SimulatedBroker.topic(topic), new byte[0], Qos.AT_MOST_ONCE, false, Properties.NONE);
  }

  @Test
  void nothingOfASubscribeThatBreaksARuleIsInForce() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    device.send(
        new Subscribe(
            1, List.of(requested("t/#", false), requested("$share/g/t/#", true)), Properties.NONE));
    await(() -> !device.connection.isOpen());
    assertEquals(0, broker.subscriptionsOf("device"));
  }

  private static RequestedSubscription requested(String filter, boolean noLocal) {
    return new RequestedSubscription(
        filter, new SubscriptionOptions(Qos.AT_LEAST_ONCE, noLocal, false, RetainHandling.SEND));
  }
}

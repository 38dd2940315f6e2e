package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of messages that the full queue of a session, or of all sessions, does not take. */
final class FullQueueTest extends DurableSessionFixture {
  private static final String SHARED = "$share/g/t/#";

  @Test
  void freesThePacketIdentifierOfAMessageThatNoQueueTook() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    publisher.publish(Qos.AT_LEAST_ONCE, "fits");
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "too many", Properties.NONE));
    await(() -> publisher.recReason != null);
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.recReason);
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(1);
    DurableClient receiver = device;
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "another", Properties.NONE));
    await(() -> publisher.completed == 1);
    receiver.receive(2);
    assertEquals(List.of("fits", "another"), receiver.payloads);
    assertEquals(1, dropped());
  }

  @Test
  void sendsAConnectedClientNoQos2MessageThatItsFullQueueDidNotTake() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    publisher.publish(Qos.AT_LEAST_ONCE, "fits");
    device.receive(1);
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "refused", Properties.NONE));
    await(() -> publisher.recReason != null);
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.recReason);
    device.acknowledging = true;
    device.send(new PubAck(device.lastId));
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "refused", Properties.NONE));
    await(() -> publisher.completed == 1);
    device.receive(2);
    assertEquals(List.of("fits", "refused"), device.payloads, "once, when it was sent again");
    assertEquals(1, dropped());
  }

  @Test
  void sendsNoRetainedQos2MessageThatTheFullQueueOfItsSubscriberDidNotTake() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.send(retained("r"));
    await(() -> publisher.completed == 1);
    device.receive(1);
    device.subscribe();
    await(() -> dropped() == 1);
    device.send(new PingReq());
    await(() -> device.pongs == 1);
    device.receive(1);
  }

  @Test
  void tellsAPublisherOfAFullQueueOnlyWhenNoSessionTookTheMessage() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    assertEquals(ReasonCode.SUCCESS, publisher.publish(Qos.AT_LEAST_ONCE, "1"));
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.publish(Qos.AT_LEAST_ONCE, "2"));
    DurableClient other = DurableClient.connect(this, "online", 0).subscribe();
    assertEquals(ReasonCode.SUCCESS, publisher.publish(Qos.AT_LEAST_ONCE, "3"));
    other.receive(1);
    assertEquals(2, dropped(), "each is counted");
  }

  @ParameterizedTest
  @EnumSource(names = {"AT_LEAST_ONCE", "EXACTLY_ONCE"})
  @Behaviour(204)
  void whatTheQueueOfOneMemberDoesNotTakeGoesToAnother(Qos qos) throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    String next = memberIsFull(publisher);
    broker.holdDisk();
    publisher.send(DurableClient.message(qos, 7, "for the group", Properties.NONE));
    doWhatWaits();
    await(broker::isDiskAwaited);
    broker.commitOnce();
    await(broker::isDiskAwaited); // the other one's
    doWhatWaits();
    assertNull(publisher.ackReason);
    assertNull(publisher.recReason);
    broker.releaseDisk();
    await(() -> publisher.ackReason != null || publisher.completed == 1);
    assertEquals(
        ReasonCode.SUCCESS, qos == Qos.AT_LEAST_ONCE ? publisher.ackReason : publisher.recReason);
    restart(limited(1, Overflow.DROP_NEWEST));
    DurableClient other = DurableClient.connect(this, next, 1_000);
    other.receive(1);
    assertEquals(List.of("for the group"), other.payloads);
  }

  /** Also one of QoS 2 that nobody had: its identifier is stored with the one who takes it. */
  @Test
  void knowsAQos2MessageThatOnlyAnotherMemberTookIfItIsSentAgain() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    String next = memberIsFull(publisher);
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "once", Properties.NONE));
    await(() -> publisher.recReason != null); // and PUBREL is on its way
    restart(limited(1, Overflow.DROP_NEWEST));
    DurableClient again = DurableClient.connect(this, "publisher", 1_000);
    again.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "once", Properties.NONE));
    await(() -> again.completed == 1);
    assertEquals(ReasonCode.SUCCESS, again.recReason);
    DurableClient other = DurableClient.connect(this, next, 1_000);
    other.receive(1);
    again.publish(Qos.AT_LEAST_ONCE, "later");
    other.receive(2);
    assertEquals(List.of("once", "later"), other.payloads);
  }

  @Test
  @Behaviour(204)
  void aMemberWhoseQueueIsFullIsPassedOverAlsoWhileItIsConnected() throws Exception {
    start(limited(4, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    DurableClient hangs =
        DurableClient.connectWithReceiveMaximum(this, "hangs", 1).subscribe(SHARED);
    hangs.acknowledging = false;
    DurableClient.connect(this, "away", 1_000).subscribe(SHARED).drop();
    for (int i = 1; i <= 8; i++) {
      assertEquals(ReasonCode.SUCCESS, publisher.publish(Qos.AT_LEAST_ONCE, "" + i));
    }
    assertEquals(1, dropped(), "it was asked once");
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.publish(Qos.AT_LEAST_ONCE, "too many"));
    DurableClient away = DurableClient.connect(this, "away", 1_000);
    hangs.acknowledging = true;
    hangs.send(new PubAck(hangs.lastId));
    await(() -> hangs.payloads.size() + away.payloads.size() == 8);
    assertEquals(List.of("1", "2", "3", "4"), hangs.payloads);
    assertEquals(List.of("5", "6", "7", "8"), away.payloads);
  }

  @Test
  void storesTheIdentifierOfAQos2MessageThatOnlyAMemberInMemoryTook() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    DurableClient.connect(this, "full", 1_000).subscribe(SHARED).drop();
    publisher.publish(Qos.AT_LEAST_ONCE, "fills");
    broker.holdDisk();
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "once", Properties.NONE));
    doWhatWaits();
    await(broker::isDiskAwaited);
    DurableClient taker = DurableClient.connect(this, "taker", 0).subscribe(SHARED);
    broker.releaseDisk();
    await(() -> publisher.recReason != null);
    assertEquals(ReasonCode.SUCCESS, publisher.recReason);
    assertArrayEquals(new int[] {7}, broker.sessionRow("publisher").inboundQos2());
    taker.receive(1);
    await(() -> publisher.completed == 1);
  }

  @Test
  @Behaviour(204)
  void aLazyPublishersMessageGoesToAnotherMemberToo() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    publisher.connection.lazy();
    String next = memberIsFull(publisher);
    publisher.publish(Qos.AT_LEAST_ONCE, "for the group");
    await(() -> dropped() == 1);
    DurableClient other = DurableClient.connect(this, next, 1_000);
    other.receive(1);
    assertEquals(List.of("for the group"), other.payloads);
  }

  @Test
  @Behaviour(203)
  void aConnectedMemberGetsAllAlsoWhileAllQueuesTogetherAreFull() throws Exception {
    start(SessionConfig.DEFAULTS, messagesMax(1));
    DurableClient.connect(this, "third", 1_000).subscribe("u/#").drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    publishTo(publisher, "u/1");
    await(() -> publisher.ackReason != null);
    DurableClient.connect(this, "away", 1_000).subscribe(SHARED).drop();
    DurableClient connected = DurableClient.connect(this, "connected", 1_000).subscribe(SHARED);
    await(() -> !broker.isOwing("connected"));
    for (int i = 1; i <= 10; i++) {
      assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.publish(Qos.AT_LEAST_ONCE, "" + i));
    }
    connected.receive(10);
  }

  /** It sends QoS 1 before its queue has refused it. */
  @Test
  @Behaviour(203)
  void aConnectedMemberWithRoomGetsAllAlsoWhileItsQueueIsFull() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient.connect(this, "away", 1_000).subscribe(SHARED).drop();
    DurableClient connected = DurableClient.connect(this, "connected", 1_000).subscribe(SHARED);
    connected.acknowledging = false;
    await(() -> !broker.isOwing("connected"));
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    for (int round = 1; round <= 2; round++) {
      DurableClient somebody = DurableClient.connect(this, "somebody", 1_000);
      broker.holdDisk();
      somebody.drop(); // something to commit: what comes now waits behind it
      await(broker::isDiskAwaited);
      for (int i = 1; i <= 10; i++) {
        publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, i, "m", Properties.NONE));
      }
      connected.receive(10 * round);
      broker.releaseDisk();
      int acknowledged = 10 * round;
      await(() -> publisher.acknowledged == acknowledged);
    }
  }

  /** The disk is full when another member is asked. */
  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void acknowledgesNothingThatNoMemberTookBecauseTheDiskWasFull(ProtocolVersion version)
      throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient filler = DurableClient.connect(this, "filler", 1_000);
    String _ = memberIsFull(filler);
    DurableClient publisher = DurableClient.connect(this, version, "publisher", 1_000);
    broker.holdDisk();
    publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, 7, "precious", Properties.NONE));
    doWhatWaits();
    await(broker::isDiskAwaited);
    broker.commitOnce();
    await(broker::isDiskAwaited); // the other one's
    broker.fillDisk();
    broker.releaseDisk();
    if (version == ProtocolVersion.V5) {
      await(() -> publisher.ackReason != null);
      assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.ackReason);
    } else {
      await(() -> broker.metrics.publishersSuspended.value() == 1);
      assertNull(publisher.ackReason);
    }
  }

  private static StoreConfig messagesMax(long messages) {
    StoreConfig d = StoreConfig.DEFAULTS;
    return new StoreConfig(
        d.bytesMax(),
        messages,
        d.diskReserveBytes(),
        d.mapBytes(),
        d.batchCommandsMax(),
        d.batchBytesMax(),
        d.queueCommandsMax(),
        d.queueBytesMax(),
        d.readerThreads(),
        d.sliceRowsMax());
  }

  /** Another member may take it after the publisher has released its identifier. */
  @Test
  void keepsNoIdentifierOfALazyPublishersQos2MessageThatAnotherMemberTook() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    publisher.connection.lazy();
    String next = memberIsFull(publisher);
    broker.holdDisk();
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "once", Properties.NONE));
    await(() -> publisher.recReason != null && broker.isDiskAwaited());
    doWhatWaits(); // PUBREL
    broker.releaseDisk();
    await(() -> publisher.completed == 1);
    DurableClient other = DurableClient.connect(this, next, 1_000);
    other.receive(1);
    await(() -> !broker.isOwing(next)); // so its queue takes one more
    assertArrayEquals(new int[0], broker.sessionRow("publisher").inboundQos2());
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "another", Properties.NONE));
    other.receive(2);
    assertEquals(List.of("once", "another"), other.payloads);
    await(() -> publisher.completed == 2);
    DurableClient.connect(this, "behind", 1_000);
    assertArrayEquals(new int[0], broker.sessionRow("publisher").inboundQos2());
  }

  /**
   * Of two members that are away the one whose turn it is has a full queue.
   *
   * @return the other one
   */
  private String memberIsFull(DurableClient publisher) {
    DurableClient.connect(this, "a", 1_000).subscribe(SHARED).subscribe("a/#").drop();
    DurableClient.connect(this, "b", 1_000).subscribe(SHARED).subscribe("b/#").drop();
    publisher.publish(Qos.AT_LEAST_ONCE, "turn");
    DurableClient a = DurableClient.connect(this, "a", 1_000);
    await(() -> !broker.isOwing("a"));
    DurableClient b = DurableClient.connect(this, "b", 1_000);
    await(() -> !broker.isOwing("b"));
    a.drop();
    b.drop();
    String full = a.payloads.isEmpty() ? "a" : "b";
    publisher.ackReason = null;
    publishTo(publisher, full + "/1");
    await(() -> publisher.ackReason != null);
    publisher.ackReason = null;
    return full.equals("a") ? "b" : "a";
  }

  private static void publishTo(DurableClient publisher, String topic) {
    publisher.send(
        new Publish(
            SimulatedBroker.topic(topic),
            Qos.AT_LEAST_ONCE,
            false,
            false,
            100,
            Properties.NONE,
            "fills".getBytes(UTF_8)));
  }

  private static Publish retained(String payload) {
    return new Publish(
        SimulatedBroker.topic("t/retained"),
        Qos.EXACTLY_ONCE,
        false,
        true,
        7,
        Properties.NONE,
        payload.getBytes(UTF_8));
  }

  @Test
  @Behaviour(138)
  void acceptsAMessageThatIsRetainedAlthoughNoQueueTookIt() throws Exception {
    start(limited(1, Overflow.DROP_NEWEST), StoreConfig.DEFAULTS);
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    publisher.publish(Qos.AT_LEAST_ONCE, "fits");
    publisher.send(retained("value"));
    await(() -> publisher.recReason != null);
    assertEquals(ReasonCode.SUCCESS, publisher.recReason);
    await(() -> publisher.completed == 1);
    assertEquals(1, dropped());
    DurableClient later = DurableClient.connect(this, "later", 0).subscribe();
    later.receive(1);
    assertEquals(List.of("value"), later.payloads);
  }

  @Test
  void dropsTheOldestWhenToldAlsoForASessionThatWasDrainedBefore() throws Exception {
    start(limited(3, Overflow.DROP_OLDEST), StoreConfig.DEFAULTS);
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "before");
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(1);
    device.drop();
    for (int i = 0; i < 5; i++) {
      Qos qos = i % 2 == 0 ? Qos.AT_LEAST_ONCE : Qos.EXACTLY_ONCE;
      assertEquals(ReasonCode.SUCCESS, publisher.publish(qos, "" + i));
    }
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(3);
    assertEquals(List.of("2", "3", "4"), device.payloads);
    assertEquals(2, dropped());
  }

  @ParameterizedTest
  @EnumSource(Overflow.class)
  void knowsWhatWasSentByItsIdentifierWhenTheOldestGiveWayAfterARestart(Overflow before)
      throws Exception {
    start(limited(3, before), StoreConfig.DEFAULTS);
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.EXACTLY_ONCE, "sent");
    device.receive(1);
    int id = device.lastId;
    restart(limited(3, Overflow.DROP_OLDEST));
    publisher = DurableClient.connect(this, "publisher", 0);
    for (int i = 1; i <= 5; i++) {
      publisher.publish(Qos.EXACTLY_ONCE, "" + i);
    }
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    await(() -> again.releases == 3);
    assertEquals(List.of("sent", "4", "5"), again.payloads);
    assertEquals(id, again.ids.getFirst());
    assertEquals(1, again.dups);
    assertEquals(3, Set.copyOf(again.ids).size());
    assertEquals(3, dropped());
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
}

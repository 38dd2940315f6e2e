package io.signalbox.server.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.store.AssignPacketId;
import io.signalbox.server.store.SessionRow;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which packets of a session go out again, marked as such, and which must wait for the store. */
final class PacketIdentifiersTest extends DurableSessionFixture {
  /** Then the broker looks whether a client has taken any since. */
  private static final long LOOK_MILLIS = 2_000;

  /** Rows of a queue that may be taken for sent. */
  private static final int ROWS_AT_ONCE = 1_024;

  @Test
  void setsDupOnlyOnWhatMayHaveBeenSent() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    for (int i = 0; i < 2_500; i++) {
      publisher.publish(i % 2 == 0 ? Qos.AT_LEAST_ONCE : Qos.EXACTLY_ONCE, "" + i);
    }
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(2_500);
    assertEquals(0, device.dups, "never sent before");
    device.drop();
    publisher.publish(Qos.AT_LEAST_ONCE, "later");
    device = DurableClient.connect(this, "device", 1_000);
    device.acknowledging = false;
    device.receive(1);
    assertEquals(0, device.dups, "queued after all the others were sent");
    device.drop();
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(1);
    assertEquals(1, device.dups, "sent and not acknowledged");
  }

  @Test
  void setsDupAfterARestartOnWhatMayHaveBeenSentAndOnNothingElse() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "sent");
    device = DurableClient.connect(this, "device", 1_000);
    device.acknowledging = false;
    device.receive(1);
    restart();
    publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "queued after the restart");
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(2);
    assertEquals(List.of("sent", "queued after the restart"), device.payloads);
    assertEquals(1, device.dups);
  }

  @Test
  void afterAKillWhatAClientHadNotTakenMayExpire() throws Exception {
    start();
    DurableClient device = slowDevice(1);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    for (String payload : List.of("first", "second", "third")) {
      Properties soon = Properties.NONE.with(Property.MESSAGE_EXPIRY_INTERVAL, 5L);
      publisher.publish(Qos.AT_LEAST_ONCE, payload, soon);
    }
    device.receive(1);
    device.send(new PubAck(device.lastId));
    device.receive(2);
    loops.advance(LOOK_MILLIS);
    loops.advance(LOOK_MILLIS); // the first one may have seen that the second message went
    publisher.publish(Qos.AT_LEAST_ONCE, "last"); // behind what the look had to say
    restart(60_000);
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(2);
    assertEquals(List.of("second", "last"), device.payloads);
    assertEquals(1, device.dups);
    assertEquals(1, broker.metrics.messagesDropped.of(Metrics.Drop.EXPIRED).value());
  }

  @Test
  void whatIsSentToAClientThatTakesMessagesAgainHasDupAfterAKill() throws Exception {
    start();
    DurableClient device = slowDevice(1);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publishAll(3);
    device.receive(1);
    device.send(new PubAck(device.lastId));
    device.receive(2);
    broker.holdDisk();
    loops.advance(LOOK_MILLIS);
    loops.advance(LOOK_MILLIS); // the first one may have seen that the second message went
    device.send(new PubAck(device.lastId));
    expectNothingMore(device, 2); // it would not count as sent
    broker.releaseDisk();
    device.receive(3);
    restart();
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(1);
    assertEquals(List.of("p3"), device.payloads);
    assertEquals(1, device.dups);
  }

  /** The mark was taken back while the message got its identifier, and then the message went. */
  @Test
  void whatWasSentAboveTheMarkIsCoveredByItWhenTheConnectionEnds() throws Exception {
    start(config(Overflow.DROP_OLDEST, SessionConfig.DEFAULTS.memoryQueueBytesMax()));
    DurableClient device = slowDevice(1);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    for (String payload : List.of("first", "second", "third")) {
      publisher.publish(Qos.EXACTLY_ONCE, payload);
    }
    device.receive(1);
    DurableClient receiver = device;
    device.send(new PubRec(device.lastId));
    await(() -> receiver.releases == 1);
    broker.holdDisk(); // before PUBCOMP is read
    expectNothingMore(device, 1);
    loops.advance(LOOK_MILLIS);
    loops.advance(LOOK_MILLIS); // the first one may have seen that the first message went
    doWhatWaits();
    broker.releaseDisk();
    device.receive(2);
    publisher.publish(Qos.AT_LEAST_ONCE, "behind what the look had to say");
    long first = broker.sessionRow("device").sentUpTo();
    device.drop();
    DurableClient.connectWithReceiveMaximum(this, "device", 1).acknowledging = false;
    assertEquals(first + 1, broker.sessionRow("device").sentUpTo());
  }

  @Test
  void afterAKillFewOfALongQueueCountAsSent() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient.connect(this, "publisher", 0).publishAll(3_000);
    DurableClient slow = slowDevice(10); // which may have acknowledged some
    await(() -> slow.payloads.size() >= 10);
    restart();
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    await(() -> again.payloads.contains("p3000"));
    assertTrue(again.dups >= 10 && again.dups <= 10 + ROWS_AT_ONCE, again.dups + " with DUP");
  }

  @Test
  void afterAKillFewCountAsSentOfAQueueThatGrewBehindASlowClient() throws Exception {
    start();
    DurableClient device = slowDevice(1);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publishAll(3);
    device.receive(1);
    device.send(new PubAck(device.lastId));
    device.receive(2);
    publisher.publishAll(3_000);
    device.send(new PubAck(device.lastId));
    device.receive(3);
    loops.advance(LOOK_MILLIS);
    publisher.publish(Qos.AT_LEAST_ONCE, "last"); // behind what the look had to say
    restart();
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(3_002);
    assertTrue(device.dups >= 1 && device.dups <= 1 + ROWS_AT_ONCE, device.dups + " with DUP");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 2_500})
  void aClientThatIsAlwaysBehindCostsHardlyAnyCommandMore(int behind) throws Exception {
    start();
    DurableClient device = slowDevice(1);
    device.acknowledging = true;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    int messages = 5_000;
    long before = broker.metrics.storeCommands.value();
    for (int sent = 0; sent < messages; sent++) {
      int wanted = sent - behind;
      await(() -> device.payloads.size() >= wanted);
      int packetId = 1 + sent;
      publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, packetId, "", Properties.NONE));
      loops.advance(10);
    }
    device.receive(messages);
    await(() -> !broker.isOwing("device"));
    long more = broker.metrics.storeCommands.value() - before - 2L * messages;
    assertTrue(more < messages / 50, more + " commands more than two a message");
  }

  /**
   * A queue in memory that holds one message tells nothing about those behind it, and on a broker
   * of many publishers there are many rows of others between two.
   */
  @Test
  void aLongQueueThatIsReadOneByOneCostsFewCommandsMore() throws Exception {
    SessionConfig config = config(Overflow.DROP_NEWEST, 1_024);
    start(config);
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    int messages = 60;
    String large = "x".repeat(2_000);
    for (int i = 0; i < messages; i++) {
      publisher.publish(Qos.AT_LEAST_ONCE, large);
      passRows(publisher, ROWS_AT_ONCE + 1);
    }
    publisher.publish(Qos.AT_LEAST_ONCE, large);
    long before = broker.metrics.storeCommands.value();
    device = DurableClient.connectWithReceiveMaximum(this, "device", 1);
    device.receive(messages + 1);
    await(() -> !broker.isOwing("device"));
    long more = broker.metrics.storeCommands.value() - before - messages;
    assertTrue(more < 20, more + " commands more than one a message");
    device.acknowledging = false;
    publisher.publishAll(3_000); // dense, after a queue with much between its rows
    device.receive(messages + 2);
    loops.advance(LOOK_MILLIS);
    loops.advance(LOOK_MILLIS);
    device.send(new PubAck(device.lastId));
    device.receive(messages + 3);
    restart(config);
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(2_999);
    assertTrue(device.dups >= 1 && device.dups <= 1 + ROWS_AT_ONCE, device.dups + " with DUP");
  }

  private void start(SessionConfig config) throws Exception {
    start(config, StoreConfig.DEFAULTS);
  }

  private static SessionConfig config(Overflow overflow, long memoryQueueBytesMax) {
    SessionConfig d = SessionConfig.DEFAULTS;
    return new SessionConfig(
        d.expirySecondsMax(),
        d.queueMessagesMax(),
        d.queueBytesMax(),
        overflow,
        d.memoryQueueMessagesMax(),
        memoryQueueBytesMax,
        d.willRestartGrace(),
        d.sharedHandover());
  }

  /** Has a lasting session, and acknowledges nothing by itself. */
  private DurableClient slowDevice(int receiveMaximum) {
    DurableClient device =
        DurableClient.connectWithReceiveMaximum(this, "device", receiveMaximum).subscribe();
    device.acknowledging = false;
    return device;
  }

  /**
   * After 65,535 rows the identifiers that follow from their numbers come round again, and may be
   * those of messages that are not acknowledged. A commit for each would let them out one by one.
   */
  @Test
  void manyMessagesWhoseIdentifiersAreInUseShareCommits() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    int rows = 65_100;
    int unacknowledged = 500;
    int more = 250;
    for (int i = 0; i < rows / 100; i++) {
      for (int id = 1_001; id < 1_100; id++) {
        publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, id, "", Properties.NONE));
      }
      publisher.publish(Qos.AT_LEAST_ONCE, "");
    }
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(rows);
    device.acknowledging = false;
    for (int i = 0; i < unacknowledged; i++) {
      publisher.publish(Qos.AT_LEAST_ONCE, "not acknowledged");
    }
    device.receive(rows + unacknowledged);
    long before = broker.metrics.storeCommits.value();
    broker.holdDisk();
    for (int i = 1; i <= more; i++) {
      publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, i, "" + i, Properties.NONE));
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
  void holdsPubRelBackUntilTheCommitAlsoWhenPubRecComesTwice() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
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

  /**
   * Else a crash brings the row of the former holder back, and its client takes the one message for
   * the other.
   */
  @Test
  void sendsNoQos2MessageWithAnIdentifierWhoseLastHolderMayStillBeOnDisk() throws Exception {
    start();
    DurableClient device = DurableClient.connectWithReceiveMaximum(this, "device", 1).subscribe();
    device.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.EXACTLY_ONCE, "first");
    device.receive(1);
    passRows(publisher, 65_534); // so that the next one's identifier is the same
    publisher.publish(Qos.EXACTLY_ONCE, "second");
    device.send(new PubRec(device.lastId));
    DurableClient receiver = device;
    await(() -> receiver.releases == 1);
    broker.holdDisk(); // before PUBCOMP is read
    expectNothingMore(receiver, 1);
    broker.failDisk();
    broker.releaseDisk();
    await(broker::hasFailed);
    restart();
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(1);
    assertEquals(List.of("second"), device.payloads);
    DurableClient again = device;
    await(() -> again.releases == 2); // the first one's, and its own
    expectNothingMore(again, 1);
  }

  @Test
  void sendsNoQos2MessageWithAnIdentifierThatQos1MayStillHoldOnDisk() throws Exception {
    start();
    DurableClient receiver = DurableClient.connectWithReceiveMaximum(this, "device", 1).subscribe();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.EXACTLY_ONCE, "tells its row by its identifier");
    receiver.receive(1);
    int row = receiver.lastId - 1;
    await(() -> publisher.completed == 1 && receiver.releases == 1);
    expectNothingMore(receiver, 1);
    receiver.acknowledging = false;
    broker.holdDisk();
    passRows(publisher, 1);
    await(broker::isDiskAwaited); // so that the next one is sent before it has a row
    publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, 7, "first", Properties.NONE));
    receiver.receive(2);
    broker.releaseDisk();
    await(() -> publisher.ackReason != null);
    assertEquals(1, receiver.lastId, "the first one that was free");
    passRows(publisher, 65_535 - row - 3); // so that the next one's identifier is the same
    publisher.publish(Qos.EXACTLY_ONCE, "second");
    broker.holdDisk();
    receiver.send(new PubAck(receiver.lastId));
    expectNothingMore(receiver, 2);
    broker.failDisk();
    broker.releaseDisk();
    await(broker::hasFailed);
    restart();
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    device.receive(2);
    assertEquals(List.of("first", "second"), device.payloads);
    expectNothingMore(device, 2);
  }

  /**
   * Another one could be that by which the client knows a later message: it would take the one for
   * the other, and that for a new one.
   */
  @Test
  void whatMayHaveBeenSentKeepsItsIdentifierAndWaitsForIt() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    for (String payload : List.of("first", "second", "third")) {
      publisher.publish(Qos.EXACTLY_ONCE, payload);
    }
    device.receive(3);
    int third = device.lastId;
    device.drop();
    doWhatWaits();
    // The first one has what is the second one's, as after a connection that sent neither.
    SessionRow row = broker.sessionRow("device");
    broker.submit(new AssignPacketId(row.number(), row.epoch(), third - 3, null, third - 1));
    device = DurableClient.connect(this, "device", 1_000);
    device.acknowledging = false;
    device.receive(1);
    assertEquals(third - 1, device.lastId);
    expectNothingMore(device, 1);
    device.acknowledging = true;
    device.send(new PubRec(device.lastId));
    DurableClient last = device;
    await(() -> last.payloads.size() == 3);
    assertEquals(List.of("first", "second", "third"), device.payloads);
    assertEquals(List.of(third - 1, third - 1, third), device.ids);
  }

  /** So many rows are numbered for others. */
  private static void passRows(DurableClient publisher, int count) {
    for (int i = 0; i < count; i++) {
      publisher.send(
          new Publish(
              SimulatedBroker.topic("other"),
              Qos.AT_MOST_ONCE,
              false,
              true,
              Publish.NO_PACKET_ID,
              Properties.NONE,
              new byte[] {1}));
    }
  }

  private void expectNothingMore(DurableClient client, int count) {
    int pongs = client.pongs;
    client.send(new PingReq());
    await(() -> client.pongs > pongs);
    client.receive(count);
  }
}

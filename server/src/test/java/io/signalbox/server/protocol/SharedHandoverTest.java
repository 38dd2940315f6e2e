package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authorizer;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.SessionConfig.Handover;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a member of a Shared Subscription leaves behind, and who gets it. */
final class SharedHandoverTest extends DurableSessionFixture {
  private static final String SHARED = "$share/g/t/#";
  private static final SessionConfig D = SessionConfig.DEFAULTS;
  private static final int MEMORY_QUEUE = 10;

  /** Rows that are given on together. */
  private static final int SLICE = 1_000;

  private static final List<String> BACKLOG =
      IntStream.range(0, 100).mapToObj(i -> "m" + i).toList();

  @ParameterizedTest
  @EnumSource(Handover.class)
  void aMemberThatIsTakenOverByACleanStartLeavesEachMessageOnce(Handover handover)
      throws Exception {
    start(config(D.queueMessagesMax(), handover), StoreConfig.DEFAULTS);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    DurableClient device =
        DurableClient.connectWithReceiveMaximum(this, "device", 1).subscribe(SHARED);
    device.acknowledging = false;
    publisher.publish(Qos.AT_LEAST_ONCE, "sent");
    publisher.publish(Qos.AT_LEAST_ONCE, "waits");
    publisher.publish(Qos.EXACTLY_ONCE, "waits too");
    device.receive(1);
    DurableClient taker = DurableClient.connect(this, "taker", 0).subscribe(SHARED);
    DurableClient.connect(this, "device", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "afterwards");
    await(() -> taker.payloads.contains("afterwards"));
    await(() -> taker.payloads.size() >= 4);
    doWhatWaits();
    assertEquals(
        List.of("afterwards", "sent", "waits", "waits too"),
        taker.payloads.stream().sorted().toList());
    assertEquals(3, broker.metrics.sharedHandovers.value());
  }

  @Test
  void aQos2MessageThatOneBehindItOvertookGoesToAnotherAsItWasNotSent() throws Exception {
    start();
    DurableClient device =
        DurableClient.connectWithReceiveMaximum(this, "device", 1).subscribe(SHARED);
    DurableClient.connect(this, "other", 1_000).subscribe(SHARED).drop();
    sendWhatOvertook(device);
    end(device);
    DurableClient other = DurableClient.connect(this, "other", 1_000);
    other.receive(2);
    assertEquals(List.of("overtaken", "overtakes"), other.payloads);
    assertEquals(2, broker.metrics.sharedHandovers.value());
  }

  @Test
  void whatTheQueueOfOneMemberDoesNotTakeGoesToAnother() throws Exception {
    start(config(1, Handover.SESSION_END), StoreConfig.DEFAULTS);
    DurableClient full = memberWithFullQueue();
    DurableClient device = deviceThatLeaves("left");
    full.subscribe(SHARED); // as it is connected, it is asked first
    DurableClient.connect(this, "other", 1_000).subscribe(SHARED).drop();
    end(device);
    DurableClient other = DurableClient.connect(this, "other", 1_000);
    other.receive(1);
    assertEquals(List.of("left"), other.payloads);
    assertEquals(0, dropped());
    assertEquals(1, broker.metrics.sharedHandovers.value());
  }

  @Test
  @Behaviour(205)
  void whatAMemberInMemoryLeavesGoesToOneWhoseQueueTakesIt() throws Exception {
    start(config(1, Handover.SESSION_END), StoreConfig.DEFAULTS);
    DurableClient full = memberWithFullQueue();
    DurableClient device = deviceThatLeaves(0, "left");
    full.subscribe(SHARED); // as it is connected, it is asked first
    DurableClient.connect(this, "other", 1_000).subscribe(SHARED).drop();
    device.drop();
    await(() -> broker.metrics.sharedHandovers.value() == 1);
    DurableClient other = DurableClient.connect(this, "other", 1_000);
    other.receive(1);
    assertEquals(List.of("left"), other.payloads);
    assertEquals(List.of("fills"), full.payloads);
  }

  /** Their publisher was told that they are with the broker, which was to be stopped in order. */
  @Test
  @Behaviour(205)
  void whatAMemberInMemoryHasWhenTheBrokerEndsIsKeptForOneOnDisk() throws Exception {
    start();
    DurableClient.connect(this, "stays", 1_000).subscribe(SHARED).drop();
    DurableClient device = deviceThatLeaves(0, "left");
    DurableClient online = DurableClient.connect(this, "online", 0).subscribe(SHARED);
    device.connection.loop().execute(device.connection::shutDown);
    doWhatWaits();
    online.expectNothing(); // its connection ends next
    restart();
    DurableClient stays = DurableClient.connect(this, "stays", 1_000);
    stays.receive(1);
    assertEquals(List.of("left"), stays.payloads);
  }

  @Test
  @Behaviour(205)
  void whatAMemberInMemoryLeavesGoesToAnotherWhileTheStoreTakesNothing() throws Exception {
    start();
    DurableClient device = deviceThatLeaves(0, "one");
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "other");
    device.receive(2);
    DurableClient lasting = DurableClient.connect(this, "lasting", 1_000).subscribe(SHARED);
    DurableClient taker = DurableClient.connect(this, "in memory", 0).subscribe(SHARED);
    broker.fillDisk();
    device.drop(); // to each of them one
    taker.receive(2);
    assertEquals(List.of("one", "other"), taker.payloads.stream().sorted().toList());
    assertEquals(List.of(), lasting.payloads);
  }

  @Test
  @Behaviour(205)
  void whatAMemberInMemoryLeavesIsKeptByOneThatIsAwayIfTheOthersHaveNoRoom() throws Exception {
    start(config(D.queueMessagesMax(), 4, Handover.SESSION_END), StoreConfig.DEFAULTS);
    DurableClient device =
        DurableClient.connectWithReceiveMaximum(this, "device", 0, 1).subscribe(SHARED);
    device.acknowledging = false;
    memberInMemory().acknowledging = false;
    DurableClient.connect(this, "keeps", 1_000).subscribe(SHARED).drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    for (int i = 1; i <= 10; i++) { // each of the two has one, and four behind it
      publisher.send(message("t/1", i, "" + i));
    }
    doWhatWaits();
    device.drop();
    DurableClient keeps = DurableClient.connect(this, "keeps", 1_000);
    keeps.receive(5);
    assertEquals(0, broker.metrics.messagesDropped.of(Drop.MEMORY_QUEUE_FULL).value());
  }

  @Test
  @Behaviour(205)
  void whatAMemberInMemoryLeavesGoesToAnotherBesideManyWhoseStoreTakesNothing() throws Exception {
    start();
    DurableClient device = deviceThatLeaves(0, "one");
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    for (int i = 2; i <= 20; i++) {
      publisher.publish(Qos.AT_LEAST_ONCE, "" + i);
    }
    device.receive(20);
    for (int i = 0; i < 200; i++) {
      DurableClient.connect(this, "lasting " + i, 1_000).subscribe(SHARED);
    }
    DurableClient taker = DurableClient.connect(this, "in memory", 0).subscribe(SHARED);
    broker.fillDisk();
    device.drop();
    taker.receive(20);
  }

  @Test
  @Behaviour(205)
  void asksForAllThatAMemberInMemoryLeavesAFullQueueOnlyAFewTimes() throws Exception {
    start(config(1, Handover.SESSION_END), StoreConfig.DEFAULTS);
    DurableClient device = deviceThatLeaves(0, "left");
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    int members = 16;
    for (int i = 0; i < members; i++) {
      String clientId = "full " + i;
      DurableClient.connect(this, clientId, 1_000).subscribe("u/#").subscribe(SHARED).drop();
    }
    publisher.send(message("u/1", 1, "fills"));
    await(() -> publisher.acknowledged == 1);
    DurableClient online = DurableClient.connect(this, "full online", 1_000);
    online.acknowledging = false;
    online.subscribe("u/#");
    publisher.send(message("u/1", 1, "fills"));
    online.receive(1);
    long before = dropped();
    for (int i = 1; i < BACKLOG.size(); i++) {
      publisher.publish(Qos.AT_LEAST_ONCE, "left");
    }
    online.subscribe(SHARED);
    long commands = broker.metrics.storeCommands.value();
    device.drop();
    await(() -> dropped() - before >= 2L * BACKLOG.size());
    for (int i = 0; i < members; i++) { // each comes behind what one more member was asked
      DurableClient.connect(this, "behind " + i, 1_000);
    }
    long spent = broker.metrics.storeCommands.value() - commands;
    assertTrue(spent < 5L * BACKLOG.size(), spent + " commands");
  }

  @ParameterizedTest
  @EnumSource(Handover.class)
  @Behaviour(208)
  void whatWaitsForAMemberThatUnsubscribedGoesToAnother(Handover handover) throws Exception {
    start(config(D.queueMessagesMax(), handover), StoreConfig.DEFAULTS);
    DurableClient device = deviceThatLeaves("sent");
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "waits");
    DurableClient taker = DurableClient.connect(this, "taker", 10_000).subscribe(SHARED);
    device.unsubscribe(SHARED);
    device.drop();
    doWhatWaits(); // its session knows
    loops.advance(1_000_000); // its session's end
    taker.receive(2);
    assertEquals(List.of("sent", "waits"), taker.payloads);
  }

  @Test
  @Behaviour(208)
  void whatIsOnItsWayToAMemberThatUnsubscribesAndGoesIsNotLost() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe(SHARED);
    ManualLoops.Loop loop = loops.loops.getLast();
    DurableClient publisher = DurableClient.connectOf311(this, loop, "publisher");
    await(() -> !broker.isOwing("device")); // its queue has been read
    asleep = loop; // so it hands nothing over
    loops.on(loop, () -> publisher.publish(1, "on its way"));
    DurableClient taker = DurableClient.connect(this, "taker", 10_000).subscribe(SHARED);
    device.unsubscribe(SHARED);
    device.drop();
    asleep = null;
    await(() -> publisher.acknowledged == 1);
    loops.advance(1_000_000); // its session's end
    taker.receive(1);
  }

  @Test
  void whatIsInTheQueueOfATakerIsBeforeWhatIsPublishedLater() throws Exception {
    start(config(D.queueMessagesMax(), Handover.DISCONNECT), StoreConfig.DEFAULTS);
    DurableClient device = deviceThatLeaves("first");
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publishAll(SLICE);
    ManualLoops.Loop other = loops.loops.getLast();
    DurableClient taker = DurableClient.connectOf311(this, other, "taker").subscribe(SHARED);
    await(() -> !broker.isOwing("taker")); // its queue has been read
    device.drop();
    await(() -> broker.metrics.sharedHandovers.value() == SLICE);
    loops.loops.getFirst().answersAreLate(true); // so the rest stays for now
    DurableClient.connectOf311(this, other, "another").publish(Qos.AT_LEAST_ONCE, "later");
    await(() -> taker.payloads.size() >= SLICE + 1);
    assertEquals("later", taker.payloads.getLast());
    loops.loops.getFirst().answersAreLate(false);
  }

  @Test
  @Behaviour(204)
  void whatASessionLeavesIsNotGivenToThoseAwayThatKeepNothing() throws Exception {
    start();
    DurableClient device = deviceThatLeaves("m0");
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    List<String> all = List.of("m0", "m1", "m2", "m3");
    all.subList(1, 4).forEach(message -> publisher.publish(Qos.AT_LEAST_ONCE, message));
    DurableClient.connect(this, "keeps nothing", 1_000).subscribe(qos0(SHARED)).drop();
    DurableClient.connect(this, "keeps", 1_000).subscribe(SHARED).drop();
    end(device);
    await(() -> broker.metrics.sharedHandovers.value() == 4);
    DurableClient keeps = DurableClient.connect(this, "keeps", 1_000);
    keeps.receive(4);
    assertEquals(all, keeps.payloads);
  }

  private static Subscribe qos0(String filter) {
    return new Subscribe(
        1,
        List.of(new RequestedSubscription(filter, SubscriptionOptions.ofQos(Qos.AT_MOST_ONCE))),
        Properties.NONE);
  }

  @Test
  void countsWhatNoQueueOfAMemberTakes() throws Exception {
    start(config(1, Handover.SESSION_END), StoreConfig.DEFAULTS);
    DurableClient full = memberWithFullQueue();
    DurableClient device = deviceThatLeaves("lost");
    full.subscribe(SHARED);
    end(device);
    await(() -> dropped() == 1);
    assertEquals(0, broker.metrics.sharedHandovers.value());
    assertEquals(List.of("fills"), full.payloads);
  }

  @Test
  void whatNoMemberTakesWhenAConnectionEndsStaysWithItsSession() throws Exception {
    start(config(1, Handover.DISCONNECT), StoreConfig.DEFAULTS);
    DurableClient full = memberWithFullQueue();
    DurableClient device = deviceThatLeaves("kept");
    full.subscribe(SHARED);
    device.drop();
    DurableClient.connect(this, "somebody", 1_000); // the store has come so far
    DurableClient.connect(this, "another", 1_000);
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    again.receive(1);
    assertEquals(List.of("kept"), again.payloads);
    assertEquals(List.of("fills"), full.payloads);
  }

  @ParameterizedTest
  @EnumSource(Handover.class)
  @Behaviour(205)
  void aMemberInMemoryGetsALongQueueAsItTakesIt(Handover handover) throws Exception {
    DurableClient device = deviceThatLeavesMoreThanMemoryHolds(handover);
    DurableClient taker = memberInMemory();
    device.drop();
    doWhatWaits(); // its session knows
    loops.advance(1_000_000); // its session's end
    await(
        () -> {
          loops.advance(1_000);
          return taker.payloads.size() >= BACKLOG.size();
        });
    assertEquals(BACKLOG, taker.payloads);
    assertEquals(0, broker.metrics.messagesDropped.of(Drop.MEMORY_QUEUE_FULL).value());
    assertEquals(0, dropped());
  }

  @ParameterizedTest
  @EnumSource(Handover.class)
  @Behaviour(205)
  void aMemberInMemoryThatReconnectsMeanwhileGetsTheRest(Handover handover) throws Exception {
    DurableClient device = deviceThatLeavesMoreThanMemoryHolds(handover);
    DurableClient before = memberInMemory();
    before.acknowledging = false;
    device.drop();
    doWhatWaits(); // its session knows
    loops.advance(1_000_000); // its session's end
    long read = broker.metrics.storeSlicesRead.value();
    await(() -> slicesReadAsTimePasses() >= read + 5); // what it has room for is with it
    int given = (int) broker.metrics.sharedHandovers.value(); // which goes with its session
    before.drop();
    letTimePass(100, 10);
    DurableClient taker = memberInMemory();
    List<String> rest = BACKLOG.subList(given, BACKLOG.size());
    await(
        () -> {
          loops.advance(100);
          return taker.payloads.size() >= rest.size();
        });
    assertEquals(rest, taker.payloads);
    assertEquals(0, dropped());
  }

  @Test
  @Behaviour(205)
  void whileAMemberOfOneGroupIsAwayTheMembersOfAnotherGetTheirs() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    device.subscribe(SHARED).subscribe("$share/other/v/#").drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publish(publisher, "t/1", 5);
    publish(publisher, "v/1", 5);
    publish(publisher, "t/1", 5);
    DurableClient before = memberInMemory();
    DurableClient other = DurableClient.connect(this, "other", 0).subscribe("$share/other/v/#");
    loops.loops.getFirst().answersAreLate(true); // so its end has begun, and moved nothing
    loops.advance(1_000_000); // the session's end
    doWhatWaits();
    before.connection.loop().execute(before.connection::drop);
    doWhatWaits();
    loops.loops.getFirst().answersAreLate(false);
    letTimePass(100, 100); // ten seconds
    assertEquals(Collections.nCopies(5, "v/1"), other.payloads);
    DurableClient taker = memberInMemory();
    letTimePass(100, 100);
    assertEquals(Collections.nCopies(10, "t/1"), taker.payloads);
    assertEquals(0, dropped());
  }

  private void letTimePass(int times, long millis) {
    for (int i = 0; i < times; i++) {
      loops.advance(millis);
      for (int turn = 0; turn < 20; turn++) {
        await(() -> true);
      }
    }
  }

  @Test
  @Behaviour(205)
  void countsWhatIsLeftWhenTheOnlyOtherMemberDoesNotComeBack() throws Exception {
    DurableClient device = deviceThatLeavesMoreThanMemoryHolds(Handover.SESSION_END);
    DurableClient taker = memberInMemory();
    taker.acknowledging = false;
    device.drop();
    doWhatWaits(); // its session knows
    loops.advance(1_000_000); // its session's end
    await(() -> broker.metrics.sharedHandovers.value() > 0);
    taker.drop();
    await(
        () -> {
          loops.advance(1_000);
          return broker.metrics.sharedHandovers.value() + dropped() == BACKLOG.size();
        });
  }

  @Test
  @Behaviour(205)
  void whatAMemberInMemoryHasNoRoomForStaysOnDisk() throws Exception {
    DurableClient device = deviceThatLeavesMoreThanMemoryHolds(Handover.DISCONNECT);
    DurableClient taker = memberInMemory();
    taker.acknowledging = false;
    device.drop();
    await(() -> broker.metrics.sharedHandovers.value() > 0);
    for (int i = 0; i < 10; i++) {
      doWhatWaits();
      loops.advance(1_000);
    }
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    await(() -> !broker.isOwing("device"));
    taker.acknowledging = true;
    taker.send(new PubAck(taker.lastId));
    await(() -> taker.payloads.size() + again.payloads.size() >= BACKLOG.size());
    assertEquals(BACKLOG, Stream.concat(taker.payloads.stream(), again.payloads.stream()).toList());
  }

  @Test
  @Behaviour(206)
  void aMemberThatIsAwayKeepsWhatOneInMemoryHasNoRoomFor() throws Exception {
    DurableClient device = deviceThatLeavesMoreThanMemoryHolds(Handover.SESSION_END);
    DurableClient.connect(this, "keeps", 10_000).subscribe(SHARED).drop();
    DurableClient taker = memberInMemory();
    taker.acknowledging = false;
    end(device);
    assertEquals(BACKLOG.size(), broker.metrics.sharedHandovers.value());
    DurableClient keeps = DurableClient.connect(this, "keeps", 10_000);
    await(() -> keeps.payloads.size() >= BACKLOG.size() - MEMORY_QUEUE);
    assertEquals(0, broker.metrics.messagesDropped.of(Drop.MEMORY_QUEUE_FULL).value());
  }

  @Test
  @Behaviour(206)
  void aMemberThatIsAwayKeepsWhatManyInMemoryHaveNoRoomFor() throws Exception {
    start(config(D.queueMessagesMax(), 1, Handover.SESSION_END), StoreConfig.DEFAULTS);
    DurableClient device = deviceThatLeaves("sent");
    DurableClient.connect(this, "publisher", 0).publishAll(BACKLOG.size());
    DurableClient.connect(this, "keeps", 10_000).subscribe(SHARED).drop();
    for (int i = 0; i < 40; i++) {
      String clientId = "in memory " + i;
      DurableClient full = DurableClient.connectWithReceiveMaximum(this, clientId, 0, 1);
      full.subscribe(SHARED).acknowledging = false;
    }
    end(device);
    assertEquals(BACKLOG.size() + 1, broker.metrics.sharedHandovers.value());
  }

  @Test
  void whileItWaitsForAMemberInMemoryItAsksAFullOneForOneRowAtATime() throws Exception {
    sessionEndsBesideFullMembers();
    long slices = broker.metrics.storeSlicesRead.value();
    long commands = broker.metrics.storeCommands.value();
    await(() -> slicesReadAsTimePasses() >= slices + 20);
    long spent = broker.metrics.storeCommands.value() - commands;
    assertTrue(spent <= 40, spent + " commands");
  }

  @Test
  void countsOnceWhatNobodyTakesBehindWhatWaits() throws Exception {
    DurableClient taker = sessionEndsBesideFullMembers();
    long slices = broker.metrics.storeSlicesRead.value();
    await(() -> slicesReadAsTimePasses() >= slices + 20);
    assertEquals(0, dropped());
    taker.acknowledging = true;
    taker.send(new PubAck(taker.lastId));
    await(
        () -> {
          loops.advance(10);
          return broker.metrics.sharedHandovers.value() + dropped() >= 55;
        });
    assertEquals(5, dropped());
  }

  /** Its 50 messages of one group may go to the returned member as it takes them, 5 to nobody. */
  private DurableClient sessionEndsBesideFullMembers() throws Exception {
    start(config(100, MEMORY_QUEUE, Handover.SESSION_END), StoreConfig.DEFAULTS);
    String other = "$share/other/v/#";
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    device.subscribe(SHARED).subscribe(other).drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publish(publisher, "t/1", 30);
    publish(publisher, "v/1", 5);
    publish(publisher, "t/1", 20);
    DurableClient full = DurableClient.connect(this, "full", 10_000).subscribe("u/#");
    full.subscribe(SHARED).subscribe(other).drop();
    publish(publisher, "u/1", 100);
    DurableClient taker = memberInMemory();
    taker.acknowledging = false;
    loops.advance(1_000_000); // the session's end
    long slices = broker.metrics.storeSlicesRead.value();
    await(() -> slicesReadAsTimePasses() >= slices + 10); // what the member has room for is with it
    return taker;
  }

  private long slicesReadAsTimePasses() {
    loops.advance(10); // slowly: no other session shall expire
    return broker.metrics.storeSlicesRead.value();
  }

  /** The client that takes its session over is let in after some seconds. */
  @Test
  void countsWhatAMemberInMemoryHasNoRoomForInTime() throws Exception {
    DurableClient device = deviceThatLeavesMoreThanMemoryHolds(Handover.SESSION_END);
    memberInMemory().acknowledging = false;
    device.drop();
    DurableClient next = DurableClient.begin(this, ProtocolVersion.V5, "device", 0, null);
    await(() -> broker.metrics.sharedHandovers.value() > 0);
    int seconds = 0;
    while (next.connectReason == null) {
      loops.advance(1_000);
      seconds++;
      for (int i = 0; i < 100; i++) {
        await(() -> true);
      }
    }
    assertTrue(seconds <= 15, "let in after " + seconds + " seconds");
    assertEquals(BACKLOG.size(), broker.metrics.sharedHandovers.value() + dropped());
    assertEquals(0, broker.metrics.messagesDropped.of(Drop.MEMORY_QUEUE_FULL).value());
  }

  @Test
  void endsAlthoughMoreComesAllTheTime() throws Exception {
    start(D, slicesOf(2));
    var isShareBarred = new AtomicBoolean();
    broker.authorizers = _ -> withoutShareIf(isShareBarred);
    DurableClient.connect(this, "other", 1_000).subscribe("w/#").drop();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe(SHARED);
    device.subscribe("u/#").drop();
    ManualLoops.Loop loop = loops.loops.getLast();
    DurableClient publisher = DurableClient.connectOf311(this, loop, "publisher");
    publish(publisher, "t/1", 5);
    publish(publisher, "w/1", 1); // the latest one when it begins is not the device's
    DurableClient member = DurableClient.connect(this, "member", 0).subscribe(SHARED);
    isShareBarred.set(true);
    long read = broker.metrics.storeSlicesRead.value();
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    await(() -> broker.metrics.storeSlicesRead.value() > read); // the first two
    asleep = loops.loops.getFirst();
    publish(publisher, "u/1", 5);
    asleep = null;
    await(() -> again.payloads.size() == 5);
    assertEquals(Collections.nCopies(5, "u/1"), again.payloads);
    assertEquals(Collections.nCopies(5, "t/1"), member.payloads);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0, 1000", "1000, 0", "1000, 1000"})
  @Behaviour(142)
  void whatOneMemberMayNotReceiveGoesToAnotherThatMay(long expiry, long othersExpiry)
      throws Exception {
    start();
    broker.authorizers = SharedHandoverTest::partly;
    DurableClient barred = DurableClient.connect(this, "barred", expiry).subscribe(SHARED);
    DurableClient other = DurableClient.connect(this, "other", othersExpiry).subscribe(SHARED);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publish(publisher, "t/barred", 10);
    publish(publisher, "t/both", 10);
    await(() -> other.payloads.size() + barred.payloads.size() == 20);
    assertEquals(List.of(), barred.payloads.stream().filter("t/barred"::equals).toList());
    barred.acknowledging = false; // of QoS 0
    other.acknowledging = false;
    for (int i = 0; i < 10; i++) {
      publisher.send(
          new Publish(
              SimulatedBroker.topic("t/barred"),
              Qos.AT_MOST_ONCE,
              false,
              false,
              0,
              Properties.NONE,
              "now".getBytes(UTF_8)));
    }
    await(() -> other.payloads.stream().filter("now"::equals).count() == 10);
    assertEquals(0, broker.metrics.messagesDropped.of(Drop.NOT_AUTHORIZED).value());
  }

  /** The row was refused, and its identifier claimed before that was known. */
  @Test
  @Behaviour(142)
  void whatAMemberMayNotReceiveGoesToAnotherAlsoIfItsQueueIsFull() throws Exception {
    start(config(1, Handover.SESSION_END), StoreConfig.DEFAULTS);
    broker.authorizers = SharedHandoverTest::partly;
    DurableClient barred = DurableClient.connect(this, "barred", 1_000).subscribe("u/#");
    barred.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publish(publisher, "u/1", 1);
    barred.receive(1);
    barred.subscribe(SHARED);
    DurableClient other = DurableClient.connect(this, "other", 0).subscribe(SHARED);
    publish(publisher, "t/barred", 10);
    await(() -> other.payloads.size() >= 10);
    doWhatWaits();
    assertEquals(Collections.nCopies(10, "t/barred"), other.payloads);
  }

  /** What it may not receive counts as what the others have no room for. */
  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  @Behaviour(142)
  void countsWhatThoseThatMayReceiveItHaveNoRoomForAsSuch(long othersExpiry) throws Exception {
    start(config(2, 2, Handover.SESSION_END), StoreConfig.DEFAULTS);
    broker.authorizers = SharedHandoverTest::partly;
    DurableClient other =
        DurableClient.connectWithReceiveMaximum(this, "other", othersExpiry, 1).subscribe(SHARED);
    other.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publish(publisher, "t/1", 2);
    DurableClient barred = DurableClient.connect(this, "barred", 1_000).subscribe(SHARED);
    await(() -> !broker.isOwing("barred"));
    int before = publisher.acknowledged;
    for (int i = 1; i <= 5; i++) {
      int acknowledged = before + i;
      publisher.send(message("t/barred", i, "t/barred"));
      await(
          () -> {
            loops.advance(100); // a slow receiver in memory holds acknowledgements back
            return publisher.acknowledged == acknowledged;
          });
    }
    await(() -> dropped() + memoryDropped() > 0);
    await(() -> !broker.isOwing("barred"));
    assertEquals(0, broker.metrics.messagesDropped.of(Drop.NOT_AUTHORIZED).value());
    assertEquals(List.of(), barred.payloads);
    other.acknowledging = true;
    other.send(new PubAck(other.lastId));
    await(() -> other.payloads.size() + dropped() + memoryDropped() == 7);
  }

  private long memoryDropped() {
    return broker.metrics.messagesDropped.of(Drop.MEMORY_QUEUE_FULL).value();
  }

  @Test
  @Behaviour(142)
  void whatMayHaveComeByOneOfTwoGroupsGoesToNoWrongOne() throws Exception {
    start();
    broker.authorizers = SharedHandoverTest::partly;
    String left = "$share/left/t/#";
    DurableClient.connect(this, "barred", 1_000)
        .subscribe("u/#")
        .subscribe(SHARED)
        .subscribe(left)
        .drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publish(publisher, "u/1", 1);
    publish(publisher, "t/barred", 1);
    DurableClient barred = DurableClient.connectWithReceiveMaximum(this, "barred", 1);
    barred.acknowledging = false;
    barred.receive(1);
    barred.unsubscribe(left);
    DurableClient other = DurableClient.connect(this, "other", 0).subscribe(SHARED);
    barred.acknowledging = true;
    barred.send(new PubAck(barred.lastId));
    await(() -> broker.metrics.messagesDropped.of(Drop.NOT_AUTHORIZED).value() == 2);
    assertEquals(List.of(), other.payloads);
  }

  @Test
  @Behaviour(142)
  void whatAMemberMayNotReceiveAndGotWhileItWasAwayGoesToAnotherThatMay() throws Exception {
    start();
    broker.authorizers = SharedHandoverTest::partly;
    DurableClient.connect(this, "barred", 1_000).subscribe(SHARED).drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publish(publisher, "t/barred", 3);
    publish(publisher, "t/both", 1);
    DurableClient other = DurableClient.connect(this, "other", 1_000).subscribe(SHARED);
    DurableClient barred = DurableClient.connect(this, "barred", 1_000);
    barred.receive(1);
    other.receive(3);
    assertEquals(List.of("t/both"), barred.payloads);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  void whatNoMemberMayReceiveIsDroppedOnce(long expiry) throws Exception {
    start();
    broker.authorizers = SharedHandoverTest::partly;
    DurableClient barred = DurableClient.connect(this, "barred", expiry).subscribe(SHARED);
    DurableClient other = DurableClient.connect(this, "barred too", expiry).subscribe(SHARED);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publish(publisher, "t/barred", 10);
    publish(publisher, "t/both", 10);
    await(() -> broker.metrics.messagesDropped.of(Drop.NOT_AUTHORIZED).value() == 10);
    await(() -> barred.payloads.size() + other.payloads.size() == 10);
    doWhatWaits();
    assertEquals(10, broker.metrics.messagesDropped.of(Drop.NOT_AUTHORIZED).value());
  }

  /** Who is barred may subscribe, and receive all but some. */
  private static Authorizer partly(String clientId) {
    boolean barred = clientId.startsWith("barred");
    return new SimulatedBroker.AllowAll() {
      @Override
      public SubscribeDecision subscribe(
          @Nullable String shareName, TopicFilter filter, Qos requested) {
        return new SubscribeDecision(true, requested, barred, "", "");
      }

      @Override
      public AccessDecision receive(TopicName topic) {
        boolean allowed = !barred || !topic.toString().equals("t/barred");
        return new AccessDecision(allowed, "barred", false);
      }
    };
  }

  private DurableClient deviceThatLeavesMoreThanMemoryHolds(Handover handover) throws Exception {
    start(config(D.queueMessagesMax(), MEMORY_QUEUE, handover), StoreConfig.DEFAULTS);
    DurableClient device = deviceThatLeaves(BACKLOG.getFirst());
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    BACKLOG.stream().skip(1).forEach(message -> publisher.publish(Qos.AT_LEAST_ONCE, message));
    return device;
  }

  private DurableClient memberInMemory() {
    return DurableClient.connectWithReceiveMaximum(this, "in memory", 0, 1).subscribe(SHARED);
  }

  private static Authorizer withoutShareIf(AtomicBoolean barred) {
    return new SimulatedBroker.AllowAll() {
      @Override
      public SubscribeDecision subscribe(
          @Nullable String shareName, TopicFilter filter, Qos requested) {
        boolean allowed = shareName == null || !barred.get();
        return new SubscribeDecision(allowed, requested, false, "barred", "");
      }
    };
  }

  /** With the topic for payload, while another loop may be asleep. */
  private void publish(DurableClient publisher, String topic, int count) {
    int before = publisher.acknowledged;
    for (int i = 1; i <= count; i++) {
      publisher.send(message(topic, i, topic));
    }
    await(() -> publisher.acknowledged == before + count);
  }

  private static Publish message(String topic, int packetId, String payload) {
    return new Publish(
        SimulatedBroker.topic(topic),
        Qos.AT_LEAST_ONCE,
        false,
        false,
        packetId,
        Properties.NONE,
        payload.getBytes(UTF_8));
  }

  private DurableClient memberWithFullQueue() {
    DurableClient full = DurableClient.connect(this, "full", 1_000).subscribe("u/#");
    full.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "fills", 0);
    publisher.send(message("u/1", 1, "fills"));
    full.receive(1);
    await(() -> publisher.ackReason != null);
    return full;
  }

  /** It has a message and does not acknowledge it. */
  private DurableClient deviceThatLeaves(String message) {
    return deviceThatLeaves(1_000, message);
  }

  private DurableClient deviceThatLeaves(long expirySeconds, String message) {
    DurableClient device = DurableClient.connect(this, "device", expirySeconds).subscribe(SHARED);
    device.acknowledging = false;
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, message);
    device.receive(1);
    return device;
  }

  private void end(DurableClient device) {
    device.drop();
    DurableClient.connect(this, ProtocolVersion.V5, "device", 0); // with Clean Start
  }

  private long dropped() {
    return broker.metrics.messagesDropped.of(Drop.SESSION_QUEUE_FULL).value();
  }

  private static StoreConfig slicesOf(int rows) {
    StoreConfig d = StoreConfig.DEFAULTS;
    return new StoreConfig(
        d.bytesMax(),
        d.messagesMax(),
        d.diskReserveBytes(),
        d.mapBytes(),
        d.batchCommandsMax(),
        d.batchBytesMax(),
        d.queueCommandsMax(),
        d.queueBytesMax(),
        d.readerThreads(),
        rows);
  }

  private static SessionConfig config(long queueMessagesMax, Handover handover) {
    return config(queueMessagesMax, D.memoryQueueMessagesMax(), handover);
  }

  private static SessionConfig config(
      long queueMessagesMax, int memoryQueueMessagesMax, Handover handover) {
    return new SessionConfig(
        D.expirySecondsMax(),
        queueMessagesMax,
        D.queueBytesMax(),
        D.queueOverflow(),
        memoryQueueMessagesMax,
        D.memoryQueueBytesMax(),
        D.willRestartGrace(),
        handover);
  }
}

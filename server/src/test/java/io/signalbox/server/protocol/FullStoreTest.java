package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.packet.Unsubscribe;
import io.signalbox.server.packet.Will;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.topic.TopicFilter;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of messages, subscriptions and Wills that a full store does not take. */
final class FullStoreTest extends DurableSessionFixture {
  private static final int FILLER_BYTES = 60_000;
  private static final String FILLER = "x".repeat(FILLER_BYTES);

  /** So large ones would fill the store twice. */
  private static final int WILLS = 40;

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void swallowsNoMessageWhosePacketIdentifierWasRefusedBefore(ProtocolVersion version)
      throws Exception {
    startSmall();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop();
    DurableClient publisher = DurableClient.connect(this, version, "publisher", 1_000);
    DurableClient filler = DurableClient.connect(this, "filler", 0);
    int filled = fill(filler);
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "precious", Properties.NONE));
    if (version == ProtocolVersion.V5) {
      await(() -> publisher.recReason != null);
      assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.recReason);
    } else {
      await(() -> broker.metrics.publishersSuspended.value() == 1); // 3.1.1 cannot be told no
      publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 8, "behind", Properties.NONE));
    }
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(filled);
    device.drop();
    awaitRoom(filler);
    if (version == ProtocolVersion.V3_1_1) {
      await(() -> !publisher.connection.isOpen()); // so that it sends again
      assertNull(publisher.recReason);
    } else {
      publisher.drop();
    }
    DurableClient again = DurableClient.connect(this, version, "publisher", 1_000);
    again.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "precious", Properties.NONE));
    await(() -> again.completed == 1);
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(2);
    assertEquals(List.of("room?", "precious"), device.payloads);
  }

  @Test
  void aSecondCopyIsStoredLikeTheFirstAlsoBehindARefusedMessageOfALazyPublisher() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.subscribe("$share/g/t/#").drop();
    DurableClient publisher = DurableClient.connectOf311(this, loops.loops.getFirst(), "publisher");
    publisher.connection.lazy();
    broker.fillDisk();
    publisher.publish(Qos.AT_LEAST_ONCE, "lost");
    await(() -> broker.metrics.storeFailures.value() == 1);
    awaitRoom(DurableClient.connect(this, "filler", 0));
    for (int i = 1; i <= 3; i++) {
      publisher.publish(Qos.AT_LEAST_ONCE, "" + i);
    }
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    await(() -> again.payloads.stream().filter(payload -> payload.equals("3")).count() == 2);
    again.payloads.removeIf(payload -> payload.equals("room?"));
    assertEquals(List.of("1", "1", "2", "2", "3", "3"), again.payloads);
  }

  @Test
  void refusesWithAMessageAlsoWhatRepeatsIt() throws Exception {
    startSmall();
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    DurableClient filler = DurableClient.connect(this, "filler", 0);
    int _ = fill(filler);
    broker.holdDisk();
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "precious", Properties.NONE));
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "precious", Properties.NONE));
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 8, "next", Properties.NONE));
    broker.releaseDisk();
    await(() -> publisher.received.size() == 3);
    assertEquals(Collections.nCopies(3, ReasonCode.QUOTA_EXCEEDED), publisher.received);
  }

  @Test
  void letsNobodySeeWhatComesBehindARefusedMessageBeforeThatOneIsSentAgain() throws Exception {
    startSmall();
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.drop(); // so that it cannot get the first one early
    ManualLoops.Loop loop = loops.loops.getLast();
    DurableClient publisher = DurableClient.connectOf311(this, loop, "publisher");
    DurableClient filler = DurableClient.connect(this, "filler", 0);
    int filled = fill(filler);
    asleep = loop; // its client's thread does not hear of what the store refuses
    loops.on(loop, () -> publisher.publish(7, "first"));
    filler.publish(Qos.AT_LEAST_ONCE, "room?"); // so the store has looked at the first
    device = DurableClient.connect(this, "device", 1_000);
    device.receive(filled); // from now on it gets QoS 1 before the commit
    loops.on(loop, () -> publisher.publish(8, "second"));
    awaitRoom(filler);
    asleep = null;
    await(() -> !publisher.connection.isOpen()); // so that it sends again
    DurableClient again = DurableClient.connectOf311(this, loop, "publisher");
    loops.on(loop, () -> again.publish(7, "first"));
    loops.on(loop, () -> again.publish(8, "second"));
    List<String> payloads = device.payloads;
    await(() -> payloads.contains("first") && payloads.contains("second"));
    payloads.removeIf(payload -> payload.equals("room?") || payload.length() == FILLER_BYTES);
    assertEquals(List.of("first", "second"), payloads);
  }

  @Test
  void sendsNothingThatWaitsOnceItIsRefusedAndSentAgain() throws Exception {
    start();
    DurableClient device =
        DurableClient.connectWithReceiveMaximum(this, "device", 1_000, 1).subscribe();
    device.acknowledging = false;
    ManualLoops.Loop loop = loops.loops.getLast();
    DurableClient publisher = DurableClient.connectOf311(this, loop, "publisher");
    loops.on(loop, () -> publisher.publish(1, "sent"));
    device.receive(1);
    broker.fillDisk();
    loops.on(loop, () -> publisher.publish(2, "first"));
    loops.on(loop, () -> publisher.publish(3, "second"));
    await(() -> broker.metrics.publishersSuspended.value() == 1);
    device.acknowledging = true;
    device.send(new PubAck(device.lastId));
    await(
        () -> {
          loops.advance(20); // the store looks at its room from time to time
          return !publisher.connection.isOpen();
        });
    DurableClient again = DurableClient.connectOf311(this, loop, "publisher");
    loops.on(loop, () -> again.publish(2, "first"));
    loops.on(loop, () -> again.publish(3, "second"));
    loops.on(loop, () -> again.publish(4, "third"));
    await(() -> device.payloads.contains("third"));
    assertEquals(List.of("sent", "first", "second", "third"), device.payloads);
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void refusesAsAWholeWhatIsBeyondTheLimitOfRetainedMessages(ProtocolVersion version)
      throws Exception {
    broker = new SimulatedBroker(data, loops, SessionConfig.DEFAULTS, StoreConfig.DEFAULTS, 2);
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    device.subscribe(
        new Subscribe(
            1,
            List.of(
                new RequestedSubscription(
                    "t/#",
                    new SubscriptionOptions(
                        Qos.EXACTLY_ONCE, false, false, RetainHandling.DO_NOT_SEND))),
            Properties.NONE));
    DurableClient publisher = DurableClient.connect(this, version, "publisher", 1_000);
    broker.holdDisk(); // so that all are accepted before the first one counts
    for (int i = 1; i <= 4; i++) {
      publisher.send(retained(i, i, "m" + i));
    }
    doWhatWaits();
    broker.releaseDisk();
    if (version == ProtocolVersion.V5) {
      await(() -> publisher.received.size() == 4);
      ReasonCode full = ReasonCode.QUOTA_EXCEEDED;
      assertEquals(List.of(ReasonCode.SUCCESS, ReasonCode.SUCCESS, full, full), publisher.received);
      publisher.send(retained(5, 2, "m2 again"));
      publisher.send(retained(6, 2, ""));
      await(() -> publisher.completed == 4);
      publisher.send(retained(4, 4, "m4 again")); // its identifier is free, and there is room
      await(() -> publisher.completed == 5);
      device.receive(5);
      assertEquals(List.of("m1", "m2", "m2 again", "", "m4 again"), device.payloads);
    } else {
      await(() -> !publisher.connection.isOpen());
      device.receive(2);
      assertEquals(List.of("m1", "m2"), device.payloads);
    }
    assertEquals(2, broker.metrics.messagesDropped.of(Drop.RETAINED_LIMIT).value());
  }

  private static Publish retained(int packetId, int topic, String payload) {
    return new Publish(
        SimulatedBroker.topic("t/" + topic),
        Qos.EXACTLY_ONCE,
        false,
        true,
        packetId,
        Properties.NONE,
        payload.getBytes(UTF_8));
  }

  @Test
  @Behaviour(149)
  void clearsALargeRetainedMessageAlsoForSessionsThatAreToHearOfIt() throws Exception {
    startSmall();
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    String large = "x".repeat(100_000);
    publisher.send(retained(Qos.EXACTLY_ONCE, 1, large));
    publisher.send(retained(Qos.EXACTLY_ONCE, 2, large));
    publisher.send(retained(Qos.EXACTLY_ONCE, 3, "small"));
    await(() -> publisher.completed == 3);
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe();
    device.receive(3);
    device.drop();
    DurableClient filler = DurableClient.connect(this, "filler", 0);
    int filled = fill(filler);
    publisher.send(retained(Qos.AT_LEAST_ONCE, 3, ""));
    await(() -> publisher.ackReason != null);
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.ackReason, "it takes more than it leaves");
    publisher.ackReason = null;
    publisher.send(retained(Qos.AT_LEAST_ONCE, 1, ""));
    await(() -> publisher.ackReason != null);
    assertEquals(ReasonCode.SUCCESS, publisher.ackReason);
    filled += fill(filler);
    publisher.send(retained(Qos.EXACTLY_ONCE, 2, ""));
    await(() -> publisher.received.size() == 4);
    assertEquals(ReasonCode.SUCCESS, publisher.received.getLast());
    await(() -> publisher.completed == 4);
    DurableClient again = DurableClient.connect(this, "device", 1_000);
    again.receive(filled + 2);
    assertEquals(2, again.payloads.stream().filter(String::isEmpty).count());
    DurableClient later = DurableClient.connect(this, "later", 0).subscribe();
    await(() -> later.payloads.contains("small"));
    assertEquals(List.of("small"), later.payloads);
  }

  private static Publish retained(Qos qos, int topic, String payload) {
    return new Publish(
        SimulatedBroker.topic("t/" + topic),
        qos,
        false,
        true,
        topic,
        Properties.NONE,
        payload.getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource({"t/1,new", "t/1,''", "t/+,new", "t/+,''"})
  void givesANewSubscriberTheRetainedValueWhoseReplacementIsRefused(String filter, String newer)
      throws Exception {
    start();
    DurableClient publisher = DurableClient.connect(this, "publisher", 1_000);
    publisher.send(retained(1, 1, "old"));
    await(() -> publisher.completed == 1);
    DurableClient device = DurableClient.connect(this, "device", 0);
    broker.holdDisk();
    publisher.send(retained(2, 1, newer));
    doWhatWaits();
    await(broker::isDiskAwaited);
    device.subscribe(filter);
    doWhatWaits(); // it has looked
    broker.fillDisk();
    broker.releaseDisk();
    await(() -> publisher.received.size() == 2);
    assertEquals(ReasonCode.QUOTA_EXCEEDED, publisher.recReason);
    await(() -> device.payloads.contains("old"));
    assertEquals("old", device.payloads.getLast());
  }

  @ParameterizedTest
  @ValueSource(strings = {"t/1", "t/+"})
  void sendsARetainedQos2MessageOnceThereIsRoomForItsRow(String filter) throws Exception {
    start();
    retain(1);
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    subscribeBeforeItIsAnswered(device, filter);
    broker.fillDisk(); // for the row, which follows SUBACK
    loops.loops.getFirst().answersAreLate(false);
    await(() -> broker.metrics.storeFailures.value() == 1);
    await(
        () -> {
          loops.advance(20); // the store looks at its room from time to time
          return !device.payloads.isEmpty();
        });
    assertEquals(List.of("m1"), device.payloads);
  }

  @ParameterizedTest
  @ValueSource(strings = {"t/1", "t/+"})
  void whatIsOwedStaysOwedThoughItsFilterIsSubscribedToAgainWithoutIt(String filter)
      throws Exception {
    start();
    retain(1);
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    subscribeBeforeItIsAnswered(device, filter);
    broker.fillDisk(); // for the row, which follows SUBACK
    loops.loops.getFirst().answersAreLate(false);
    await(() -> broker.metrics.storeWaiting.value() == 1);
    device.send(
        new Subscribe(
            2,
            List.of(
                new RequestedSubscription(
                    filter,
                    new SubscriptionOptions(
                        Qos.EXACTLY_ONCE, false, false, RetainHandling.DO_NOT_SEND))),
            Properties.NONE));
    await(
        () -> {
          loops.advance(20); // the store looks at its room from time to time
          return !device.payloads.isEmpty();
        });
    assertEquals(List.of("m1"), device.payloads);
  }

  @Test
  void aSubscriberThatHasGoneWaitsForNoRoom() throws Exception {
    start();
    retain(1);
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    subscribeBeforeItIsAnswered(device, "t/1");
    broker.fillDisk(); // for the row, which follows SUBACK
    loops.loops.getFirst().answersAreLate(false);
    await(() -> broker.metrics.storeWaiting.value() == 1);
    device.drop();
    assertEquals(0, broker.metrics.storeWaiting.value());
  }

  /** In slices that are larger than what the writer takes at most, or of one each. */
  @ParameterizedTest
  @ValueSource(ints = {1_000, 4})
  void sendsAllRetainedQos2MessagesThoughTheWriterHasNoRoomForAllAtOnce(int memoryQueueMessagesMax)
      throws Exception {
    SessionConfig d = SessionConfig.DEFAULTS;
    StoreConfig s = StoreConfig.DEFAULTS;
    int queueCommandsMax = 4;
    start(
        new SessionConfig(
            d.expirySecondsMax(),
            d.queueMessagesMax(),
            d.queueBytesMax(),
            d.queueOverflow(),
            memoryQueueMessagesMax,
            d.memoryQueueBytesMax(),
            d.willRestartGrace(),
            d.sharedHandover()),
        new StoreConfig(
            s.bytesMax(),
            s.messagesMax(),
            s.diskReserveBytes(),
            s.mapBytes(),
            s.batchCommandsMax(),
            s.batchBytesMax(),
            queueCommandsMax,
            s.queueBytesMax(),
            s.readerThreads(),
            s.sliceRowsMax()));
    int values = 40;
    retain(values);
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    subscribeBeforeItIsAnswered(device, "t/+");
    broker.holdDisk();
    DurableClient.begin(this, ProtocolVersion.V5, "other", 1_000, null);
    await(broker::isDiskAwaited); // so that the rows wait for the writer
    loops.loops.getFirst().answersAreLate(false);
    await(() -> broker.metrics.storeQueueCommands.value() >= queueCommandsMax);
    device.expectNothing(); // while more rows could come
    broker.releaseDisk();
    device.receive(values);
    assertEquals(values, Set.copyOf(device.payloads).size());
    boolean inOneSlice = memoryQueueMessagesMax > 4 * values;
    assertEquals(inOneSlice, broker.metrics.messagesDropped.of(Drop.STORE_FULL).value() > 0);
  }

  private void retain(int count) {
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    for (int i = 1; i <= count; i++) {
      publisher.send(retained(i, i, "m" + i));
      int completed = i;
      await(() -> publisher.completed == completed);
    }
  }

  /** The disk has it. */
  private void subscribeBeforeItIsAnswered(DurableClient device, String filter) {
    long commits = broker.metrics.storeCommits.value();
    loops.loops.getFirst().answersAreLate(true);
    device.send(DurableClient.subscription(filter));
    await(() -> broker.metrics.storeCommits.value() > commits);
  }

  /** A device that gives up, comes back and tries again, as long as the store is full. */
  @Test
  void keepsNothingOfPublishersThatDoNotWaitForRoom() throws Exception {
    startSmall();
    DurableClient.connect(this, "device", 1_000).subscribe().drop();
    int _ = fill(DurableClient.connect(this, "filler", 0));
    List<WeakReference<Object>> kept = new ArrayList<>();
    for (int i = 1; i <= 1_000; i++) {
      kept.addAll(tryToPublish(i));
      assertTrue(broker.metrics.storeWaiting.value() <= 1, "nobody waits who is gone");
    }
    await(
        () -> {
          System.gc();
          kept.removeIf(reference -> reference.refersTo(null));
          return kept.size() <= 2; // the last one, for as long as its thread does nothing else
        });
  }

  /** Returns what nobody needs any more. */
  private List<WeakReference<Object>> tryToPublish(int time) {
    DurableClient publisher = DurableClient.connect(this, ProtocolVersion.V3_1_1, "publisher", 0);
    Publish message = DurableClient.message(Qos.AT_LEAST_ONCE, 1, "precious", Properties.NONE);
    publisher.send(message);
    await(() -> broker.metrics.publishersSuspended.value() == time);
    publisher.drop();
    clients.remove(publisher);
    return List.of(
        new WeakReference<>(publisher.connection), new WeakReference<>(message.payload()));
  }

  @Test
  void takesASubscriptionBackWhereItsSessionIsNow() throws Exception {
    startSmall();
    ManualLoops.Loop first = loops.loops.getFirst();
    ManualLoops.Loop second = loops.loops.getLast();
    DurableClient before = DurableClient.connectOf311(this, first, "device").subscribe();
    before.subscribe("u/#").drop();
    DurableClient other = DurableClient.connect(this, "other", 1_000);
    int _ = fill(DurableClient.connect(this, "filler", 0));
    before = DurableClient.connectOf311(this, first, "device");
    before.acknowledging = false; // or there would be room
    doWhatWaits();
    broker.holdDisk();
    other.drop(); // something to commit: what comes now waits behind it
    before.send(DurableClient.subscription("v/#"));
    before.send(DurableClient.subscription("v/#")); // this one replaces the first
    doWhatWaits();
    broker.authorizers =
        _ ->
            new SimulatedBroker.AllowAll() {
              @Override
              public SubscribeDecision subscribe(
                  @Nullable String shareName, TopicFilter filter, Qos requested) {
                while (loops.step(first)) {
                  // in the middle of the review of what the session has
                }
                return super.subscribe(shareName, filter, requested);
              }
            };
    DurableClient now = DurableClient.beginOf311(this, second, "device");
    now.acknowledging = false;
    doWhatWaits(); // the session has moved, and is with the disk
    asleep = first;
    broker.releaseDisk();
    await(() -> now.connectReason != null);
    asleep = null;
    doWhatWaits();
    assertTrue(now.connection.isOpen());
    assertEquals(2, broker.subscriptionsOf("device"), "the refused one is gone");
    DurableClient next = DurableClient.connectOf311(this, first, "device");
    assertTrue(next.sessionPresent);
  }

  @Test
  void putsInForceWhatTheDiskHasWhenSubscriptionsOfOneFilterAreRefusedOneAfterTheOther()
      throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    device.subscribe(DurableClient.subscription("t/#", Qos.EXACTLY_ONCE));
    refuse(
        device,
        DurableClient.subscription("t/#", Qos.AT_LEAST_ONCE),
        DurableClient.subscription("t/#", Qos.AT_MOST_ONCE),
        DurableClient.subscription("t/#", Qos.AT_LEAST_ONCE),
        DurableClient.subscription("new/#", Qos.AT_LEAST_ONCE),
        DurableClient.subscription("new/#", Qos.AT_MOST_ONCE));
    assertEquals(List.of("t/# 2"), granted(broker.sessionRow("device").subscriptions()));
    assertEquals(List.of("t/# 2"), granted(broker.subscriptions("device")));
  }

  @Test
  void putsNothingInForceThatWasUnsubscribedFromBetweenRefusedSubscriptions() throws Exception {
    start();
    DurableClient device = DurableClient.connect(this, "device", 1_000);
    device.subscribe(DurableClient.subscription("t/#", Qos.EXACTLY_ONCE));
    refuse(
        device,
        DurableClient.subscription("t/#", Qos.AT_LEAST_ONCE),
        new Unsubscribe(2, List.of("t/#"), Properties.NONE),
        DurableClient.subscription("t/#", Qos.AT_MOST_ONCE),
        DurableClient.subscription("t/#", Qos.AT_LEAST_ONCE));
    assertEquals(List.of(), granted(broker.sessionRow("device").subscriptions()));
    assertEquals(List.of(), granted(broker.subscriptions("device")));
  }

  @Test
  void keepsASubscriptionThatIsTakenBehindARefusedOneOfItsFilter() throws Exception {
    start();
    ManualLoops.Loop loop = loops.loops.getLast();
    DurableClient device = DurableClient.connectOf311(this, loop, "device").subscribe();
    DurableClient other = DurableClient.connect(this, "other", 1_000);
    loop.answersAreLate(true);
    broker.fillDisk();
    device.send(DurableClient.subscription("t/#", Qos.AT_LEAST_ONCE));
    await(() -> broker.metrics.storeFailures.value() == 1); // it is refused
    awaitRoom(other);
    device.send(DurableClient.subscription("t/#", Qos.AT_MOST_ONCE));
    device.send(new PingReq());
    await(() -> device.pongs == 1);
    other.subscribe("behind/#"); // so it is taken
    broker.fillDisk();
    device.send(DurableClient.subscription("t/#", Qos.AT_LEAST_ONCE));
    await(() -> broker.metrics.storeFailures.value() == 2);
    loop.answersAreLate(false);
    await(() -> device.grants == 4);
    assertEquals(List.of("t/# 0"), granted(broker.sessionRow("device").subscriptions()));
    assertEquals(List.of("t/# 0"), granted(broker.subscriptions("device")));
  }

  /** Sends them all before the store, which is full, has answered any. */
  private void refuse(DurableClient device, Packet... packets) {
    int before = device.grants;
    broker.holdDisk();
    DurableClient.begin(this, ProtocolVersion.V5, "other", 1_000, null);
    doWhatWaits();
    await(broker::isDiskAwaited);
    for (Packet packet : packets) {
      device.send(packet);
    }
    doWhatWaits();
    broker.fillDisk(); // of what the disk is asked to take now
    broker.releaseDisk();
    int subscribes = (int) Stream.of(packets).filter(Subscribe.class::isInstance).count();
    await(() -> device.grants == before + subscribes);
  }

  private static List<String> granted(Collection<Subscription> subscriptions) {
    return subscriptions.stream()
        .map(one -> one.requestedFilter() + " " + one.options().maximumQos().value())
        .toList();
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
  private static int fill(DurableClient filler) {
    int filled = 0;
    while (filler.publish(Qos.AT_LEAST_ONCE, FILLER) == ReasonCode.SUCCESS) {
      filled++;
    }
    return filled;
  }

  private void awaitRoom(DurableClient filler) {
    while (filler.publish(Qos.AT_LEAST_ONCE, "room?") != ReasonCode.SUCCESS) {
      loops.advance(20); // the store looks at its room from time to time
    }
  }

  @Test
  void whoComesWithAWillHasToMakeRoomForItOnceWillsHaveHadTheirs() throws Exception {
    startSmall();
    DurableClient.connect(this, "absent", 1_000).subscribe().drop();
    for (int i = 0; i < WILLS; i++) {
      DurableClient.connect(this, "device" + i, 1_000).drop();
    }
    int filled = fill(DurableClient.connect(this, "filler", 0));
    int died = useUpTheRoomOfWills();
    assertTrue(dies("absent", FILLER), "it has more in its queue");
    DurableClient absent = DurableClient.connect(this, "absent", 1_000);
    int all = filled + died + 1;
    await(() -> absent.payloads.size() == all);
    awaitInTime(() -> dies("device" + died, FILLER));
  }

  /** Says how many clients came with a large Will, and died, before one was not let in. */
  private int useUpTheRoomOfWills() {
    int died = 0;
    while (dies("device" + died, FILLER)) {
      died++;
      assertTrue(died < WILLS, "Wills take all there is");
    }
    return died;
  }

  /** Looks again after each second. */
  private void awaitInTime(BooleanSupplier condition) {
    await(
        () -> {
          loops.advance(1_000);
          return condition.getAsBoolean();
        });
  }

  private static Will will(String payload) {
    return new Will(
        SimulatedBroker.topic("t/will"),
        payload.getBytes(UTF_8),
        Qos.AT_LEAST_ONCE,
        false,
        Properties.NONE);
  }

  /** Whether it could connect with such a Will; its connection breaks then. */
  private boolean dies(String clientId, String payload) {
    DurableClient device =
        DurableClient.begin(this, ProtocolVersion.V5, clientId, 1_000, will(payload));
    await(() -> device.connectReason != null);
    if (device.connectReason == ReasonCode.QUOTA_EXCEEDED) {
      return false;
    }
    assertEquals(ReasonCode.SUCCESS, device.connectReason);
    device.drop();
    return true;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDelayedWillComesAlthoughItsClientWasNotLetInMeanwhile(boolean noticed) throws Exception {
    startSmall();
    DurableClient.connect(this, "absent", 1_000).subscribe().drop();
    for (int i = 0; i < WILLS; i++) {
      DurableClient.connect(this, "device" + i, 1_000).drop();
    }
    Will delayed =
        new Will(
            SimulatedBroker.topic("u"),
            "gone".getBytes(UTF_8),
            Qos.AT_LEAST_ONCE,
            false,
            Properties.NONE.with(Property.WILL_DELAY_INTERVAL, 50L));
    DurableClient late = DurableClient.connect(this, ProtocolVersion.V5, "late", 1_000, delayed);
    if (noticed) {
      late.drop();
    }
    DurableClient watcher = DurableClient.connect(this, "watcher", 0).subscribe("u");
    int filled = fill(DurableClient.connect(this, "filler", 0));
    int _ = useUpTheRoomOfWills();
    loops.advance(20_000);
    assertFalse(dies("late", FILLER));
    DurableClient absent = DurableClient.connect(this, "absent", 1_000);
    await(() -> absent.payloads.size() >= filled);
    loops.advance(29_000);
    doWhatWaits();
    assertEquals(List.of(), watcher.payloads);
    awaitInTime(() -> watcher.payloads.equals(List.of("gone")));
  }
}

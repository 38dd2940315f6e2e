package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.Behaviour;
import io.signalbox.server.auth.Authorizer;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.SessionConfig.Handover;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.TopicFilter;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a member of a Shared Subscription leaves behind, and who gets it. */
final class SharedHandoverTest extends DurableSessionFixture {
  private static final String SHARED = "$share/g/t/#";
  private static final SessionConfig D = SessionConfig.DEFAULTS;

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
    DurableClient device = DurableClient.connect(this, "device", 1_000).subscribe(SHARED);
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
    return new SessionConfig(
        D.expirySecondsMax(),
        queueMessagesMax,
        D.queueBytesMax(),
        D.queueOverflow(),
        D.memoryQueueMessagesMax(),
        D.memoryQueueBytesMax(),
        D.willRestartGrace(),
        handover);
  }
}

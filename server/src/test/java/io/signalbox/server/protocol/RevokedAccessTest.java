package io.signalbox.server.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.OnRevoke;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of messages on their way when a client may not have them any more. */
final class RevokedAccessTest extends DurableSessionFixture {
  private static final String SHARED = "$share/g/t/#";

  /** Who may not subscribe, and not receive, any more. */
  private final Set<String> barred = new HashSet<>();

  /** Whether filters are allowed as they are written only, and no topic is. */
  private boolean onlyAsText;

  /** Share names that nobody may subscribe with any more. */
  private final Set<String> barredShares = new HashSet<>();

  private OnRevoke onRevoke = OnRevoke.FILTER;

  /** Of the policies; a client that connects is under those in force. */
  private int version;

  private final class Rights extends SimulatedBroker.AllowAll {
    private final String clientId;
    private int seen = version;

    Rights(String clientId) {
      this.clientId = clientId;
    }

    private boolean isBarred() {
      return barred.contains(clientId);
    }

    @Override
    public SubscribeDecision subscribe(
        @Nullable String shareName, TopicFilter filter, Qos requested) {
      boolean allowed = !isBarred() && (shareName == null || !barredShares.contains(shareName));
      return new SubscribeDecision(allowed, requested, false, "barred", "");
    }

    @Override
    public AccessDecision delivery(TopicName topic) {
      return new AccessDecision(!isBarred() && !onlyAsText, "barred", false);
    }

    @Override
    public OnRevoke onRevoke() {
      return onRevoke;
    }

    @Override
    public boolean refresh() {
      boolean changed = seen != version;
      seen = version;
      return changed;
    }
  }

  @BeforeEach
  void startWithRights() throws Exception {
    start();
    broker.authorizers = Rights::new;
  }

  private void bar(String clientId) {
    barred.add(clientId);
    review();
  }

  private void review() {
    version++;
    var done = broker.reviewClients().toCompletableFuture();
    await(done::isDone);
  }

  /** Has one message, which it does not acknowledge, and so many behind it. */
  private DurableClient stuck(long expirySeconds, String filter, int waiting) {
    DurableClient stuck =
        DurableClient.connectWithReceiveMaximum(this, "stuck", expirySeconds, 1).subscribe(filter);
    stuck.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "sent");
    for (int i = 1; i <= waiting; i++) {
      publisher.publish(Qos.AT_LEAST_ONCE, "waits " + i);
    }
    stuck.receive(1);
    return stuck;
  }

  private void acknowledge(DurableClient client) {
    client.acknowledging = true;
    client.send(new PubAck(client.lastId));
    for (int i = 0; i < 200; i++) {
      await(() -> true);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  void whatWaitsOfASubscriptionThatIsGoneIsNotDelivered(long expirySeconds) {
    DurableClient stuck = stuck(expirySeconds, "t/#", 3);
    stuck.unsubscribe("t/#");
    bar("stuck");
    acknowledge(stuck);
    assertEquals(List.of("sent"), stuck.payloads);
    assertTrue(stuck.connection.isOpen());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000})
  void whatWaitedForAFilteredSubscriptionIsNotDeliveredAfterAnotherChange(long expirySeconds) {
    DurableClient stuck = stuck(expirySeconds, "t/#", 3);
    bar("stuck");
    stuck.unsubscribe("t/#");
    review();
    acknowledge(stuck);
    assertEquals(List.of("sent"), stuck.payloads);
  }

  @Test
  void whatIsStillAllowedIsDeliveredAfterAChange() {
    DurableClient stuck = stuck(1_000, "t/#", 3);
    stuck.unsubscribe("t/#");
    review();
    acknowledge(stuck);
    assertEquals(4, stuck.payloads.size());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Behaviour(208)
  void whatCameByASharedSubscriptionThatWasLeftIsDeliveredWhileItsTextIsAllowed(boolean allowed) {
    onlyAsText = true;
    DurableClient stuck = stuck(1_000, SHARED, 3);
    stuck.unsubscribe(SHARED);
    if (!allowed) {
      barredShares.add("g");
    }
    review();
    acknowledge(stuck);
    assertEquals(allowed ? 4 : 1, stuck.payloads.size());
  }

  @ParameterizedTest
  @EnumSource(OnRevoke.class)
  void whatWaitsOfASharedSubscriptionGoesToItsGroup(OnRevoke how) {
    onRevoke = how;
    DurableClient stuck = stuck(1_000, SHARED, 3);
    DurableClient member = DurableClient.connect(this, "member", 1_000).subscribe(SHARED);
    bar("stuck");
    await(() -> member.payloads.size() == 4);
    assertFalse(stuck.connection.isOpen());
    await(() -> broker.subscriptionsOf("stuck") == 0);
    assertEquals(List.of("sent", "waits 1", "waits 2", "waits 3"), sorted(member));
    DurableClient again = DurableClient.connect(this, "stuck", 1_000);
    assertTrue(again.sessionPresent);
    again.expectNothing();
  }

  @Test
  void aTransientSessionGivesOnWhatWaitsAndStays() {
    DurableClient stuck = stuck(0, SHARED, 3);
    DurableClient member = DurableClient.connect(this, "member", 0).subscribe(SHARED);
    bar("stuck");
    await(() -> member.payloads.size() == 3);
    acknowledge(stuck);
    assertEquals(List.of("sent"), stuck.payloads);
    assertEquals(List.of("waits 1", "waits 2", "waits 3"), sorted(member));
    assertTrue(stuck.connection.isOpen());
  }

  @Test
  void aSessionThatWaitsForNothingKeepsItsConnection() {
    DurableClient idle = DurableClient.connect(this, "idle", 1_000).subscribe(SHARED);
    await(() -> !broker.isOwing("idle")); // its queue has been read
    bar("idle");
    assertEquals(0, broker.subscriptionsOf("idle"));
    assertTrue(idle.connection.isOpen());
  }

  @ParameterizedTest
  @CsvSource({"0,0", "0,1000", "1000,0", "1000,1000"})
  void whatIsOnItsWayFromAnotherThreadWhenASharedSubscriptionIsRevokedGoesToItsGroup(
      long expirySeconds, long memberExpirySeconds) {
    DurableClient idle = DurableClient.connect(this, "idle", expirySeconds).subscribe(SHARED);
    DurableClient member =
        DurableClient.connect(this, "member", memberExpirySeconds).subscribe(SHARED);
    ManualLoops.Loop loop = loops.loops.getLast();
    DurableClient publisher = DurableClient.connectOf311(this, loop, "publisher");
    await(() -> !broker.isOwing("idle")); // its queue has been read
    asleep = loop; // so it hands nothing over
    loops.on(loop, () -> publisher.publish(1, "one"));
    loops.on(loop, () -> publisher.publish(2, "other"));
    idleIsBarredWhileALoopSleeps();
    await(() -> member.payloads.size() == 2);
    assertEquals(List.of("one", "other"), sorted(member));
    idle.expectNothing();
    assertTrue(idle.connection.isOpen());
  }

  private void idleIsBarredWhileALoopSleeps() {
    barred.add("idle");
    version++;
    var done = broker.reviewClients().toCompletableFuture();
    await(() -> broker.subscriptionsOf("idle") == 0);
    asleep = null;
    await(done::isDone);
  }

  @Test
  void whatIsOnItsWayGoesToAMemberThatHasRoom() throws Exception {
    broker.close();
    start(queues(1, SessionConfig.DEFAULTS.memoryQueueMessagesMax()), StoreConfig.DEFAULTS);
    broker.authorizers = Rights::new;
    for (int i = 1; i <= 3; i++) {
      DurableClient.connect(this, "full " + i, 1_000).subscribe().drop();
    }
    DurableClient.connect(this, "filler", 0).publish(Qos.AT_LEAST_ONCE, "filler");
    for (int i = 1; i <= 3; i++) {
      DurableClient full = DurableClient.connect(this, "full " + i, 1_000);
      full.acknowledging = false;
      full.receive(1);
      full.subscribe(SHARED).unsubscribe("t/#");
      full.drop();
    }
    DurableClient.connect(this, "roomy", 1_000).subscribe(SHARED).drop();
    DurableClient idle = DurableClient.connect(this, "idle", 1_000).subscribe(SHARED);
    ManualLoops.Loop loop = loops.loops.getLast();
    DurableClient publisher = DurableClient.connectOf311(this, loop, "publisher");
    await(() -> !broker.isOwing("idle")); // its queue has been read
    asleep = loop; // so it hands nothing over
    loops.on(loop, () -> publisher.publish(1, "one"));
    idleIsBarredWhileALoopSleeps();
    await(() -> publisher.acknowledged == 1);
    doWhatWaits();
    await(() -> broker.metrics.sharedHandovers.value() == 1);
    DurableClient roomy = DurableClient.connect(this, "roomy", 1_000);
    roomy.receive(1);
    assertEquals(List.of("one"), roomy.payloads);
    idle.expectNothing();
  }

  @Test
  void whatIsOnItsWayIsNotForAMemberInMemoryThatHasNoRoom() throws Exception {
    broker.close();
    start(queues(SessionConfig.DEFAULTS.queueMessagesMax(), 4), StoreConfig.DEFAULTS);
    broker.authorizers = Rights::new;
    DurableClient full = DurableClient.connectWithReceiveMaximum(this, "full", 0, 1).subscribe();
    full.acknowledging = false;
    DurableClient filler = DurableClient.connect(this, "filler", 0);
    for (int i = 1; i <= 5; i++) { // one is sent, four wait
      filler.send(DurableClient.message(Qos.AT_LEAST_ONCE, i, "filler", Properties.NONE));
    }
    full.receive(1);
    full.subscribe(SHARED).unsubscribe("t/#");
    DurableClient.connect(this, "roomy", 1_000).subscribe(SHARED).drop();
    DurableClient.connect(this, "idle", 1_000).subscribe(SHARED);
    ManualLoops.Loop loop = loops.loops.getLast();
    DurableClient publisher = DurableClient.connectOf311(this, loop, "publisher");
    await(() -> !broker.isOwing("idle")); // its queue has been read
    asleep = loop; // so it hands nothing over
    loops.on(loop, () -> publisher.publish(1, "one"));
    idleIsBarredWhileALoopSleeps();
    await(() -> broker.metrics.sharedHandovers.value() == 1);
    DurableClient roomy = DurableClient.connect(this, "roomy", 1_000);
    roomy.receive(1);
    assertEquals(List.of("one"), roomy.payloads);
  }

  private static SessionConfig queues(long messagesMax, int memoryMessagesMax) {
    SessionConfig d = SessionConfig.DEFAULTS;
    return new SessionConfig(
        d.expirySecondsMax(),
        messagesMax,
        d.queueBytesMax(),
        d.queueOverflow(),
        memoryMessagesMax,
        d.memoryQueueBytesMax(),
        d.willRestartGrace(),
        d.sharedHandover());
  }

  @ParameterizedTest
  @EnumSource(OnRevoke.class)
  void whatWasRevokedWhileTheClientWasAwayGoesToTheGroupBeforeItIsDelivered(OnRevoke how) {
    onRevoke = how;
    stuck(1_000, SHARED, 3).drop();
    DurableClient member = DurableClient.connect(this, "member", 1_000).subscribe(SHARED);
    barred.add("stuck");
    DurableClient again = DurableClient.connect(this, "stuck", 1_000);
    await(
        () -> {
          loops.on(loops.loops.getFirst(), again.connection::writable); // reads nothing from disk
          return member.payloads.size() == 4;
        });
    await(() -> broker.subscriptionsOf("stuck") == 0);
    assertEquals(List.of("sent", "waits 1", "waits 2", "waits 3"), sorted(member));
    again.expectNothing();
    barred.clear();
    again.subscribe("t/#");
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "later");
    again.receive(1);
  }

  @Test
  void whatWasRevokedGoesToAMemberInMemoryAsItTakesIt() throws Exception {
    broker.close();
    start(queues(SessionConfig.DEFAULTS.queueMessagesMax(), 4), StoreConfig.DEFAULTS);
    broker.authorizers = Rights::new;
    stuck(1_000, SHARED, 30).drop();
    DurableClient member =
        DurableClient.connectWithReceiveMaximum(this, "member", 0, 1).subscribe(SHARED);
    barred.add("stuck");
    DurableClient again = DurableClient.connect(this, "stuck", 1_000);
    await(
        () -> {
          loops.advance(100);
          return broker.subscriptionsOf("stuck") == 0;
        });
    await(() -> member.payloads.size() == 31);
    again.expectNothing();
  }

  @Test
  void whatAMemberGetsFromAnotherThatGoesIsNotLostWithItsRights() {
    int slice = 1_000; // rows that are given on together
    DurableClient device = stuck(1_000, SHARED, 1);
    DurableClient.connect(this, "publisher", 0).publishAll(slice);
    ManualLoops.Loop other = loops.loops.getLast();
    DurableClient taker = DurableClient.connectOf311(this, other, "taker").subscribe(SHARED);
    taker.acknowledging = false;
    await(() -> !broker.isOwing("taker")); // its queue has been read
    device.drop();
    DurableClient.begin(this, ProtocolVersion.V5, "stuck", 0, null); // with Clean Start
    await(() -> broker.metrics.sharedHandovers.value() == slice);
    loops.loops.getFirst().answersAreLate(true); // so the rest stays for now
    DurableClient member = DurableClient.connectOf311(this, other, "member").subscribe(SHARED);
    barred.add("taker");
    version++;
    var done = broker.reviewClients().toCompletableFuture();
    await(() -> !taker.connection.isOpen() || broker.subscriptionsOf("taker") == 0);
    loops.loops.getFirst().answersAreLate(false);
    await(done::isDone);
    await(() -> new HashSet<>(member.payloads).size() == slice + 2);
  }

  @Test
  void whatCameByAnotherSharedSubscriptionStays() {
    DurableClient away = DurableClient.connect(this, "away", 1_000);
    for (int i = 1; i <= 2; i++) {
      away.subscribe(identified(i, i == 1 ? SHARED : "$share/kept/t/#"));
    }
    away.drop();
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "job");
    DurableClient member = DurableClient.connect(this, "member", 1_000).subscribe(SHARED);
    barredShares.add("g");
    DurableClient again = DurableClient.connect(this, "away", 1_000);
    again.receive(1);
    member.receive(1);
    assertEquals(1, broker.subscriptionsOf("away"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Behaviour(208)
  void whatCameByASharedSubscriptionThatWasLeftIsNotForTheGroupOfAnother(boolean hasMembers) {
    String left = "$share/left/t/#";
    DurableClient away = DurableClient.connect(this, "away", 1_000).subscribe(left);
    away.acknowledging = false;
    DurableClient.connect(this, "publisher", 0).publish(Qos.AT_LEAST_ONCE, "job");
    away.receive(1);
    away.unsubscribe(left);
    away.subscribe(SHARED).drop();
    if (hasMembers) {
      DurableClient.connect(this, "other", 1_000).subscribe(left);
    }
    DurableClient member = DurableClient.connect(this, "member", 1_000).subscribe(SHARED);
    barredShares.add("g");
    DurableClient again = DurableClient.connect(this, "away", 1_000);
    await(() -> broker.subscriptionsOf("away") == 0);
    again.receive(1);
    member.expectNothing();
  }

  private static Subscribe identified(int identifier, String filter) {
    Subscribe plain = DurableClient.subscription(filter);
    return new Subscribe(
        plain.packetId(),
        plain.subscriptions(),
        Properties.builder().addSubscriptionIdentifier(identifier).build());
  }

  @Test
  void aPlainSubscriptionStaysFilteredAlthoughTheConnectionEndsForAGroup() {
    DurableClient stuck = stuck(1_000, SHARED, 3).subscribe("u/#");
    bar("stuck");
    assertFalse(stuck.connection.isOpen());
    await(() -> broker.subscriptionsOf("stuck") == 1);
  }

  @Test
  void aKillBeforeItsMessagesAreWithTheGroupLosesNone() throws Exception {
    onRevoke = OnRevoke.DISCONNECT;
    stuck(1_000, SHARED, 3);
    DurableClient.connect(this, "member", 1_000).subscribe(SHARED).drop();
    broker.holdDisk();
    bar("stuck");
    assertEquals(1, broker.subscriptionsOf("stuck"), "it is not gone before they are");
    broker.releaseDisk();
    clients.clear();
    restart();
    broker.authorizers = Rights::new;
    DurableClient.connect(this, "stuck", 1_000).expectNothing();
    DurableClient member = DurableClient.connect(this, "member", 1_000);
    await(() -> member.payloads.size() == 4);
    assertEquals(List.of("sent", "waits 1", "waits 2", "waits 3"), sorted(member));
  }

  private static List<String> sorted(DurableClient client) {
    return client.payloads.stream().sorted().toList();
  }
}

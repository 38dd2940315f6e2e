package io.signalbox.server.routing;

import static io.signalbox.server.routing.Subscriptions.remove;
import static io.signalbox.server.routing.Subscriptions.subscription;
import static io.signalbox.server.routing.Subscriptions.topic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.packet.Qos;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SharedGroupTest {
  private final SubscriptionTrie trie = new SubscriptionTrie();

  private SharedGroup groupOf(List<FakeSubscriber> members) {
    members.forEach(m -> join(m, Qos.AT_LEAST_ONCE));
    return group();
  }

  private void join(FakeSubscriber member, Qos maximumQos) {
    trie.add(subscription("$share/g/t", maximumQos, Subscription.NO_IDENTIFIER), member);
  }

  private SharedGroup group() {
    return new RouteFinder(trie.root()).find(topic("t")).group(0);
  }

  private static List<FakeSubscriber> members(int count) {
    List<FakeSubscriber> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      members.add(new FakeSubscriber("m" + i));
    }
    return members;
  }

  private static Map<String, Integer> picks(SharedGroup group, int messages) {
    Map<String, Integer> picks = new HashMap<>();
    for (int i = 0; i < messages; i++) {
      Delivery picked = group.pick();
      assertNotNull(picked);
      picks.merge(picked.subscriber().clientId(), 1, Integer::sum);
    }
    return picks;
  }

  @Test
  @Behaviour(200)
  void membersTakeTurns() {
    SharedGroup group = groupOf(members(7));

    Map<String, Integer> picks = picks(group, 700);

    assertEquals(7, picks.size());
    picks.values().forEach(count -> assertEquals(100, count));
  }

  @Test
  void membersTakeTurnsBesideOnesThatAreAway() {
    List<FakeSubscriber> members = members(20);
    for (int i = 0; i < 15; i++) {
      members.get(i).away().durable();
    }
    SharedGroup group = groupOf(members);

    Map<String, Integer> picks = picks(group, 500);

    assertEquals(5, picks.size());
    picks.values().forEach(count -> assertEquals(100, count));
  }

  @Test
  @Behaviour({203, 217})
  void prefersMembersWithRoomThenBusyOnesThenThoseWhoKeepMessages() {
    var away = new FakeSubscriber("away").away().durable();
    var gone = new FakeSubscriber("gone").away();
    var busy = new FakeSubscriber("busy").busy();
    var ready = new FakeSubscriber("ready");
    SharedGroup group = groupOf(List.of(away, gone, busy, ready));

    assertEquals(Map.of("ready", 20), picks(group, 20));
    ready.online = false;
    assertEquals(Map.of("busy", 20), picks(group, 20));
    busy.online = false;
    assertEquals(Map.of("away", 20), picks(group, 20));
    away.durable = false;
    assertNull(group.pick());
  }

  @Test
  @Behaviour({203, 204})
  void prefersThoseWhoseQueuesTakeTheMessage() {
    var full = new FakeSubscriber("full").durable();
    var away = new FakeSubscriber("away").away().durable();
    SharedGroup group = groupOf(List.of(full, away));
    full.full = true;

    assertEquals(Map.of("full", 20), picks(group, 20), "it takes QoS 1 at once");
    full.room = false;
    assertEquals(Map.of("away", 20), picks(group, 20));
    Delivery forQos0 = group.pick(false);
    assertNotNull(forQos0);
    assertEquals("full", forQos0.subscriber().clientId());
    away.full = true;
    assertEquals(Map.of("full", 20), picks(group, 20), "it is connected");
    full.online = false;
    assertEquals(Map.of("away", 10, "full", 10), picks(group, 20));
  }

  @Test
  void picksTheNextBestWhenMembersRefuse() {
    var away = new FakeSubscriber("away").away().durable();
    var gone = new FakeSubscriber("gone").away();
    var busy = new FakeSubscriber("busy").busy();
    var ready = new FakeSubscriber("ready");
    SharedGroup group = groupOf(List.of(away, gone, busy, ready));

    Set<Subscriber> refusing = new HashSet<>();
    for (FakeSubscriber expected : List.of(ready, busy, away)) {
      Delivery picked = group.pickOtherThan(refusing);
      assertNotNull(picked);
      assertEquals(expected, picked.subscriber());
      refusing.add(expected);
    }
    assertNull(group.pickOtherThan(refusing));
    List.of(away, gone, busy).forEach(member -> remove(trie, "$share/g/t", member));
    assertNull(group.pickOtherThan(refusing), "the lone one refuses too");
  }

  @Test
  void picksAKeeperAlthoughOthersAreOnline() {
    var away = new FakeSubscriber("away").away().durable();
    SharedGroup group = groupOf(List.of(away, new FakeSubscriber("ready")));

    Delivery picked = group.pickAmong(0, SharedGroup::keepsMessages);
    assertNotNull(picked);
    assertEquals(away, picked.subscriber());
    assertNull(
        group.pickAmong(
            0, member -> SharedGroup.keepsMessages(member) && !away.equals(member.subscriber())));
  }

  @Test
  @Behaviour(204)
  void whoIsAwayAndWasGrantedQos0KeepsNothingAndHasNoTurn() {
    var keepsNothing = new FakeSubscriber("keeps nothing").away().durable();
    var keeps = new FakeSubscriber("keeps").away().durable();
    join(keepsNothing, Qos.AT_MOST_ONCE);
    assertNull(group().pick(), "the lone one");
    join(keeps, Qos.AT_LEAST_ONCE);

    assertEquals(Map.of("keeps", 20), picks(group(), 20));
    assertNull(group().pickOtherThan(Set.of(keeps)));
    keepsNothing.online = true;
    assertEquals(Map.of("keeps nothing", 20), picks(group(), 20));
  }

  @Test
  void aLoneMemberGetsAllUnlessItCouldNeverDeliver() {
    var lone = new FakeSubscriber("lone").busy();
    SharedGroup group = groupOf(List.of(lone));

    assertEquals(Map.of("lone", 3), picks(group, 3));
    lone.online = false;
    assertNull(group.pick());
    lone.durable = true;
    assertEquals(Map.of("lone", 3), picks(group, 3));
  }

  @Test
  void aGroupThatWasLeftByAllPicksNobody() {
    var lone = new FakeSubscriber("lone");
    SharedGroup group = groupOf(List.of(lone));

    remove(trie, "$share/g/t", lone);

    assertNull(group.pick());
  }

  @Test
  void findsTheOnlyOneAwakeInAHugeGroup() {
    List<FakeSubscriber> members = members(5_000);
    members.forEach(m -> m.away().durable());
    SharedGroup group = groupOf(members);
    Map<String, Integer> whileAllAreAway = picks(group, 1_000);
    assertTrue(whileAllAreAway.size() > 5, "spread over more than a few");

    FakeSubscriber awake = members.get(4_321);
    awake.online = true;
    int untilFound = 0;
    while (!"m4321".equals(picked(group))) {
      untilFound++;
    }
    assertTrue(untilFound <= 16_384 / SharedGroup.SCAN_MAX, untilFound + " messages");
    assertEquals(Map.of("m4321", 100), picks(group, 100));

    remove(trie, "$share/g/t", awake);
    assertEquals(100, picks(group, 100).values().stream().mapToInt(i -> i).sum());
    assertTrue(!picks(group, 100).containsKey("m4321"));
  }

  private static String picked(SharedGroup group) {
    Delivery picked = group.pick();
    return picked == null ? "" : picked.subscriber().clientId();
  }

  @Test
  void threadsThatPickAtOnceShareTheTurns() throws InterruptedException {
    SharedGroup group = groupOf(members(8));
    Map<String, AtomicInteger> picks = new ConcurrentHashMap<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 20_000; i++) {
                      picks
                          .computeIfAbsent(picked(group), _ -> new AtomicInteger())
                          .incrementAndGet();
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(8, picks.size());
    picks
        .values()
        .forEach(count -> assertTrue(Math.abs(count.get() - 10_000) < 1_000, picks::toString));
  }
}

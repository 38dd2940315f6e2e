package io.signalbox.server.routing;

import static io.signalbox.server.routing.Subscriptions.noLocal;
import static io.signalbox.server.routing.Subscriptions.remove;
import static io.signalbox.server.routing.Subscriptions.subscription;
import static io.signalbox.server.routing.Subscriptions.topic;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubscriptionOptions;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RouterTest {
  private static final int TOPICS_MAX = 64;
  private static final int BYTES_MAX = 100_000;

  private final SubscriptionTrie trie = new SubscriptionTrie();
  private final Router router = new Router(trie, TOPICS_MAX, BYTES_MAX);
  private final Receivers receivers = new Receivers();
  private final FakeSubscriber client = new FakeSubscriber("client");
  private final FakeSubscriber other = new FakeSubscriber("other");

  @Test
  void mergesOverlappingSubscriptionsIntoOneCopy() {
    trie.add(subscription("a/b", Qos.AT_MOST_ONCE, 1), client);
    trie.add(subscription("a/+", Qos.EXACTLY_ONCE, 0), client);
    trie.add(subscription("a/#", Qos.AT_LEAST_ONCE, 2), client);
    trie.add(
        subscription(
            "#", new SubscriptionOptions(Qos.AT_MOST_ONCE, false, true, RetainHandling.SEND), 2),
        client);
    trie.add(subscription("+/b"), other);

    Route route = router.route(topic("a/b"));

    assertEquals(2, route.size());
    Delivery merged = deliveryTo(client, route);
    assertEquals(Qos.EXACTLY_ONCE, merged.maximumQos());
    assertTrue(merged.retainAsPublished());
    int[] identifiers = merged.subscriptionIdentifiers().clone();
    Arrays.sort(identifiers);
    assertArrayEquals(new int[] {1, 2, 2}, identifiers);
    assertEquals(Qos.AT_MOST_ONCE, deliveryTo(other, route).maximumQos());
    assertFalse(deliveryTo(other, route).retainAsPublished());
  }

  @Test
  void mergesAmongManyClients() {
    List<FakeSubscriber> clients = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      var each = new FakeSubscriber("c" + i);
      clients.add(each);
      trie.add(subscription("a/b", Qos.AT_MOST_ONCE, 1 + i), each);
      if (i % 2 == 0) {
        trie.add(subscription("a/#", Qos.AT_LEAST_ONCE, 1_000 + i), each);
      }
    }

    Route route = router.route(topic("a/b"));

    assertEquals(300, route.size());
    for (int i = 0; i < 300; i++) {
      Delivery delivery = deliveryTo(clients.get(i), route);
      int[] identifiers = delivery.subscriptionIdentifiers().clone();
      Arrays.sort(identifiers);
      assertArrayEquals(i % 2 == 0 ? new int[] {1 + i, 1_000 + i} : new int[] {1 + i}, identifiers);
      assertEquals(i % 2 == 0 ? Qos.AT_LEAST_ONCE : Qos.AT_MOST_ONCE, delivery.maximumQos());
    }
  }

  @Test
  void mergesThousandsOfOverlappingSubscriptionsInOneStep() {
    int levels = 12;
    for (int filter = 0; filter < 1 << levels; filter++) {
      var text = new StringJoiner("/");
      for (int level = 0; level < levels; level++) {
        text.add((filter >> level & 1) == 0 ? "a" : "+");
      }
      trie.add(subscription(text.toString(), Qos.AT_LEAST_ONCE, 1 + filter), client);
    }
    trie.add(subscription("#"), other);

    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    Route route = router.route(topic("a/".repeat(levels - 1) + "a"));
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    assertEquals(2, route.size());
    int[] identifiers = deliveryTo(client, route).subscriptionIdentifiers().clone();
    Arrays.sort(identifiers);
    assertArrayEquals(IntStream.rangeClosed(1, 1 << levels).toArray(), identifiers);
    assertTrue(allocated < 4 << 20, () -> allocated + " bytes for one route");
  }

  private static Delivery deliveryTo(Subscriber subscriber, Route route) {
    for (int i = 0; i < route.size(); i++) {
      if (route.delivery(i).isFor(subscriber)) {
        return route.delivery(i);
      }
    }
    throw new AssertionError(subscriber + " receives nothing");
  }

  @Test
  void noLocalKeepsAClientsOwnMessagesFromIt() {
    trie.add(noLocal("a", Qos.AT_LEAST_ONCE, 0), client);
    trie.add(subscription("a"), other);

    assertReceivers(List.of("other"), client);
    assertReceivers(List.of("client", "other"), other);
    assertReceivers(List.of("client", "other"), null);
  }

  @Test
  void noLocalIsAnOptionOfEachOverlappingSubscription() {
    trie.add(noLocal("a", Qos.EXACTLY_ONCE, 1), client);
    trie.add(subscription("+", Qos.AT_MOST_ONCE, 2), client);
    trie.add(subscription("#", Qos.AT_LEAST_ONCE, 3), client);
    trie.add(noLocal("a/#", Qos.EXACTLY_ONCE, 4), client);

    router.receivers(topic("a"), true, other, receivers);
    assertEquals(1, receivers.size());
    assertEquals(Qos.EXACTLY_ONCE, receivers.get(0).maximumQos());
    assertEquals(4, receivers.get(0).subscriptionIdentifiers().length);
    assertFalse(receivers.get(0).noLocal());

    router.receivers(topic("a"), true, client, receivers);
    assertEquals(1, receivers.size());
    assertEquals(Qos.AT_LEAST_ONCE, receivers.get(0).maximumQos());
    int[] identifiers = receivers.get(0).subscriptionIdentifiers().clone();
    Arrays.sort(identifiers);
    assertArrayEquals(new int[] {2, 3}, identifiers);
  }

  @Test
  void noLocalOnAllOverlappingSubscriptionsLeavesNothing() {
    trie.add(noLocal("a", Qos.EXACTLY_ONCE, 1), client);
    trie.add(noLocal("#", Qos.AT_MOST_ONCE, 2), client);

    assertReceivers(List.of(), client);
    assertReceivers(List.of("client"), other);
    assertTrue(router.route(topic("a")).delivery(0).noLocal());
    assertNull(router.route(topic("a")).delivery(0).forOwnMessages());
  }

  private void assertReceivers(List<String> expected, @Nullable FakeSubscriber publisher) {
    router.receivers(topic("a"), true, publisher, receivers);
    List<String> actual = new ArrayList<>();
    for (int i = 0; i < receivers.size(); i++) {
      actual.add(receivers.get(i).subscriber().clientId());
    }
    actual.sort(null);
    assertEquals(expected, actual);
  }

  @Test
  void oneMemberOfEachGroupGetsAMessageBesideItsOwnSubscription() {
    trie.add(subscription("$share/g/a"), client);
    trie.add(subscription("$share/h/#"), client);
    trie.add(subscription("a"), client);

    assertReceivers(List.of("client", "client", "client"), client);
    assertEquals("g", sharedNames().getFirst());
    assertEquals(List.of("g", "h"), sharedNames());
  }

  private List<String> sharedNames() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < receivers.size(); i++) {
      SharedGroup group = receivers.get(i).group();
      if (group != null) {
        names.add(group.shareName());
      }
    }
    names.sort(null);
    return names;
  }

  @Test
  void servesARepeatedTopicFromTheCache() {
    trie.add(subscription("a/b"), client);

    Route first = router.route(topic("a/b"));

    assertSame(first, router.route(topic("a/b")), "an equal topic, not the same object");
    assertEquals(1, router.cachedTopics());
  }

  @Test
  void cachesThatNobodyReceives() {
    Route first = router.route(topic("a/b"));

    assertTrue(first.isEmpty());
    assertEquals(1, router.cachedTopics());
    trie.add(subscription("a/b"), client);
    assertEquals(1, router.route(topic("a/b")).size());
  }

  @Test
  void seesEveryChangeThatMatters() {
    for (String filter :
        List.of(
            "a/b", "a/b/#", "a/b/+", "a/+", "a/+/#", "a/#", "+/b", "+/+", "#", "+/#", "a/b/c")) {
      for (String name : List.of("a/b", "a/b/c", "a", "b")) {
        boolean before = router.route(topic(name)).isEmpty();
        assertTrue(before);
        trie.add(subscription(filter), client);
        boolean matches = subscription(filter).filter().matches(topic(name));
        assertEquals(matches, !router.route(topic(name)).isEmpty(), filter + " for " + name);
        remove(trie, filter, client);
        assertTrue(router.route(topic(name)).isEmpty(), filter + " for " + name);
      }
    }
  }

  @Test
  void changesBelowOtherTopicsLeaveARouteInTheCache() {
    trie.add(subscription("devices/1/state"), client);
    trie.add(subscription("devices/1/state/#"), other);
    Route first = router.route(topic("devices/1/state"));

    trie.add(subscription("devices/2/state"), other);
    trie.add(subscription("other/+"), other);
    assertSame(first, router.route(topic("devices/1/state")));

    trie.add(subscription("devices/1/+"), other);
    assertNotSame(first, router.route(topic("devices/1/state")));
  }

  @Test
  void seesAMemberThatJoinsAGroup() {
    trie.add(subscription("$share/g/a"), client);
    assertReceivers(List.of("client"), null);
    remove(trie, "$share/g/a", client);
    trie.add(subscription("$share/g/a"), other);
    assertReceivers(List.of("other"), null);
  }

  @Test
  void cacheIsBoundedInTopics() {
    for (int i = 0; i < 10 * TOPICS_MAX; i++) {
      router.route(topic("t/" + i));
    }
    assertTrue(router.cachedTopics() <= TOPICS_MAX, () -> router.cachedTopics() + " topics");
    assertTrue(router.cachedTopics() > TOPICS_MAX / 2, () -> router.cachedTopics() + " topics");
  }

  @Test
  void cacheIsBoundedInBytes() {
    for (int i = 0; i < 500; i++) {
      trie.add(subscription("big/#"), new FakeSubscriber("c" + i));
    }
    for (int i = 0; i < 2 * TOPICS_MAX; i++) {
      assertEquals(500, router.route(topic("big/" + i)).size());
      assertTrue(router.cachedBytes() <= BYTES_MAX, () -> router.cachedBytes() + " bytes");
    }
    assertTrue(router.cachedTopics() > 1);
  }

  @Test
  void routeLargerThanTheCacheIsFoundEachTime() {
    for (int i = 0; i < BYTES_MAX / Integer.BYTES; i++) {
      trie.add(subscription("big"), new FakeSubscriber("c" + i));
    }
    Route first = router.route(topic("big"));

    assertEquals(0, router.cachedTopics());
    assertNotSame(first, router.route(topic("big")));
    assertEquals(first.size(), router.route(topic("big")).size());
  }
}

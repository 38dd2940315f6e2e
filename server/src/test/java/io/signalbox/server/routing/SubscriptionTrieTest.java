package io.signalbox.server.routing;

import static io.signalbox.server.routing.Subscriptions.remove;
import static io.signalbox.server.routing.Subscriptions.subscription;
import static io.signalbox.server.routing.Subscriptions.topic;
import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.Spec;
import io.signalbox.server.packet.Qos;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubscriptionTrieTest {
  private final SubscriptionTrie trie = new SubscriptionTrie();
  private final RouteFinder finder = new RouteFinder(trie.root());
  private final FakeSubscriber client = new FakeSubscriber("client");

  @ParameterizedTest
  @CsvSource({
    "a, a, true",
    "a, b, false",
    "a, a/b, false",
    "a/b, a, false",
    "+, a, true",
    "+, a/b, false",
    "+, /a, false",
    "+/+, /a, true",
    "/+, /a, true",
    "/+, a, false",
    "a/+, a/, true",
    "a/+, a, false",
    "a/+/c, a/b/c, true",
    "a/+/c, a//c, true",
    "a/+/c, a/b/d, false",
    "+/b/+/d, a/b/c/d, true",
    "+/b/+/d, a/b/c/d/e, false",
    "#, a, true",
    "#, a/b/c, true",
    "#, /, true",
    "a/#, a, true",
    "a/#, a/b/c, true",
    "a/#, ab, false",
    "a/+/#, a, false",
    "a/+/#, a/b, true",
    "+/#, a, true",
    "/#, /, true",
    "/#, a, false",
    "/, /, true",
    "//, //, true",
    "//, /, false",
    "#, $SYS/uptime, false",
    "+/uptime, $SYS/uptime, false",
    "+/#, $SYS, false",
    "$SYS/#, $SYS/uptime, true",
    "$SYS/+, $SYS/uptime, true",
    "a/+, a/$x, true",
    "Sensor, sensor, false",
    "über/+, über/ß, true",
  })
  @Spec(value = "MQTT-4.7.2-1", v3 = "MQTT-4.7.2-1")
  @Behaviour(174)
  void matchesAsTheStandardSays(String filter, String name, boolean expected) {
    trie.add(subscription(filter), client);

    assertEquals(expected, !finder.find(topic(name)).isEmpty());
  }

  @Test
  void agreesWithComparingEveryFilterLevelByLevel() {
    for (int seed = 0; seed < 40; seed++) {
      agreesWithNaiveMatching(seed);
    }
  }

  /** Adds and removes at random, and asks for random topics all the while. */
  private static void agreesWithNaiveMatching(int seed) {
    var random = new Random(seed);
    var trie = new SubscriptionTrie();
    var finder = new RouteFinder(trie.root());
    List<FakeSubscriber> clients =
        IntStream.range(0, 5).mapToObj(i -> new FakeSubscriber("client" + i)).toList();
    Map<FakeSubscriber, Set<String>> expected = new HashMap<>();
    clients.forEach(c -> expected.put(c, new TreeSet<>()));
    for (int step = 0; step < 600; step++) {
      FakeSubscriber who = clients.get(random.nextInt(clients.size()));
      Set<String> filters = expected.getOrDefault(who, Set.of());
      if (random.nextInt(5) < (step < 300 ? 3 : 2) || filters.isEmpty()) {
        String filter = randomLevels(random, true);
        assertEquals(filters.add(filter), trie.add(subscription(filter), who), filter);
      } else {
        String filter = List.copyOf(filters).get(random.nextInt(filters.size()));
        filters.remove(filter);
        assertTrue(remove(trie, filter, who), filter);
        assertFalse(remove(trie, filter, who), filter);
      }
      String name = randomLevels(random, false);
      assertEquals(
          naiveReceivers(expected, name),
          receivers(finder.find(topic(name))),
          () -> "seed " + seed + ", topic " + name + ", filters " + expected);
    }
    assertEquals(expected.values().stream().mapToInt(Set::size).sum(), trie.size());
    expected.forEach((who, filters) -> filters.forEach(f -> remove(trie, f, who)));
    assertEquals(0, trie.size());
    assertEquals(0, trie.nodes());
  }

  private static String randomLevels(Random random, boolean wildcards) {
    String[] words = {"a", "b", "ab", "", "$SYS", "longer-level-name"};
    int levels = 1 + random.nextInt(5);
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < levels; i++) {
      boolean last = i == levels - 1;
      int kind = wildcards ? random.nextInt(6) : 5;
      if (kind == 0) {
        parts.add("+");
      } else if (kind == 1 && last) {
        parts.add("#");
      } else {
        parts.add(words[random.nextInt(words.length)]);
      }
    }
    String joined = String.join("/", parts);
    return joined.isEmpty() ? "a" : joined;
  }

  private static Set<String> naiveReceivers(
      Map<FakeSubscriber, Set<String>> subscribed, String name) {
    Set<String> receivers = new TreeSet<>();
    subscribed.forEach(
        (who, filters) -> {
          if (filters.stream()
              .anyMatch(f -> naivelyMatches(f.split("/", -1), name.split("/", -1)))) {
            receivers.add(who.clientId());
          }
        });
    return receivers;
  }

  private static boolean naivelyMatches(String[] filter, String[] name) {
    if (name[0].startsWith("$") && (filter[0].equals("+") || filter[0].equals("#"))) {
      return false;
    }
    for (int i = 0; i < filter.length; i++) {
      if (filter[i].equals("#")) {
        return true;
      }
      if (i == name.length || !(filter[i].equals("+") || filter[i].equals(name[i]))) {
        return false;
      }
    }
    return filter.length == name.length;
  }

  /** Fails when a client is there twice. */
  private static Set<String> receivers(Route route) {
    Set<String> receivers = new TreeSet<>();
    for (int i = 0; i < route.size(); i++) {
      assertTrue(receivers.add(route.delivery(i).subscriber().clientId()), "receives twice");
    }
    return receivers;
  }

  @Test
  void resubscribingReplacesOptionsAndIdentifier() {
    assertTrue(trie.add(subscription("a/+", Qos.AT_MOST_ONCE, 7), client));
    assertFalse(trie.add(subscription("a/+", Qos.EXACTLY_ONCE, 0), client));

    Route route = finder.find(topic("a/b"));
    assertEquals(1, route.size());
    assertEquals(Qos.EXACTLY_ONCE, route.delivery(0).maximumQos());
    assertEquals(0, route.delivery(0).subscriptionIdentifiers().length);
    assertEquals(1, trie.size());
  }

  @Test
  void resubscribingReplacesOptionsAmongManyClients() {
    for (int i = 0; i < 50; i++) {
      trie.add(subscription("a"), new FakeSubscriber("other" + i));
    }
    trie.add(subscription("a", Qos.AT_LEAST_ONCE, 0), client);
    trie.add(subscription("a", Qos.EXACTLY_ONCE, 0), client);

    Route route = finder.find(topic("a"));
    assertEquals(51, route.size());
    assertEquals(Qos.EXACTLY_ONCE, deliveryTo(client, route).maximumQos());
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
  void removingWhatWasNeverSubscribedChangesNothing() {
    trie.add(subscription("a/b/c"), client);
    trie.add(subscription("$share/g/a/b"), client);

    for (String filter : List.of("a", "a/b", "a/b/c/d", "a/b/#", "a/b/d", "#", "$share/h/a/b")) {
      assertFalse(remove(trie, filter, client), filter);
    }
    assertFalse(remove(trie, "a/b/c", new FakeSubscriber("other")));
    assertEquals(2, trie.size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"#", "+", "/", "//", "a", "+/#", "/#", "a/+/b/#", "$share/g/#", "$share/g/a/b"})
  @Behaviour({179, 300})
  void leavesNothingBehindAfterTheLastUnsubscribe(String filter) {
    assertTrue(trie.add(subscription(filter), client));
    assertTrue(remove(trie, filter, client));

    assertEquals(0, trie.nodes());
    assertTrue(trie.root().isLeaf());
    assertTrue(trie.root().isAudienceEmpty());
  }

  @Test
  void oneNodeHoldsAChainOfLevels() {
    trie.add(subscription("a/b/c/d/e/f/g/h/i/j"), client);

    assertEquals(1, trie.nodes());
  }

  @Test
  void splitsAtLevelsAndJoinsAgain() {
    trie.add(subscription("a/b/c/d"), client);
    trie.add(subscription("a/b/cc/d"), client);
    assertEquals(3, trie.nodes(), "a/b, c/d, cc/d");
    trie.add(subscription("a"), client);
    assertEquals(4, trie.nodes(), "a, b, c/d, cc/d");

    remove(trie, "a/b/cc/d", client);
    assertEquals(2, trie.nodes(), "a, b/c/d");
    remove(trie, "a", client);
    assertEquals(1, trie.nodes(), "a/b/c/d");
    assertFalse(finder.find(topic("a/b/c/d")).isEmpty());
  }

  @Test
  void takesAHundredThousandClientsOnOneFilter() {
    int count = 100_000;
    List<FakeSubscriber> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      clients.add(new FakeSubscriber("c" + i));
      trie.add(subscription("news/#"), clients.get(i));
    }
    assertEquals(count, finder.find(topic("news/today")).size());
    assertEquals(1, trie.nodes());

    Collections.shuffle(clients, new Random(1));
    for (FakeSubscriber gone : clients.subList(0, count - 3)) {
      assertTrue(remove(trie, "news/#", gone));
    }
    Set<String> left =
        clients.subList(count - 3, count).stream()
            .map(FakeSubscriber::clientId)
            .collect(toCollection(HashSet::new));
    assertEquals(left, receivers(finder.find(topic("news/today"))));
    clients.subList(count - 3, count).forEach(c -> remove(trie, "news/#", c));
    assertEquals(0, trie.nodes());
  }

  @Test
  @Behaviour({110, 300})
  void takesTheDeepestFiltersThereAre() {
    String slashes = "/".repeat(65_535);
    String pluses = "+/".repeat(32_767) + "+";
    trie.add(subscription(slashes), client);
    trie.add(subscription(pluses), client);
    String prefix = "";
    for (int i = 0; i < 3_000; i++) {
      trie.add(subscription(prefix + "+"), client); // a node below a node, 3,000 deep
      prefix += "+/";
    }

    assertEquals(1, finder.find(topic(slashes)).size());
    assertEquals(1, finder.find(topic("a/".repeat(32_767) + "a")).size());
    assertEquals(1, finder.find(topic("a/".repeat(2_999) + "a")).size());
    assertTrue(finder.find(topic("a/".repeat(3_000) + "a")).isEmpty());
    remove(trie, slashes, client);
    assertTrue(finder.find(topic(slashes)).isEmpty());
  }

  @Test
  @Behaviour({73, 300})
  void removesAllSubscriptionsOfASession() {
    List<Subscription> all =
        List.of(subscription("a/b"), subscription("a/#"), subscription("$share/g/a/b"));
    all.forEach(s -> trie.add(s, client));

    trie.removeAll(all, client);

    assertEquals(0, trie.size());
    assertEquals(0, trie.nodes());
  }

  @Test
  void groupsWithOneFilterAndOneNameAreTheSame() {
    var other = new FakeSubscriber("other");
    trie.add(subscription("$share/g/a"), client);
    trie.add(subscription("$share/g/a"), other);
    trie.add(subscription("$share/h/a"), other);
    trie.add(subscription("$share/i/a"), other);
    trie.add(subscription("$share/g/+"), other);
    trie.add(subscription("a"), other);

    Route route = finder.find(topic("a"));
    assertEquals(1, route.size());
    assertEquals(4, route.groupCount());
    remove(trie, "$share/h/a", other);
    remove(trie, "$share/g/a", other);
    assertEquals(3, finder.find(topic("a")).groupCount());
    remove(trie, "$share/g/a", client);
    remove(trie, "$share/i/a", other);
    assertEquals(1, finder.find(topic("a")).groupCount());
    assertEquals(1, finder.find(topic("a")).size());
  }
}

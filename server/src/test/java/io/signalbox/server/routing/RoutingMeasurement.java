package io.signalbox.server.routing;

import static io.signalbox.server.routing.Subscriptions.remove;
import static io.signalbox.server.routing.Subscriptions.subscription;
import static io.signalbox.server.routing.Subscriptions.topic;

import io.signalbox.server.topic.TopicName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;

/**
 * Measures the subscription index with a million subscriptions: heap per subscription, subscribes
 * and unsubscribes a second, match with about ten receivers, cached match. Not a test: run with
 * {@code java -Xmx4g -XX:+UseSerialGC -cp target/test-classes:target/classes:...
 * io.signalbox.server.routing.RoutingMeasurement [SUBSCRIPTIONS]}.
 */
public final class RoutingMeasurement {
  private static final int CLIENTS = 10_000;
  private static final int ROUNDS = 5;

  private RoutingMeasurement() {}

  public static void main(String[] args) throws InterruptedException {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
    List<FakeSubscriber> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(new FakeSubscriber("client-" + i));
    }
    List<Subscription> subscriptions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      subscriptions.add(subscription(filter(i)));
    }
    Collections.shuffle(subscriptions, new Random(1));
    for (int round = 0; round < ROUNDS; round++) {
      long before = usedHeap();
      var trie = new SubscriptionTrie();
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        trie.add(subscriptions.get(i), clients.get(i % CLIENTS));
      }
      long subscribed = System.nanoTime() - start;
      long heap = usedHeap() - before;
      System.out.printf(
          Locale.ROOT,
          "heap: %d bytes a subscription, %d nodes%n",
          heap / trie.size(),
          trie.nodes());
      System.out.printf(Locale.ROOT, "subscribe: %,d a second%n", perSecond(count, subscribed));
      var watcher = 0;
      for (String filter : broadFilters()) {
        trie.add(subscription(filter), clients.get(watcher++));
      }
      match(trie, topics(count / 10, 10_000), "10,000 topics");
      match(trie, topics(count / 10, 100), "100 topics");
      watcher = 0;
      for (String filter : broadFilters()) {
        remove(trie, filter, clients.get(watcher++));
      }
      start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        Subscription s = subscriptions.get(i);
        trie.remove(s.filter(), s.shareName(), clients.get(i % CLIENTS));
      }
      System.out.printf(
          Locale.ROOT, "unsubscribe: %,d a second%n", perSecond(count, System.nanoTime() - start));
      System.out.printf(
          Locale.ROOT,
          "left: %d subscriptions, %d nodes, %d bytes%n",
          trie.size(),
          trie.nodes(),
          usedHeap() - before);
    }
  }

  /**
   * A plant with lines of ten levels each: of each ten filters six are exact and ten levels deep,
   * and two have a plus, one ends in a hash, one is shared.
   */
  private static String filter(int i) {
    int device = i / 10;
    String base = name(device);
    return switch (i % 10) {
      case 0 -> base.replaceFirst("/cell-\\d+/", "/+/");
      case 1 -> base.replaceFirst("/value$", "/+");
      case 2 -> base.replaceFirst("/sensor/.*", "/#");
      case 3 -> "$share/group-" + i % 7 + "/" + base;
      default -> base.replaceFirst("value$", "value" + i % 10);
    };
  }

  private static String name(int device) {
    return "site-%d/hall-%d/line-%d/cell-%d/robot-%d/axis-%d/sensor/unit-%d/channel-%d/value"
        .formatted(
            device % 7,
            device / 7 % 11,
            device / 77 % 13,
            device / 1001 % 10,
            device,
            device % 6,
            device % 5,
            device % 3);
  }

  private static List<TopicName> topics(int devices, int count) {
    var random = new Random(2);
    List<TopicName> topics = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      topics.add(topic(name(random.nextInt(devices))));
    }
    return topics;
  }

  /** What those who watch everything subscribe to: with these about ten clients receive a topic. */
  private static List<String> broadFilters() {
    List<String> broad = new ArrayList<>(List.of("#", "+/+/+/+/+/+/sensor/+/+/value"));
    for (int site = 0; site < 7; site++) {
      broad.add("site-" + site + "/#");
      for (int hall = 0; hall < 11; hall++) {
        broad.add("site-" + site + "/hall-" + hall + "/#");
      }
    }
    for (int hall = 0; hall < 11; hall++) {
      broad.add("+/hall-" + hall + "/#");
    }
    for (int line = 0; line < 13; line++) {
      broad.add("+/+/line-" + line + "/#");
    }
    return broad;
  }

  private static void match(SubscriptionTrie trie, List<TopicName> topics, String kind) {
    var finder = new RouteFinder(trie.root());
    measure("match, " + kind, topics, finder::find);
    var router = new Router(trie, 4 * topics.size(), 64L << 20);
    measure("match and fill the cache, " + kind, topics, router::route);
    measure("cached, same topic object, " + kind, topics, router::route);
    List<TopicName> copies = topics.stream().map(t -> topic(t.toString())).toList();
    measure("cached, equal topic object, " + kind, copies, router::route);
  }

  private static void measure(
      String what, List<TopicName> topics, Function<TopicName, Route> find) {
    long receivers = 0;
    int passes = Math.max(1, 200_000 / topics.size());
    long start = System.nanoTime();
    for (int pass = 0; pass < passes; pass++) {
      for (TopicName topic : topics) {
        Route route = find.apply(topic);
        receivers += route.size() + route.groupCount();
      }
    }
    long nanos = System.nanoTime() - start;
    int matches = passes * topics.size();
    System.out.printf(
        Locale.ROOT,
        "%s: %d ns, %.1f receivers%n",
        what,
        nanos / matches,
        (double) receivers / matches);
  }

  private static long perSecond(int count, long nanos) {
    return Math.round(count * 1e9 / nanos);
  }

  private static long usedHeap() throws InterruptedException {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(20);
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}

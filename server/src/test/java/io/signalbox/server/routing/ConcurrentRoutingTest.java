package io.signalbox.server.routing;

import static io.signalbox.server.routing.Subscriptions.remove;
import static io.signalbox.server.routing.Subscriptions.subscription;
import static io.signalbox.server.routing.Subscriptions.topic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Writers and readers at once: what a reader must see whatever happens beside it. */
class ConcurrentRoutingTest {
  private static final int WRITERS = 3;
  private static final int READERS = 2;
  private static final int STEPS = 30_000;

  private final SubscriptionTrie trie = new SubscriptionTrie();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final CountDownLatch writing = new CountDownLatch(WRITERS);

  @Test
  void standingSubscriptionsAreFoundWhileOthersComeAndGo() throws InterruptedException {
    var standing = new FakeSubscriber("standing");
    for (String filter : List.of("a/b/c/d", "x/+/z", "m/#")) {
      trie.add(subscription(filter), standing);
    }
    long nodes = trie.nodes();
    List<Thread> threads = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      int seed = w;
      threads.add(start(() -> comeAndGo(seed)));
    }
    for (int r = 0; r < READERS; r++) {
      threads.add(start(() -> expectStanding(standing)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (failure.get() != null) {
      throw new AssertionError(failure.get());
    }
    assertEquals(3, trie.size());
    assertEquals(nodes, trie.nodes());
  }

  private Thread start(Runnable body) {
    return Thread.ofPlatform()
        .start(
            () -> {
              try {
                body.run();
              } catch (Throwable e) {
                failure.compareAndSet(null, e);
              }
            });
  }

  /** Filters around the standing ones, so that their nodes are split, joined and moved. */
  private void comeAndGo(int seed) {
    try {
      var random = new Random(seed);
      var client = new FakeSubscriber("writer" + seed);
      var router = new Router(trie, 64, 1 << 20);
      String[] filters = {
        "a",
        "a/b",
        "a/b/c",
        "a/b/c/e",
        "a/b/c/d",
        "a/b/c/d/e",
        "a/+/c/d",
        "a/#",
        "x/y/z",
        "x/+/+",
        "x/+",
        "+/+/z",
        "m/n/o",
        "m",
        "m/+",
        "$share/g/a/b/c/d",
        "$share/g/x/+/z",
        "#"
      };
      Set<String> subscribed = new HashSet<>();
      for (int step = 0; step < STEPS; step++) {
        String filter = filters[random.nextInt(filters.length)];
        if (subscribed.remove(filter)) {
          assertTrue(remove(trie, filter, client), filter);
        } else {
          assertTrue(trie.add(subscription(filter, Qos.AT_LEAST_ONCE, 1 + step), client), filter);
          subscribed.add(filter);
        }
        expectOwn(router, client, subscribed, "a/b/c/d");
        expectOwn(router, client, subscribed, "x/y/z");
      }
      for (String filter : subscribed) {
        assertTrue(remove(trie, filter, client), filter);
      }
    } finally {
      writing.countDown();
    }
  }

  /** A writer sees its own changes at once, through its cache. */
  private static void expectOwn(
      Router router, FakeSubscriber client, Set<String> subscribed, String name) {
    TopicName topic = topic(name);
    int expected = 0;
    for (String filter : subscribed) {
      Subscription subscription = subscription(filter);
      if (subscription.shareName() == null && subscription.filter().matches(topic)) {
        expected++;
      }
    }
    int identifiers = 0;
    Route route = router.route(topic);
    for (int i = 0; i < route.size(); i++) {
      if (route.delivery(i).isFor(client)) {
        identifiers += route.delivery(i).subscriptionIdentifiers().length;
      }
    }
    assertEquals(expected, identifiers, () -> name + " with " + subscribed);
  }

  private void expectStanding(FakeSubscriber standing) {
    var router = new Router(trie, 64, 1 << 20);
    var receivers = new Receivers();
    TopicName[] topics = {topic("a/b/c/d"), topic("x/y/z"), topic("m"), topic("m/n/o/p")};
    while (writing.getCount() > 0) {
      for (TopicName topic : topics) {
        router.receivers(topic, true, null, receivers);
        Set<Subscriber> own = new HashSet<>();
        for (int i = 0; i < receivers.size(); i++) {
          if (receivers.get(i).group() == null) {
            assertTrue(own.add(receivers.get(i).subscriber()), "one client twice");
          }
        }
        assertTrue(own.contains(standing), () -> "standing subscription missed for " + topic);
      }
    }
  }

  @Test
  void aReplacedSubscriptionIsThereAtEveryMoment() throws InterruptedException {
    var client = new FakeSubscriber("client");
    for (int i = 0; i < 20; i++) {
      trie.add(subscription("a"), new FakeSubscriber("other" + i));
    }
    trie.add(subscription("a", Qos.AT_MOST_ONCE, 1), client);
    List<Thread> threads = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      int seed = w;
      threads.add(
          start(
              () -> {
                var come = new FakeSubscriber("come" + seed);
                for (int i = 0; i < STEPS; i++) {
                  trie.add(subscription("a", Qos.of(i % 3), 1 + i % 3), client);
                  trie.add(subscription("a"), come);
                  remove(trie, "a", come);
                }
                writing.countDown();
              }));
    }
    for (int r = 0; r < READERS; r++) {
      threads.add(
          start(
              () -> {
                var finder = new RouteFinder(trie.root());
                while (writing.getCount() > 0) {
                  Route route = finder.find(topic("a"));
                  int found = 0;
                  for (int i = 0; i < route.size(); i++) {
                    Delivery delivery = route.delivery(i);
                    if (delivery.isFor(client)) {
                      found++;
                      assertEquals(
                          delivery.maximumQos().value(),
                          delivery.subscriptionIdentifiers()[0] - 1,
                          "options of one subscribe, identifier of another");
                    }
                  }
                  assertEquals(1, found);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (failure.get() != null) {
      throw new AssertionError(failure.get());
    }
  }
}

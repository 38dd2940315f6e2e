package io.signalbox.benchmarks.broker;

import io.signalbox.server.routing.Route;
import io.signalbox.server.routing.Router;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.topic.TopicName;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The receivers of a topic among a million subscriptions, and a change of them. Topics come in
 * random order from 8,192, so that most of what a search touches is in no near cache of the
 * processor.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Match {
  private static final int TOPICS = 8_192;

  /** All subscriptions. */
  @State(Scope.Benchmark)
  public static class Index {
    /** How many. */
    @Param("1000000")
    public int subscriptions;

    private final SubscriptionTrie trie = new SubscriptionTrie();
    private Fleet fleet;

    /** Subscribes. */
    @Setup
    public void subscribe() {
      fleet = new Fleet(subscriptions);
      Kind.ALL.forEach(kind -> fleet.subscribe(kind, trie));
    }
  }

  /** A thread that publishes. */
  @State(Scope.Thread)
  public static class Publisher {
    /** To what. */
    @Param public Kind kind;

    private final TopicName[] topics = new TopicName[TOPICS];
    private Router searching;
    private Router caching;
    private int at;

    /** Chooses topics; the cache knows them. */
    @Setup
    public void prepare(Index index) {
      var random = new SplittableRandom(1);
      searching = new Router(index.trie, 2, 0);
      caching = new Router(index.trie, 4 * TOPICS, 64L << 20);
      int devices = index.fleet.devices(kind);
      for (int i = 0; i < TOPICS; i++) {
        topics[i] = kind.topic(random.nextInt(devices));
        Route route = caching.route(topics[i]);
        int receivers = route.size() + route.groupCount();
        if (receivers != kind.filtersEach()) {
          throw new IllegalStateException(topics[i] + " has " + receivers + " receivers");
        }
      }
    }

    private TopicName next() {
      return topics[at++ & (TOPICS - 1)];
    }
  }

  /** A thread that subscribes. */
  @State(Scope.Thread)
  public static class Subscribing {
    private final Subscription[] added = new Subscription[TOPICS];
    private final Client client = new Client("comes and goes");
    private int at;

    /** New filters, in the neighbourhood of those that are there. */
    @Setup
    public void prepare(Index index) {
      var random = new SplittableRandom(2);
      for (int i = 0; i < TOPICS; i++) {
        int device = random.nextInt(index.fleet.devices(Kind.PLAIN));
        added[i] = Kind.subscription(Kind.PLAIN.topic(device) + "/of/" + i);
      }
    }

    private void change(SubscriptionTrie trie) {
      Subscription subscription = added[at++ & (TOPICS - 1)];
      trie.add(subscription, client);
      trie.remove(subscription.filter(), subscription.shareName(), client);
    }
  }

  /** A look into the tree, as for a topic that no cache knows. */
  @Benchmark
  public Route search(Publisher publisher) {
    return publisher.searching.route(publisher.next());
  }

  /** As for a topic that was published to lately. */
  @Benchmark
  public Route cached(Publisher publisher) {
    return publisher.caching.route(publisher.next());
  }

  /** One SUBSCRIBE and one UNSUBSCRIBE. */
  @Benchmark
  public void subscribeAndUnsubscribe(Index index, Subscribing subscribing) {
    subscribing.change(index.trie);
  }

  /** Searches while another thread changes the tree without a pause: nobody waits for it. */
  @Benchmark
  @BenchmarkMode(Mode.SampleTime)
  @Group("storm")
  public Route searchInStorm(Publisher publisher) {
    return publisher.searching.route(publisher.next());
  }

  @Benchmark
  @BenchmarkMode(Mode.SampleTime)
  @Group("storm")
  public void changeInStorm(Index index, Subscribing subscribing) {
    subscribing.change(index.trie);
  }
}

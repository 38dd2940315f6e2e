package io.signalbox.benchmarks.policies;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.SubscribeDecision;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Decisions, each timed alone: what counts is the percentile p0.50. "Client" is the same one all
 * the time, as in a connection that sends a burst; "fleet" is another one each time, whose rules no
 * cache of the processor holds. The topic has just been read, as a broker has just read it from a
 * socket.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class Decisions {
  /** The policies, and all clients bound. */
  @State(Scope.Benchmark)
  public static class Bound {
    /** full: 10,000 policies, 100,000 clients; small: a hundredth. */
    @Param("full")
    public String scale;

    private Fleet fleet;
    private BoundPolicies[] clients;
    private byte[][] own;

    /** Binds. */
    @Setup
    public void bind() {
      int hundredths = scale.equals("full") ? 100 : 1;
      fleet = new Fleet(100 * hundredths);
      PolicyBundle bundle = fleet.bundle();
      clients = new BoundPolicies[1_000 * hundredths];
      own = new byte[clients.length][];
      for (int i = 0; i < clients.length; i++) {
        clients[i] = bundle.bind(fleet.subject(i));
        own[i] = utf8(fleet.topic(i, "data/temperature/1"));
      }
    }
  }

  /** One client that goes on. */
  @State(Scope.Thread)
  public static class Client {
    private BoundPolicies client;
    private byte[] same;
    private byte[] others;
    private String filter;
    private final byte[][] topics = new byte[1_024][];
    private byte[] next;
    private int at;

    /** Its topics. */
    @Setup
    public void prepare(Bound bound) {
      int device = bound.clients.length / 2;
      client = bound.clients[device];
      same = bound.own[device];
      others = bound.own[device + 1];
      filter = bound.fleet.topic(device, "cmd/#");
      for (int i = 0; i < topics.length; i++) {
        topics[i] = utf8(bound.fleet.topic(device, "data/sensor-%d/%d".formatted(i % 7, i)));
      }
    }

    /** Another topic. */
    @Setup(Level.Invocation)
    public void next() {
      next = topics[at++ & (topics.length - 1)];
      touch(next);
    }
  }

  /** Another client each time. */
  @State(Scope.Thread)
  public static class Random {
    private final SplittableRandom random = new SplittableRandom(1);
    private BoundPolicies[] clients;
    private byte[][] own;
    private int index;
    private byte[] topic;

    /** All of them. */
    @Setup
    public void prepare(Bound bound) {
      clients = bound.clients;
      own = bound.own;
    }

    /** Some client. */
    @Setup(Level.Invocation)
    public void next() {
      index = random.nextInt(clients.length);
      topic = own[index];
      touch(topic);
    }
  }

  /** A ring through 64 MiB in random order: what one read costs that no cache holds. */
  @State(Scope.Thread)
  public static class Ring {
    private final int[] next = new int[1 << 24];
    private int at;

    /** Ties it. */
    @Setup
    public void tie() {
      int[] order = new int[next.length / 16];
      for (int i = 0; i < order.length; i++) {
        order[i] = i * 16;
      }
      SplittableRandom random = new SplittableRandom(1);
      for (int i = order.length - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
      }
      for (int i = 0; i < order.length; i++) {
        next[order[i]] = order[(i + 1) % order.length];
      }
    }
  }

  @Benchmark
  public boolean clientSameTopic(Client c) {
    return c.client.allowsPublish(c.same, 0, c.same.length, 1, false, 100);
  }

  @Benchmark
  public boolean clientNewTopic(Client c) {
    return c.client.allowsPublish(c.next, 0, c.next.length, 1, false, 100);
  }

  @Benchmark
  public Decision clientDenied(Client c) {
    return c.client.decidePublish(c.others, 0, c.others.length, 1, false, 100);
  }

  @Benchmark
  public SubscribeDecision clientSubscribe(Client c) {
    return c.client.decideSubscribe(c.filter, 1, null);
  }

  @Benchmark
  public boolean fleetAllowed(Random r) {
    return r.clients[r.index].allowsPublish(r.topic, 0, r.topic.length, 1, false, 100);
  }

  @Benchmark
  public Decision fleetDenied(Random r) {
    return r.clients[r.index].decidePublish(r.topic, 0, r.topic.length, 2, false, 100);
  }

  @Benchmark
  public int memoryStep(Ring ring) {
    ring.at = ring.next[ring.at];
    return ring.at;
  }

  @Benchmark
  public int nothing(Ring ring) {
    return ring.at;
  }

  private static void touch(byte[] topic) {
    int sum = 0;
    for (byte b : topic) {
      sum += b;
    }
    if (sum == 0) {
      throw new IllegalStateException("no topic sums up to nothing");
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

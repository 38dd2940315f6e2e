package io.signalbox.server.store;

import com.google.errorprone.annotations.FormatMethod;
import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.retained.RefusalWatch;
import io.signalbox.server.retained.RetainedMessages;
import io.signalbox.server.routing.Message;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Measures the store on the machine it runs on; not a test. Arguments: seconds for each case, and
 * optionally the directory to use. Run it as CONTRIBUTING.md says for measurements.
 */
final class StoreMeasurement {
  private static final int SESSIONS = 1_000;
  private static final int PAYLOAD_BYTES = 200;

  private final double seconds;
  private final Path base;

  private StoreMeasurement(double seconds, Path base) {
    this.seconds = seconds;
    this.base = base;
  }

  public static void main(String[] arguments) throws Exception {
    double seconds = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 3;
    Path base =
        arguments.length > 1
            ? Path.of(arguments[1])
            : Files.createTempDirectory("signalbox-store-measurement");
    var measurement = new StoreMeasurement(seconds, base);
    for (int outstanding : new int[] {1, 100, 1_000, 10_000}) {
      measurement.publish("offline sessions", outstanding, After.NOTHING);
    }
    for (int outstanding : new int[] {1, 100, 1_000, 10_000}) {
      measurement.publish("acknowledged after commit", outstanding, After.DEQUEUE);
    }
    for (int outstanding : new int[] {100, 1_000, 10_000}) {
      measurement.publish("acknowledged before commit", outstanding, After.DEQUEUED_EARLY);
    }
    measurement.fanOut();
    measurement.retained(10_000);
    measurement.retained(1_000_000);
    measurement.drain();
  }

  private enum After {
    NOTHING,
    DEQUEUE,
    DEQUEUED_EARLY
  }

  private StoreFixture open(String name) throws Exception {
    Path directory = base.resolve(name);
    delete(directory);
    return StoreFixture.open(
        directory,
        new StoreLimits(
            1L << 40, 1L << 50, Overflow.DROP_NEWEST, Long.MAX_VALUE, 1L << 40, 1L << 50));
  }

  private static void delete(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** A closed loop: each answer makes the next publish. */
  private void publish(String name, int outstanding, After after) throws Exception {
    try (var fixture = open("publish")) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession[] sessions = new OpenedSession[SESSIONS];
      for (int i = 0; i < SESSIONS; i++) {
        sessions[i] = fixture.session("device-" + i);
      }
      Message[] messages = new Message[SESSIONS];
      for (int i = 0; i < SESSIONS; i++) {
        messages[i] =
            StoreFixture.message("site/7/device/" + i + "/state", "x".repeat(PAYLOAD_BYTES));
      }
      long[] latencies = new long[1 << 22];
      var random = new SplittableRandom(1);
      var stop = new CountDownLatch(outstanding);
      long warm = System.nanoTime() + (long) (seconds * 0.4e9);
      long end = warm + (long) (seconds * 1e9);
      final class Publisher implements Completion {
        long began;
        int session;
        @Nullable StorePublish publish;

        @Override
        public EventLoop loop() {
          return fixture.loop;
        }

        void submit() {
          began = System.nanoTime();
          session = random.nextInt(SESSIONS);
          publish = StoreFixture.publish(messages[session], sessions[session].number());
          writer.submit(publish, this);
          if (after == After.DEQUEUED_EARLY) {
            writer.submit(
                new Dequeue(sessions[session].number(), sessions[session].epoch(), 0, publish),
                null);
          }
        }

        @Override
        public void completed(@Nullable Object result, @Nullable StoreException failure) {
          long now = System.nanoTime();
          if (failure != null) {
            throw new AssertionError(failure);
          }
          if (now >= warm) {
            latencies[(int) (counted.getAndIncrement() % latencies.length)] = now - began;
          }
          if (after == After.DEQUEUE && publish != null) {
            writer.submit(
                new Dequeue(
                    sessions[session].number(),
                    sessions[session].epoch(),
                    publish.sequence(),
                    null),
                null);
          }
          if (now < end) {
            submit();
          } else {
            stop.countDown();
          }
        }
      }
      counted.set(0);
      long commits = fixture.metrics.storeCommits.value();
      long cpu = cpuNanos();
      long began = System.nanoTime();
      fixture.loop.execute(
          () -> {
            for (int i = 0; i < outstanding; i++) {
              new Publisher().submit();
            }
          });
      stop.await();
      long elapsed = System.nanoTime() - began;
      long n = counted.get();
      int kept = (int) Math.min(n, latencies.length);
      Arrays.sort(latencies, 0, kept);
      print(
          "%-28s %6d outstanding %,9.0f publishes/s  %,6.0f commits/s  p50 %.2f ms  p99 %.2f ms "
              + " %.2f us CPU",
          name,
          outstanding,
          n / seconds,
          (fixture.metrics.storeCommits.value() - commits) / (elapsed / 1e9),
          latencies[kept / 2] / 1e6,
          latencies[(int) (kept * 0.99)] / 1e6,
          (cpuNanos() - cpu) / 1e3 / (n * (elapsed / 1e9) / seconds));
    }
  }

  private final AtomicLong counted = new AtomicLong();

  /** One publish to every session, over and over, then everything acknowledged. */
  private void fanOut() throws Exception {
    try (var fixture = open("fanout")) {
      long[] numbers = new long[SESSIONS];
      for (int i = 0; i < SESSIONS; i++) {
        numbers[i] = fixture.session("device-" + i).number();
      }
      Message message = StoreFixture.message("site/7/news", "x".repeat(PAYLOAD_BYTES));
      int publishes = 500;
      long began = System.nanoTime();
      for (int i = 0; i < publishes; i++) {
        fixture.store.writer().submit(StoreFixture.publish(message, numbers), null);
      }
      fixture.apply(new Barrier());
      double took = (System.nanoTime() - began) / 1e9;
      print(
          "fan-out to %d sessions        %,9.0f rows/s",
          SESSIONS, publishes * (double) SESSIONS / took);
      began = System.nanoTime();
      long first = fixture.queue(numbers[0], 0, 1).rows().getFirst().sequence();
      for (int i = 0; i < publishes; i++) {
        for (long number : numbers) {
          fixture
              .store
              .writer()
              .submit(new Dequeue(number, Command.ANY_EPOCH, first + i, null), null);
        }
      }
      fixture.apply(new Barrier());
      took = (System.nanoTime() - began) / 1e9;
      print("their acknowledgements         %,9.0f rows/s", publishes * (double) SESSIONS / took);
    }
  }

  private void retained(int topics) throws Exception {
    try (var fixture = open("retained")) {
      Message[] messages = new Message[topics];
      for (int i = 0; i < topics; i++) {
        messages[i] =
            StoreFixture.message(
                "site/" + i / 1000 + "/device/" + i % 1000 + "/state", "x".repeat(100));
      }
      StoreWriter writer = fixture.store.writer();
      var random = new SplittableRandom(1);
      if (topics > 100_000) {
        long began = System.nanoTime();
        for (Message message : messages) {
          waitForRoom(writer);
          writer.submit(StoreFixture.retain(message), null);
        }
        fixture.apply(new Barrier());
        print(
            "retained, %,9d new topics %,9.0f sets/s",
            topics, topics / ((System.nanoTime() - began) / 1e9));
      }
      long sets = 0;
      long began = System.nanoTime();
      long end = began + (long) (seconds * 1e9);
      while (System.nanoTime() < end) {
        waitForRoom(writer);
        for (int i = 0; i < 1_000; i++) {
          writer.submit(StoreFixture.retain(messages[random.nextInt(topics)]), null);
        }
        sets += 1_000;
      }
      fixture.apply(new Barrier());
      print(
          "retained, random of %,9d   %,9.0f sets/s",
          topics, sets / ((System.nanoTime() - began) / 1e9));
      if (topics > 100_000) {
        var retained = new RetainedMessages(fixture.store, StoreLimits.DEFAULTS, Clocks.system());
        for (String filter :
            new String[] {"#", "site/+/device/7/state", "site/500/#", "+/+/+/+/none"}) {
          var done = new CountDownLatch(1);
          var found = new AtomicLong();
          began = System.nanoTime();
          retained.forEach(
              StoreFixture.filter(filter),
              fixture.loop,
              1_000,
              (slice, last, next) -> {
                found.addAndGet(slice.size());
                if (last) {
                  done.countDown();
                } else {
                  next.run();
                }
              },
              new NothingIsRefused(fixture.loop));
          done.await();
          double took = (System.nanoTime() - began) / 1e9;
          print(
              "retained, %-24s %,9d found in %.1f ms (%,.0f/s)",
              filter, found.get(), took * 1e3, found.get() / took);
        }
      }
    }
  }

  private record NothingIsRefused(EventLoop loop) implements RefusalWatch {
    @Override
    public void again(TopicName topic) {
      throw new AssertionError(topic + " was refused");
    }
  }

  private static void waitForRoom(StoreWriter writer) throws InterruptedException {
    while (writer.congested()) {
      Thread.sleep(1);
    }
  }

  /** Reads and acknowledges the queue of one session, as a client that comes back does. */
  private void drain() throws Exception {
    try (var fixture = open("drain")) {
      OpenedSession session = fixture.session("device");
      int messages = 500_000;
      Message message = StoreFixture.message("site/7/device/1/state", "x".repeat(PAYLOAD_BYTES));
      StoreWriter writer = fixture.store.writer();
      for (int i = 0; i < messages; i++) {
        waitForRoom(writer);
        writer.submit(StoreFixture.publish(message, session.number()), null);
      }
      fixture.apply(new Barrier());
      for (boolean acknowledge : new boolean[] {false, true}) {
        long began = System.nanoTime();
        long from = 0;
        long read = 0;
        boolean end = false;
        while (!end) {
          QueueSlice slice = fixture.queue(session.number(), from, 1_000);
          for (QueuedRow row : slice.rows()) {
            from = row.sequence();
            read++;
            if (acknowledge) {
              writer.submit(new Dequeue(session.number(), session.epoch(), from, null), null);
            }
          }
          end = slice.end();
        }
        if (acknowledge) {
          fixture.apply(new Barrier());
        }
        print(
            "drain of %,d, %-16s %,9.0f messages/s",
            read,
            acknowledge ? "acknowledged" : "read only",
            read / ((System.nanoTime() - began) / 1e9));
      }
    }
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  @FormatMethod
  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}

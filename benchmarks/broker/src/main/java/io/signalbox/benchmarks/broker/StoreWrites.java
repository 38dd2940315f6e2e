package io.signalbox.benchmarks.broker;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.Completion;
import io.signalbox.server.store.Dequeue;
import io.signalbox.server.store.OpenSession;
import io.signalbox.server.store.OpenedSession;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.store.StorePublish;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Publishes to durable sessions: each is committed, fsync and all, and then acknowledged, as many
 * under way as the parameter says. An operation is one publish and its later acknowledgement. The
 * store is in {@code -Dstore.directory}, by default a folder of the working directory: a temporary
 * one may be in memory.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@State(Scope.Benchmark)
public class StoreWrites {
  private static final int SESSIONS = 1_024;
  private static final int PAYLOAD_BYTES = 200;
  private static final long EXPIRY_SECONDS = 3_600;

  /** Publishes that wait for the disk at a time. */
  @Param({"1", "100", "1000"})
  public int outstanding;

  private final Inline loop = new Inline();
  private final OpenedSession[] sessions = new OpenedSession[SESSIONS];
  private final Message[] messages = new Message[SESSIONS];
  private Path directory;
  private Store store;
  private Semaphore room;
  private int at;
  private volatile StoreException failure;

  /** Opens a new store. */
  @Setup
  public void open() throws Exception {
    Path parent = Path.of(System.getProperty("store.directory", "")).toAbsolutePath();
    directory = Files.createTempDirectory(parent, "store-");
    store =
        Store.open(
            directory,
            StoreConfig.DEFAULTS,
            StoreLimits.DEFAULTS,
            Clocks.system(),
            new Metrics(1, "benchmark"),
            problem -> {
              throw new IllegalStateException("the disk failed", problem);
            });
    for (int i = 0; i < SESSIONS; i++) {
      sessions[i] =
          (OpenedSession)
              store
                  .writer()
                  .await(new OpenSession("device-" + i, "owner", EXPIRY_SECONDS, false, null));
      messages[i] =
          new Message(
              Packets.topic("site-7/device-" + i + "/state"),
              Qos.AT_LEAST_ONCE,
              false,
              Properties.NONE,
              Message.NEVER_EXPIRES,
              new byte[PAYLOAD_BYTES],
              null,
              "publisher");
    }
    room = new Semaphore(outstanding);
  }

  /** Removes it. */
  @TearDown
  public void close() throws IOException {
    store.close();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(StoreWrites::delete);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Benchmark
  public void publish() throws Exception {
    room.acquire();
    if (failure != null) {
      throw failure;
    }
    int i = at++ & (SESSIONS - 1);
    OpenedSession session = sessions[i];
    var publish =
        new StorePublish(
            messages[i],
            StorePublish.Keepers.one(
                session.number(), StorePublish.flags(Qos.AT_LEAST_ONCE, false, false), new int[0]));
    store.writer().submit(publish, new Committed(publish, session));
  }

  /** Acknowledges. */
  private final class Committed implements Completion {
    private final StorePublish publish;
    private final OpenedSession session;

    Committed(StorePublish publish, OpenedSession session) {
      this.publish = publish;
      this.session = session;
    }

    @Override
    public EventLoop loop() {
      return loop;
    }

    @Override
    public void completed(Object result, StoreException problem) {
      if (problem != null) {
        failure = problem;
      } else {
        store
            .writer()
            .submit(new Dequeue(session.number(), session.epoch(), publish.sequence(), null), null);
      }
      room.release();
    }
  }

  /** Runs everything where it is told to: the answers on the writer's thread. */
  private static final class Inline implements EventLoop {
    @Override
    public int index() {
      return 0;
    }

    @Override
    public boolean isCurrent() {
      return true;
    }

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public void runAtEndOfPass(Runnable task) {
      task.run();
    }

    @Override
    public Timer schedule(long delayMillis, Runnable task) {
      throw new UnsupportedOperationException("nothing here waits");
    }

    @Override
    public long nowMillis() {
      return System.nanoTime() / 1_000_000;
    }

    @Override
    public boolean congested() {
      return false;
    }

    @Override
    public MemoryShare memory() {
      throw new UnsupportedOperationException("nothing here is held in memory");
    }
  }
}

package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Env;
import org.lmdbjava.Txn;

/** A store in a directory of a test, with what tests do to it over and over. */
public final class StoreFixture implements AutoCloseable {
  public static final StoreConfig CONFIG =
      new StoreConfig(0, 0, 1 << 20, 1L << 40, 4_096, 4 << 20, 65_536, 64L << 20, 2, 1_000);

  /** With the smallest map there can be: 17 MiB, or as much as the file has. */
  static final StoreConfig SMALL_MAP =
      new StoreConfig(0, 0, 1 << 20, 17 << 20, 4_096, 4 << 20, 65_536, 64L << 20, 2, 1_000);

  /** What {@code beforeCommit} throws for a commit that finds no room. */
  public static final class DiskFull extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  public final Metrics metrics = new Metrics(2, "test");
  public final Store store;
  public final WorkerLoop loop = new WorkerLoop(0);
  final AtomicReference<@Nullable Throwable> fatal = new AtomicReference<>();

  StoreFixture(
      Path directory, StoreConfig config, StoreLimits limits, Clocks clocks, Committer committer)
      throws StoreOpenException {
    this(directory, config, limits, clocks, committer, DiskSpace.FreeSpace.ofDisk());
  }

  StoreFixture(
      Path directory,
      StoreConfig config,
      StoreLimits limits,
      Clocks clocks,
      Committer committer,
      DiskSpace.FreeSpace disk)
      throws StoreOpenException {
    store = Store.open(directory, config, limits, clocks, metrics, fatal::set, committer, disk);
  }

  public static StoreFixture open(Path directory) throws StoreOpenException {
    return open(directory, StoreLimits.DEFAULTS);
  }

  public static StoreFixture open(Path directory, StoreLimits limits) throws StoreOpenException {
    return new StoreFixture(directory, CONFIG, limits, Clocks.system(), Committer.TO_DISK);
  }

  /**
   * A store alone.
   *
   * @param fatal told when {@code beforeCommit} has thrown anything but {@link DiskFull}
   */
  public static Store open(
      Path directory,
      StoreConfig config,
      StoreLimits limits,
      Clocks clocks,
      Metrics metrics,
      Consumer<Throwable> fatal,
      Runnable beforeCommit)
      throws StoreOpenException {
    return Store.open(
        directory,
        config,
        limits,
        clocks,
        metrics,
        fatal,
        txn -> {
          try {
            beforeCommit.run();
          } catch (DiskFull _) {
            throw new Committer.NoRoomException("full");
          }
          Committer.TO_DISK.commit(txn);
        },
        DiskSpace.FreeSpace.ofDisk());
  }

  /** A store alone, on a disk that has so many bytes free. */
  public static Store openOnDisk(
      LongSupplier freeBytes,
      Path directory,
      StoreConfig config,
      StoreLimits limits,
      Clocks clocks,
      Metrics metrics,
      Consumer<Throwable> fatal)
      throws StoreOpenException {
    return Store.open(
        directory,
        config,
        limits,
        clocks,
        metrics,
        fatal,
        Committer.TO_DISK,
        _ -> freeBytes.getAsLong());
  }

  /** Takes all snapshots that a store gives; until this is closed nobody else can read. */
  public static AutoCloseable takeSnapshots(Store store) {
    List<Txn<MemorySegment>> taken = new ArrayList<>();
    try {
      while (true) {
        taken.add(store.lmdb().env.txnRead());
      }
    } catch (Env.ReadersFullException _) {
      return () -> taken.forEach(Txn::close);
    }
  }

  @Nullable Object apply(Command command) throws StoreException, InterruptedException {
    return store.writer().await(command);
  }

  OpenedSession session(String clientId) throws StoreException, InterruptedException {
    Object opened = apply(new OpenSession(clientId, "owner", 3_600, false, null));
    if (opened instanceof OpenedSession session) {
      return session;
    }
    throw new AssertionError("opened: " + opened);
  }

  QueueSlice queue(long number) throws Exception {
    return queue(number, 0, 1_000);
  }

  QueueSlice queue(long number, long from, int rowsMax) throws Exception {
    var slice = new CompletableFuture<QueueSlice>();
    store.scanQueue(number, from, rowsMax, () -> 1 << 20, loop, slice::complete);
    return slice.get(60, TimeUnit.SECONDS);
  }

  /** All retained messages that match, as they are on disk. */
  List<Message> retained(String filter) throws Exception {
    return retained(filter, 100);
  }

  List<Message> retained(String filter, int messagesMax) throws Exception {
    List<Message> messages = new ArrayList<>();
    byte[] after = null;
    do {
      var slice = new CompletableFuture<RetainedSlice>();
      store.scanRetained(
          filter(filter), after, messagesMax, () -> 1 << 20, 0, loop, slice::complete);
      messages.addAll(slice.get(60, TimeUnit.SECONDS).messages());
      after = slice.get().next();
    } while (after != null);
    return messages;
  }

  List<SessionRow> sessions() throws StoreOpenException {
    List<SessionRow> rows = new ArrayList<>();
    store.sessions(rows::add);
    return rows;
  }

  public static Message message(String topic, String payload) {
    return message(topic, payload, Message.NEVER_EXPIRES);
  }

  public static Message message(String topic, String payload, long expiresAtMillis) {
    return new Message(
        topic(topic),
        Qos.AT_LEAST_ONCE,
        false,
        Properties.NONE,
        expiresAtMillis,
        payload.getBytes(UTF_8),
        null,
        "publisher");
  }

  static TopicName topic(String name) {
    try {
      return TopicName.of(name);
    } catch (InvalidTopicException e) {
      throw new AssertionError(e);
    }
  }

  public static TopicFilter filter(String filter) {
    try {
      return TopicFilter.of(filter);
    } catch (InvalidTopicException e) {
      throw new AssertionError(e);
    }
  }

  static Subscription subscription(String filter, Qos qos) {
    return new Subscription(filter(filter), null, SubscriptionOptions.ofQos(qos), 0);
  }

  /** To these sessions with QoS 1. */
  public static StorePublish publish(Message message, long... numbers) {
    byte[] flags = new byte[numbers.length];
    int[][] identifiers = new int[numbers.length][0];
    java.util.Arrays.fill(flags, StorePublish.flags(Qos.AT_LEAST_ONCE, false, false));
    return new StorePublish(message, new StorePublish.Keepers(numbers, flags, identifiers));
  }

  /** So many retained messages. */
  public void writeRetained(int count) throws StoreException, InterruptedException {
    for (int i = 0; i < count; i++) {
      apply(retain(message("retained/" + i, "value")));
    }
  }

  /** Rewrites the counters without what format 2 added; to be closed after that. */
  public void becomeFormat1() {
    Lmdb lmdb = store.lmdb();
    try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
      var keys = new Keys();
      MetaState state = MetaState.read(lmdb.meta.get(txn, keys.raw(Keys.STATE)));
      var row = new RowWriter();
      row.begin().putByte(1).putLong(state.appliedIndex).putLong(state.nextSequence);
      row.putLong(state.nextSessionNumber).putLong(state.sessions);
      row.putLong(state.retainedMessages).putLong(state.retainedBytes);
      lmdb.meta.put(txn, keys.raw(Keys.STATE), row.row());
      row.begin().putBytes("signlbox".getBytes(UTF_8)).putInt(1);
      lmdb.meta.put(txn, keys.raw(Keys.FORMAT), row.row());
      txn.commit();
    }
  }

  /** Writes more than {@link #SMALL_MAP} takes. */
  void writeMoreThanASmallMapTakes() throws Exception {
    for (int i = 0; i < 80; i++) {
      apply(retain(message("large/" + i, "x".repeat(300_000))));
    }
  }

  /** Sets, or with an empty payload clears, a retained message. */
  public static StorePublish retain(Message message) {
    return new StorePublish(
        message,
        StorePublish.Keepers.NONE,
        StorePublish.Retaining.IF_POSSIBLE,
        StorePublish.Qos2Origin.NONE,
        0,
        false);
  }

  static String payload(QueuedRow row) {
    Message message = row.message();
    return message == null ? "none" : new String(message.payload(), UTF_8);
  }

  @Override
  public void close() {
    store.close();
    loop.close();
  }
}

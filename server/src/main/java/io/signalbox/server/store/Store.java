package io.signalbox.server.store;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.routing.Message;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * All durable state, in one directory. Changes go through {@link #writer}; reads of more than a row
 * run on threads of their own and are answered on the loop that asked.
 */
public final class Store implements AutoCloseable {
  /** Reads that may wait; each session has at most one, so this bounds memory, not service. */
  private static final int READS_WAITING_MAX = 1 << 20;

  private final DirectoryLock lock;
  private final Lmdb lmdb;
  private final StoreConfig config;
  private final Metrics metrics;
  private final StoreWriter writer;
  private final Readers readers;
  private final Housekeeping housekeeping;

  /** Shared by those who read on threads of their own; held alone to take the pages away. */
  private final ReadWriteLock reading = new ReentrantReadWriteLock();

  // Guarded by reading.
  private boolean closed;

  /** Memory for the keys of single gets: native, so not to be made for each. */
  private final ThreadLocal<Keys> singleKeys = ThreadLocal.withInitial(Keys::new);

  private Store(
      DirectoryLock lock,
      Lmdb lmdb,
      StoreConfig config,
      StoreLimits limits,
      Clocks clocks,
      Metrics metrics,
      Consumer<Throwable> fatal,
      Committer committer,
      DiskSpace.FreeSpace disk) {
    this.lock = lock;
    this.lmdb = lmdb;
    this.config = config;
    this.metrics = metrics;
    var space = new DiskSpace(lmdb, config.bytesMax(), config.diskReserveBytes(), clocks, disk);
    try (Txn<MemorySegment> txn = lmdb.env.txnRead()) {
      space.used(lmdb.usedBytes(txn));
    }
    var batch = new WriteBatch(lmdb, limits, committer);
    this.writer = new StoreWriter(config, batch, space, clocks, metrics, fatal);
    this.readers = new Readers(lmdb, config.readerThreads(), READS_WAITING_MAX);
    this.housekeeping = new Housekeeping(this, clocks);
    metrics.storeUsedBytes.from(space::usedBytes);
    metrics.storeFull.from(() -> writer.hasRoom() ? 0 : 1);
    metrics.queuedMessages.from(() -> totals().queuedMessages());
    metrics.queuedBytes.from(() -> totals().queuedBytes());
    metrics.retainedMessages.from(() -> totals().retainedMessages());
    metrics.retainedBytes.from(() -> totals().retainedBytes());
  }

  /**
   * Opens the store of a directory, or begins one.
   *
   * @param directory made if it is not there
   * @param fatal called once, on the writer thread, when the disk failed: nothing is acknowledged
   *     any more and the process is to stop
   * @throws StoreOpenException it is in use, of another program, of a newer version, or unreadable
   */
  public static Store open(
      Path directory,
      StoreConfig config,
      StoreLimits limits,
      Clocks clocks,
      Metrics metrics,
      Consumer<Throwable> fatal)
      throws StoreOpenException {
    return open(
        directory,
        config,
        limits,
        clocks,
        metrics,
        fatal,
        Committer.TO_DISK,
        DiskSpace.FreeSpace.ofDisk());
  }

  static Store open(
      Path directory,
      StoreConfig config,
      StoreLimits limits,
      Clocks clocks,
      Metrics metrics,
      Consumer<Throwable> fatal,
      Committer committer,
      DiskSpace.FreeSpace disk)
      throws StoreOpenException {
    Path path = directory.toAbsolutePath().normalize();
    try {
      StoreFiles.makeFolder(path);
    } catch (IOException e) {
      throw new StoreOpenException("cannot make \"" + path + "\": " + e.getMessage(), e);
    }
    DirectoryLock lock = DirectoryLock.take(path);
    try {
      Lmdb lmdb = openEnvironment(path, config);
      syncNames(path, lmdb);
      try {
        var store = new Store(lock, lmdb, config, limits, clocks, metrics, fatal, committer, disk);
        store.writer.start();
        return store;
      } catch (CorruptRowException | LmdbException e) {
        lmdb.close();
        throw StoreOpenException.damaged("the counters", lmdb.dataFile(), e);
      } catch (RuntimeException e) {
        lmdb.close();
        throw e;
      }
    } catch (StoreOpenException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** LMDB syncs what is in its file, not that there is a file of that name. */
  private static void syncNames(Path directory, Lmdb lmdb) throws StoreOpenException {
    try {
      StoreFiles.syncDirectory(directory);
      Path parent = directory.getParent();
      if (parent != null) {
        StoreFiles.syncDirectory(parent);
      }
    } catch (IOException e) {
      lmdb.close();
      throw new StoreOpenException("cannot sync \"" + directory + "\": " + e.getMessage(), e);
    }
  }

  private static Lmdb openEnvironment(Path directory, StoreConfig config)
      throws StoreOpenException {
    Lmdb.unpackLibraryInto(directory);
    Lmdb lmdb = Lmdb.open(directory, config);
    try {
      lmdb.requireWhole();
      StoreFormat.bringUpToDate(lmdb);
      return lmdb;
    } catch (StoreOpenException | RuntimeException e) {
      lmdb.close();
      throw e;
    }
  }

  /** The one way to change anything. */
  public StoreWriter writer() {
    return writer;
  }

  /**
   * Begins the work that waits for idle moments: rows of ended sessions and expired messages go.
   * Called once the listeners are open, so that it does not delay the start.
   */
  public void startHousekeeping() {
    housekeeping.start();
  }

  /**
   * Reads the next part of a session's queue on a reader thread. One call at a time for a session.
   * Any thread.
   *
   * @param fromSequenceExclusive 0: from the beginning
   * @param rowsMax 1.. rows, at most as many as the configuration allows in a slice
   * @param bytesMax after which the slice ends, though never before its first row; asked on the
   *     reader thread, for much may change until it comes to it
   * @param to called once, on {@code loop}. A slice without rows that is not the end means that
   *     nothing was read: too many reads were waiting, or the store is closing
   */
  public void scanQueue(
      long number,
      long fromSequenceExclusive,
      int rowsMax,
      IntSupplier bytesMax,
      EventLoop loop,
      Consumer<QueueSlice> to) {
    int rows = Math.min(rowsMax, config.sliceRowsMax());
    var reader = new QueueReader(lmdb);
    boolean taken =
        readers.submit(
            snapshot -> {
              QueueSlice slice =
                  reader.read(snapshot, number, fromSequenceExclusive, rows, bytesMax);
              metrics.storeSlicesRead.inc();
              readers.handOver(slice, slice.bytes(), loop, to);
            });
    if (!taken) {
      loop.execute(() -> to.accept(new QueueSlice(List.of(), false, 0)));
    }
  }

  /**
   * Reads the next retained messages that match a filter, on a reader thread. Any thread.
   *
   * @param after {@link RetainedSlice#next} of the slice before; null: from the beginning
   * @param messagesMax 1.. messages
   * @param bytesMax after which the slice ends, though never before its first message; asked on the
   *     reader thread
   * @param nowMillis wall clock; what expired by then is left out
   * @param to called once, on {@code loop}
   * @return false: too many reads wait, or the store is closing; {@code to} is not called
   */
  public boolean scanRetained(
      TopicFilter filter,
      byte @Nullable [] after,
      int messagesMax,
      IntSupplier bytesMax,
      long nowMillis,
      EventLoop loop,
      Consumer<RetainedSlice> to) {
    var reader = new RetainedReader(lmdb, filter, nowMillis);
    int messages = Math.min(messagesMax, config.sliceRowsMax());
    return readers.submit(
        snapshot -> {
          RetainedSlice slice = reader.read(snapshot, after, messages, bytesMax.getAsInt());
          metrics.storeSlicesRead.inc();
          readers.handOver(slice, slice.bytes(), loop, to);
        });
  }

  /**
   * The retained message on disk of a filter without wildcards; null when there is none or it has
   * expired. One row, so any thread may ask.
   *
   * @param nowMillis wall clock
   */
  public @Nullable Message retained(TopicFilter exact, long nowMillis) {
    return this.<@Nullable Message>read(
        txn -> new RetainedReader(lmdb, exact, nowMillis).exact(txn, singleKeys.get()));
  }

  /**
   * Whether the disk may have retained messages that match a filter with wildcards. Looks at two
   * rows at most, so any thread may ask.
   */
  public boolean mayHaveRetained(TopicFilter filter) {
    return read(txn -> new RetainedReader(lmdb, filter, 0).hasCandidate(txn, singleKeys.get()));
  }

  /**
   * Bytes of a topic's retained message on disk, as {@link StoreTotals} counts them; 0: it has
   * none. One row, so any thread may ask.
   */
  public long retainedBytes(TopicName topic) {
    return read(
        txn -> {
          MemorySegment key = singleKeys.get().topic(topic.utf8());
          return RetainedTable.rowBytes(key, lmdb.retained.get(txn, key));
        });
  }

  /** What a message would count if it were its topic's retained message. Any thread. */
  public static long retainedBytes(Message message) {
    return RetainedTable.rowBytes(message);
  }

  /**
   * The stored will of a session as it was given, null if it has none. One row, so any thread may
   * ask.
   *
   * @throws UnreadableStoreException it may be read later
   * @throws RuntimeException a page is damaged
   */
  public byte @Nullable [] will(long number) {
    return this.<byte @Nullable []>read(
        txn -> {
          MemorySegment row = lmdb.wills.get(txn, singleKeys.get().number(number));
          return row == null ? null : row.toArray(Bytes.BYTE);
        });
  }

  private <T extends @Nullable Object> T read(Function<Txn<MemorySegment>, T> what) {
    reading.readLock().lock();
    try {
      try (Txn<MemorySegment> txn = snapshot()) {
        return what.apply(txn);
      }
    } finally {
      reading.readLock().unlock();
    }
  }

  private Txn<MemorySegment> snapshot() {
    if (closed) {
      throw UnreadableStoreException.closed();
    }
    try {
      return lmdb.env.txnRead();
    } catch (LmdbException e) {
      throw UnreadableStoreException.noSnapshot(e);
    }
  }

  /** Counts as of the last commit. Any thread. */
  public StoreTotals totals() {
    return writer.totals();
  }

  /** One record and its revision, or null. Any thread. */
  public @Nullable StoredRecord record(RecordTable table, byte[] key) {
    Keys.requireRecordKey(key);
    return read(
        txn -> {
          MemorySegment row = lmdb.records(table).get(txn, singleKeys.get().raw(key));
          return row == null ? null : StoredRecord.read(key, row);
        });
  }

  /**
   * All records of a table in the order of their keys, on the calling thread. At start.
   *
   * @throws IllegalStateException a row or a page is damaged
   */
  public void records(RecordTable table, Consumer<StoredRecord> each) {
    boolean _ =
        read(
            txn -> {
              try (Cursor<MemorySegment> cursor = lmdb.records(table).openCursor(txn)) {
                for (boolean found = cursor.first(); found; found = cursor.next()) {
                  each.accept(StoredRecord.read(cursor.key().toArray(Bytes.BYTE), cursor.val()));
                }
              } catch (CorruptRowException | LmdbException e) {
                throw new IllegalStateException("table " + table + ": " + e.getMessage(), e);
              }
              return true;
            });
  }

  /**
   * Reads all sessions, in the order of their numbers. At start, before anything is submitted; on
   * the calling thread.
   *
   * @throws StoreOpenException a row is damaged: it may be one that must not be forgotten, so the
   *     broker is not to start without it
   */
  public void sessions(Consumer<SessionRow> each) throws StoreOpenException {
    try (Txn<MemorySegment> txn = lmdb.env.txnRead()) {
      new SessionReader(lmdb).read(new Readers.Snapshot(txn), each);
    } catch (RuntimeException e) {
      throw StoreOpenException.damaged("the sessions", lmdb.dataFile(), e);
    }
  }

  /**
   * Writes a consistent, compacted copy while the store goes on. On the calling thread, which it
   * takes as long as the data is large; pages freed meanwhile are not reused before it ends.
   *
   * @param directory must not exist or be empty; complete and synced when this returns
   */
  public void backup(Path directory) throws IOException {
    Backup.write(lmdb, directory);
  }

  Lmdb lmdb() {
    return lmdb;
  }

  Readers readers() {
    return readers;
  }

  StoreConfig config() {
    return config;
  }

  /** Applies what was submitted and waits for who reads, then lets go of the directory. */
  @Override
  public void close() {
    writer.close(); // first: while the disk is full, housekeeping waits until it refuses
    housekeeping.close();
    readers.close();
    reading.writeLock().lock();
    try {
      closed = true;
      lmdb.close();
    } finally {
      reading.writeLock().unlock();
    }
    lock.close();
  }
}

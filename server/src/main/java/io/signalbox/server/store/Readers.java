package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * A few threads for reads of more than a few rows. Each task sees one snapshot and must be short:
 * while a snapshot is held no page that it can see is reused, so the file grows. Nothing is ever
 * waited for within one.
 *
 * <p>Tasks run in the order in which they came, so sessions that drain their queues slice by slice
 * take turns. Nothing more is read while the I/O threads have yet to take much of what was.
 */
final class Readers implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Readers.class.getName());

  /** A snapshot with the memory for keys that belongs to its thread. */
  static final class Snapshot {
    final Txn<MemorySegment> txn;
    final Keys keys = new Keys();

    /** For keys that are put together; native memory is not to be made for each read. */
    final RowWriter row = new RowWriter();

    Snapshot(Txn<MemorySegment> txn) {
      this.txn = txn;
    }

    /** Sequences below were taken before this snapshot. */
    MetaState state(Lmdb lmdb) {
      MemorySegment row = lmdb.meta.get(txn, keys.raw(Keys.STATE));
      return row == null ? new MetaState() : MetaState.read(row);
    }
  }

  /** What is done with a snapshot; nothing of it may be kept. */
  interface Task {
    void read(Snapshot snapshot);
  }

  private static final Task END = _ -> {};

  private static final long RETRY_MILLIS = 100;

  /** Read and not yet taken, before anybody counts it; a slice of each thread may go beyond. */
  private static final long UNTAKEN_BYTES_MAX =
      Math.min(32 << 20, Runtime.getRuntime().maxMemory() / 16);

  private final Lmdb lmdb;
  private final int tasksMax;
  private final LinkedBlockingQueue<Task> tasks = new LinkedBlockingQueue<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final List<StoreThread> threads = new ArrayList<>();

  private final Lock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private long untakenBytes;
  private boolean closed;

  Readers(Lmdb lmdb, int threadCount, int tasksMax) {
    this.lmdb = lmdb;
    this.tasksMax = tasksMax;
    for (int i = 0; i < threadCount; i++) {
      var thread = new StoreThread("reader-" + i, this::run);
      thread.setDaemon(true); // a reader has nothing that must be finished
      threads.add(thread);
      thread.start();
    }
  }

  /**
   * @return false when too many wait already
   */
  boolean submit(Task task) {
    return tasks.size() < tasksMax && tasks.offer(task);
  }

  @ConfinedTo("store reader")
  private void run() {
    @Nullable Snapshot snapshot = null;
    try {
      for (Task task = tasks.take(); !task.equals(END); task = tasks.take()) {
        awaitRoom();
        if (snapshot == null) {
          snapshot = firstSnapshot();
        } else {
          snapshot.txn.renew();
        }
        if (snapshot == null) {
          return;
        }
        try {
          task.read(snapshot);
        } catch (RuntimeException e) {
          LOG.log(Level.ERROR, "reading the store failed", e);
        } finally {
          snapshot.txn.reset();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (snapshot != null) {
        snapshot.txn.close();
      }
    }
  }

  /** Between two snapshots, so that none is held meanwhile. */
  private void awaitRoom() throws InterruptedException {
    lock.lock();
    try {
      while (untakenBytes > UNTAKEN_BYTES_MAX && !closed) {
        room.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives what a task has read to who asked for it.
   *
   * @param bytes that it takes in memory
   */
  <T> void handOver(T slice, long bytes, EventLoop loop, Consumer<T> to) {
    untaken(bytes);
    loop.execute(
        () -> {
          untaken(-bytes);
          to.accept(slice);
        });
  }

  private void untaken(long change) {
    lock.lock();
    try {
      untakenBytes += change;
      if (change < 0) {
        room.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the store gives one, for whoever asked waits for an answer; null: it closes. */
  private @Nullable Snapshot firstSnapshot() throws InterruptedException {
    do {
      try {
        return new Snapshot(lmdb.env.txnRead());
      } catch (LmdbException e) {
        LOG.log(
            Level.WARNING, "the store gives no snapshot and is asked again: {0}", e.getMessage());
      }
    } while (!closing.await(RETRY_MILLIS, TimeUnit.MILLISECONDS));
    return null;
  }

  /** Lets the running tasks end; those that wait are dropped. */
  @Override
  public void close() {
    tasks.clear();
    closing.countDown();
    lock.lock();
    try {
      closed = true;
      room.signalAll();
    } finally {
      lock.unlock();
    }
    for (int i = 0; i < threads.size(); i++) {
      tasks.add(END);
    }
    for (StoreThread thread : threads) {
      thread.awaitEnd();
    }
  }
}

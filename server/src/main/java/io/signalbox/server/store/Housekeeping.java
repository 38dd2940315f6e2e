package io.signalbox.server.store;

import io.signalbox.server.eventloop.Clocks;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.Txn;

/**
 * The thread that tidies up in slices: rows of ended sessions, and messages that expired while
 * nobody asked for them. Between two slices the writer serves whoever else waits.
 */
final class Housekeeping implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Housekeeping.class.getName());

  private static final long PAUSE_MILLIS = 20;
  private static final long IDLE_MILLIS = 1_000;

  private final Store store;
  private final ExpiryScan expiry;
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable StoreThread thread;

  Housekeeping(Store store, Clocks clocks) {
    this.store = store;
    this.expiry = new ExpiryScan(store.lmdb(), store.config().sliceRowsMax(), clocks);
  }

  synchronized void start() {
    if (thread == null) {
      thread = new StoreThread("housekeeping", this::run);
      thread.start();
    }
  }

  private void run() {
    try {
      boolean more = true;
      while (!closing.await(more ? PAUSE_MILLIS : IDLE_MILLIS, TimeUnit.MILLISECONDS)) {
        boolean swept = unlessRefused(this::sweep);
        boolean expired = unlessRefused(this::expire);
        more = swept || expired;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (StoreException e) {
      if (e.reason() != StoreException.Reason.CLOSED) {
        LOG.log(Level.ERROR, "the store is no longer tidied up: {0}", e.getMessage());
      }
    }
  }

  /** One kind of work; whether more of it is left. */
  @FunctionalInterface
  private interface Work {
    boolean slice() throws StoreException, InterruptedException;
  }

  /** What damage keeps from one slice is no reason to leave all others. */
  private static boolean unlessRefused(Work work) throws StoreException, InterruptedException {
    try {
      return work.slice();
    } catch (StoreException e) {
      switch (e.reason()) {
        case FAILED, CLOSED -> throw e;
        case STALE_EPOCH, STORE_FULL, BUSY, REVISION_CONFLICT, INTERNAL ->
            LOG.log(Level.WARNING, "a part of the store was not tidied up: {0}", e.getMessage());
      }
      return false;
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "a part of the store was not tidied up; check the store", e);
      return false;
    }
  }

  private boolean sweep() throws StoreException, InterruptedException {
    if (!anyEnded()) {
      return false;
    }
    return Boolean.TRUE.equals(store.writer().await(new Sweep(store.config().sliceRowsMax())));
  }

  private boolean anyEnded() {
    try (Txn<MemorySegment> txn = store.lmdb().env.txnRead();
        Cursor<MemorySegment> cursor = store.lmdb().ended.openCursor(txn)) {
      boolean found = cursor.first();
      while (found && store.writer().leavesAlone(cursor.key().get(Bytes.LONG, 0))) {
        found = cursor.next();
      }
      return found;
    }
  }

  private boolean expire() throws StoreException, InterruptedException {
    DropExpired found = expiry.nextSlice();
    if (found != null) {
      store.writer().await(found);
    }
    return !expiry.passComplete();
  }

  @Override
  public synchronized void close() {
    closing.countDown();
    if (thread != null) {
      thread.awaitEnd();
    }
  }
}

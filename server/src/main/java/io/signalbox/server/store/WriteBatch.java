package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.store.Committer.NoRoomException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Txn;

/**
 * One write transaction with what it holds back: rows of messages that may still vanish before they
 * are written, counters, and heads of queues, each written once at the end however often it
 * changed.
 *
 * <p>The object lives as long as the store; sessions read in one batch are known in the next.
 */
@ConfinedTo("store writer")
final class WriteBatch {
  final Lmdb lmdb;
  final Keys keys = new Keys();
  final RowWriter row = new RowWriter();
  final SessionTable sessions;
  final QueueTable queue;
  final RetainedTable retained;
  final Drops drops = new Drops();
  final LeftAlone leftAlone = new LeftAlone();

  private final Committer committer;
  private @Nullable Txn<MemorySegment> txn;
  private MetaState state = new MetaState();

  /** Sequences below were told to somebody, whether or not they were committed. */
  private long firstSequence;

  private long passedOver;

  /** Up to it they were told before an aborted attempt at this batch. */
  private long toldUpTo;

  /** That of the last message in this attempt; those of moved rows may be higher. */
  private long lastTaken;

  /** Whether commands may take more room; told by the writer, as part of the batch. */
  private boolean mayGrow = true;

  WriteBatch(Lmdb lmdb, StoreLimits limits, Committer committer) {
    this.lmdb = lmdb;
    this.committer = committer;
    sessions = new SessionTable(this);
    queue = new QueueTable(this, limits);
    retained = new RetainedTable(this, limits);
  }

  /**
   * @param highestTold sequence that an aborted attempt at this batch told to a message; 0: none
   */
  void begin(boolean growthAllowed, long highestTold) {
    mayGrow = growthAllowed;
    toldUpTo = highestTold;
    txn = lmdb.env.txnWrite();
    state = readState(txn);
    state.nextSequence = Math.max(state.nextSequence, firstSequence);
    lastTaken = state.nextSequence - 1;
    sessions.begin();
    drops.reset();
  }

  private MetaState readState(Txn<MemorySegment> from) {
    MemorySegment stored = lmdb.meta.get(from, keys.raw(Keys.STATE));
    return stored == null ? new MetaState() : MetaState.read(stored);
  }

  /** What the disk says before the first batch. */
  StoreTotals readTotals() {
    try (Txn<MemorySegment> reading = lmdb.env.txnRead()) {
      return readState(reading).totals();
    }
  }

  Txn<MemorySegment> txn() {
    if (txn == null) {
      throw new IllegalStateException("no transaction");
    }
    return txn;
  }

  MetaState state() {
    return state;
  }

  /** By a message, in the order of the batch. */
  void sequenceTaken(long sequence) {
    if (sequence <= lastTaken) {
      throw new IllegalStateException("message " + sequence + " was submitted twice");
    }
    lastTaken = sequence;
    state.nextSequence = Math.max(state.nextSequence, sequence + 1);
  }

  /** Takes one for a row that is moved: those that were told belong to what comes later. */
  long sequenceBehindTold() {
    state.nextSequence = Math.max(state.nextSequence, toldUpTo + 1);
    return state.nextSequence++;
  }

  /**
   * In this attempt, and in the batches that follow; not in the next attempt at this batch, which
   * tells those before it once more.
   */
  void sequencesBegin(long at) {
    passedOver = Math.max(passedOver, at);
    lastTaken = Math.max(lastTaken, at - 1);
    state.nextSequence = Math.max(state.nextSequence, at);
  }

  /** No further attempt at this batch comes. */
  void sequencesStand() {
    firstSequence = Math.max(firstSequence, passedOver);
  }

  boolean mayGrow() {
    return mayGrow;
  }

  /** Writes what was held back. */
  void flush() {
    queue.flush();
    retained.flush();
    sessions.flushHeads();
    state.write(row.begin());
    lmdb.meta.put(txn(), keys.raw(Keys.STATE), row.row());
  }

  /** Bytes of pages in use, as this transaction leaves them. */
  long usedBytes() {
    return lmdb.usedBytes(txn());
  }

  /** If it fails, {@link #abort} is to follow. */
  void commit() throws NoRoomException {
    committer.commit(txn());
    txn().close();
    txn = null;
    lmdb.fillUp();
  }

  /** Leaves the disk as it was before {@link #begin}. */
  void abort() {
    Txn<MemorySegment> ending = txn;
    txn = null;
    forget();
    if (ending != null) {
      ending.close();
    }
  }

  /** What the batch left out; reported once it is committed, for an attempt may be repeated. */
  static final class Drops {
    long queueFull;
    long storeFull;
    long expired;
    long retainedLimit;
    long coalesced;

    void reset() {
      queueFull = 0;
      storeFull = 0;
      expired = 0;
      retainedLimit = 0;
      coalesced = 0;
    }

    void report(Metrics metrics) {
      metrics.messagesDropped.of(Drop.SESSION_QUEUE_FULL).add(queueFull);
      metrics.messagesDropped.of(Drop.STORE_FULL).add(storeFull);
      metrics.messagesDropped.of(Drop.EXPIRED).add(expired);
      metrics.messagesDropped.of(Drop.RETAINED_LIMIT).add(retainedLimit);
      metrics.storeCommandsCoalesced.add(coalesced);
    }
  }

  private void forget() {
    sessions.forget();
    queue.forget();
    retained.forget();
  }
}

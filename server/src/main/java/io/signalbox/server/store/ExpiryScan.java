package io.signalbox.server.store;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.ConfinedTo;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.GetOp;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * Walks over queued and retained messages, slice by slice and round again, for those that expired.
 * Receivers never get an expired message anyway; this gives its room back.
 */
@ConfinedTo("store housekeeping")
final class ExpiryScan {
  /** Pause between two rounds. */
  private static final long ROUND_NANOS = 30_000_000_000L;

  private static final Logger LOG = System.getLogger(ExpiryScan.class.getName());

  private static final byte[] START = {};

  private final Lmdb lmdb;
  private final int rowsMax;
  private final Clocks clocks;
  private final RowWriter key = new RowWriter();

  private boolean inRetained;
  private byte[] after = START;
  private boolean complete;
  private long completedAtNanos;

  ExpiryScan(Lmdb lmdb, int rowsMax, Clocks clocks) {
    this.lmdb = lmdb;
    this.rowsMax = rowsMax;
    this.clocks = clocks;
  }

  /** Whether the round is over and the next one is not due yet. */
  boolean passComplete() {
    return complete;
  }

  /** Looks at the next rows; null when none of them expired. */
  @Nullable DropExpired nextSlice() {
    if (complete && clocks.nanos() - completedAtNanos < ROUND_NANOS) {
      return null;
    }
    complete = false;
    long now = clocks.wallMillis();
    List<byte[]> topics = new ArrayList<>();
    List<long[]> queued = new ArrayList<>();
    Dbi<MemorySegment> table = inRetained ? lmdb.retained : lmdb.queue;
    boolean more;
    try (Txn<MemorySegment> txn = lmdb.env.txnRead();
        Cursor<MemorySegment> cursor = table.openCursor(txn)) {
      more = seek(cursor);
      for (int i = 0; more && i < rowsMax; i++) {
        try {
          if (inRetained) {
            addExpiredTopic(cursor, now, topics);
          } else {
            addExpiredRow(cursor, now, queued);
          }
        } catch (CorruptRowException e) {
          LOG.log(
              Level.WARNING, "a damaged row was passed over: {0}; check the store", e.getMessage());
        }
        after = cursor.key().toArray(Bytes.BYTE);
        more = cursor.next();
      }
    } catch (LmdbException e) { // the other table is looked at next
      LOG.log(
          Level.ERROR,
          "a table cannot be read on, and what is behind is not looked at for expired messages;"
              + " check the store",
          e);
      more = false;
    }
    if (!more) {
      nextTable();
    }
    return topics.isEmpty() && queued.isEmpty() ? null : command(now, topics, queued);
  }

  private boolean seek(Cursor<MemorySegment> cursor) {
    if (after.length == 0) {
      return cursor.first();
    }
    boolean found = cursor.get(key.begin().putBytes(after).row(), GetOp.MDB_SET_RANGE);
    boolean again = found && Arrays.equals(cursor.key().toArray(Bytes.BYTE), after);
    return again ? cursor.next() : found;
  }

  private void nextTable() {
    after = START;
    complete = inRetained;
    inRetained = !inRetained;
    completedAtNanos = clocks.nanos();
  }

  private static void addExpiredTopic(Cursor<MemorySegment> cursor, long now, List<byte[]> to) {
    MemorySegment value = cursor.val();
    if (MessageBytes.expiresAtMillis(value) <= now) {
      byte[] topic = MessageBytes.topic(value);
      to.add(topic != null ? topic : cursor.key().toArray(Bytes.BYTE));
    }
  }

  private static void addExpiredRow(Cursor<MemorySegment> cursor, long now, List<long[]> to) {
    long sequence = cursor.key().get(Bytes.LONG, 8);
    if (sequence != Keys.QUEUE_HEAD) {
      QueueRow row = QueueRow.read(cursor.val());
      if (row.state == QueueRow.QUEUED && row.isExpired(now)) {
        to.add(new long[] {cursor.key().get(Bytes.LONG, 0), sequence});
      }
    }
  }

  private static DropExpired command(long now, List<byte[]> topics, List<long[]> queued) {
    long[] numbers = new long[queued.size()];
    long[] sequences = new long[queued.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = queued.get(i)[0];
      sequences[i] = queued.get(i)[1];
    }
    return new DropExpired(now, topics, numbers, sequences);
  }
}

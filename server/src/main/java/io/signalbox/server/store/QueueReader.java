package io.signalbox.server.store;

import io.signalbox.server.routing.Message;
import io.signalbox.server.store.QueuedRow.State;
import io.signalbox.server.store.Readers.Snapshot;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.GetOp;

/** Reads slices of a session's queue into heap objects. */
final class QueueReader {
  private static final Logger LOG = System.getLogger(QueueReader.class.getName());

  private static final State[] STATES = State.values();

  private final Lmdb lmdb;

  QueueReader(Lmdb lmdb) {
    this.lmdb = lmdb;
  }

  /**
   * Where a page is damaged the queue ends: what is behind it cannot be found, and whoever asked
   * waits.
   *
   * @param bytesMax after which the slice ends; it has at least one row, if there is any; asked
   *     when the reading begins
   */
  QueueSlice read(
      Snapshot snapshot, long number, long fromExclusive, int rowsMax, IntSupplier bytesMax) {
    List<QueuedRow> rows = new ArrayList<>(Math.min(rowsMax, 64));
    try {
      boolean end = add(rows, snapshot, number, fromExclusive, rowsMax, bytesMax.getAsInt());
      return new QueueSlice(rows, end, snapshot.state(lmdb).nextSequence);
    } catch (RuntimeException e) {
      long last = rows.isEmpty() ? fromExclusive : rows.getLast().sequence();
      LOG.log(
          Level.ERROR,
          "the queue of session "
              + number
              + " cannot be read behind row "
              + last
              + "; check the store",
          e);
      return new QueueSlice(rows, true, last + 1);
    }
  }

  /**
   * @return whether nothing is behind them
   */
  private boolean add(
      List<QueuedRow> rows,
      Snapshot snapshot,
      long number,
      long fromExclusive,
      int rowsMax,
      int bytesMax) {
    var messages = new MessageTable(lmdb.messages, snapshot.keys);
    long sentUpTo = sentUpTo(snapshot, number);
    long bytes = 0;
    try (Cursor<MemorySegment> cursor = lmdb.queue.openCursor(snapshot.txn)) {
      long from = Math.max(fromExclusive, Keys.QUEUE_HEAD) + 1;
      boolean found = cursor.get(snapshot.keys.queue(number, from), GetOp.MDB_SET_RANGE);
      while (found && cursor.key().get(Bytes.LONG, 0) == number) {
        if (rows.size() >= rowsMax || (bytes >= bytesMax && !rows.isEmpty())) {
          return false;
        }
        long sequence = cursor.key().get(Bytes.LONG, 8);
        QueuedRow row = row(snapshot, messages, number, sequence, cursor.val(), sentUpTo);
        if (row != null) {
          rows.add(row);
          bytes += row.bytes();
        }
        found = cursor.next();
      }
    }
    return true;
  }

  private long sentUpTo(Snapshot snapshot, long number) {
    MemorySegment head = lmdb.queue.get(snapshot.txn, snapshot.keys.queue(number, Keys.QUEUE_HEAD));
    if (head == null) {
      return 0;
    }
    var session = new SessionState(number, "");
    session.readHead(head);
    return session.sentUpTo;
  }

  /** Null when the row is damaged: it is logged and the rest goes on. */
  private @Nullable QueuedRow row(
      Snapshot snapshot,
      MessageTable messages,
      long number,
      long sequence,
      MemorySegment value,
      long sentUpTo) {
    try {
      var in = new RowReader(value);
      QueueRow row = QueueRow.read(in);
      Message message =
          switch (row.content) {
            case QueueRow.INLINE -> MessageBytes.read(in, null, lmdb.largePayloads);
            case QueueRow.REFERENCE ->
                MessageBytes.read(
                    new RowReader(messages.read(snapshot.txn, in.getLong())),
                    null,
                    lmdb.largePayloads);
            default -> null;
          };
      return new QueuedRow(
          sequence,
          STATES[row.state],
          row.packetId,
          StorePublish.qosOf(row.flags),
          StorePublish.isRetain(row.flags),
          StorePublish.isShared(row.flags),
          row.subscriptionIdentifiers,
          row.state != QueueRow.QUEUED || sequence <= sentUpTo,
          message);
    } catch (CorruptRowException e) {
      LOG.log(
          Level.ERROR,
          "row {0} in the queue of session {1} is damaged and was passed over: {2}; check the"
              + " store",
          sequence,
          number,
          e.getMessage());
      return null;
    }
  }
}

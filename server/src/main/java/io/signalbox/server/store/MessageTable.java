package io.signalbox.server.store;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import org.lmdbjava.Dbi;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;

/**
 * Messages that more than one queue refers to, or that are too large to lie in a queue's row: the
 * number of receivers left in one row, so that an acknowledgement does not rewrite the payload, and
 * the bytes in one or two others.
 *
 * <p>LMDB keeps values of up to {@value #LEAF_BYTES_MAX} bytes with a key of this size in the leaf;
 * a larger one takes whole pages of its own. Two parts keep the waste small: at most half a page
 * for a message of one page and a half or more, next to nothing below.
 */
final class MessageTable {
  private static final Logger LOG = System.getLogger(MessageTable.class.getName());

  /**
   * A leaf holds at least two rows: (4,096 - 16) / 2 - 2, less 8 for the node and 9 for the key.
   */
  private static final int LEAF_BYTES_MAX = 2_020;

  private static final int PAGE_BYTES = 4_096;
  private static final int PAGE_HEADER_BYTES = 16;

  private static final int COUNT = 0;
  private static final int FIRST = 1;
  private static final int SECOND = 2;

  private final Dbi<MemorySegment> table;
  private final Keys keys;
  private final RowWriter count = new RowWriter();

  MessageTable(Dbi<MemorySegment> table, Keys keys) {
    this.table = table;
    this.keys = keys;
  }

  /** How many bytes of a message go into its first part; the rest, if any, into the second. */
  static long firstPartBytes(long length) {
    if (length <= LEAF_BYTES_MAX) {
      return length;
    }
    if (length <= 2L * LEAF_BYTES_MAX) {
      return LEAF_BYTES_MAX;
    }
    long pages = (length + PAGE_HEADER_BYTES) / PAGE_BYTES;
    long wholePages = pages * PAGE_BYTES - PAGE_HEADER_BYTES;
    return length - wholePages <= LEAF_BYTES_MAX ? wholePages : length;
  }

  /**
   * Sequences only grow, so all rows go to the end of the table.
   *
   * @param form the message, in native memory
   */
  void append(Txn<MemorySegment> txn, long sequence, int receivers, MemorySegment form) {
    long length = form.byteSize();
    long first = firstPartBytes(length);
    MemorySegment head = count.begin().putInt(receivers).putInt((int) length).row();
    table.put(txn, keys.message(sequence, COUNT), head, PutFlags.MDB_APPEND);
    table.put(txn, keys.message(sequence, FIRST), form.asSlice(0, first), PutFlags.MDB_APPEND);
    if (first < length) {
      table.put(txn, keys.message(sequence, SECOND), form.asSlice(first), PutFlags.MDB_APPEND);
    }
  }

  /**
   * So many receivers need the message no more; behind the last one it goes.
   *
   * @throws CorruptRowException the number of its receivers is damaged; it stays
   */
  void release(Txn<MemorySegment> txn, long sequence, int receivers) {
    MemorySegment row = table.get(txn, keys.message(sequence, COUNT));
    if (row == null) {
      // Damage that deleting does not make worse: refusing it would keep the damage for ever.
      LOG.log(Level.WARNING, "message {0} is missing; check the store", sequence);
      return;
    }
    var in = new RowReader(row);
    int left = in.getInt() - receivers;
    int length = in.getInt();
    if (left > 0) {
      MemorySegment head = count.begin().putInt(left).putInt(length).row();
      table.put(txn, keys.message(sequence, COUNT), head);
      return;
    }
    table.delete(txn, keys.message(sequence, COUNT));
    table.delete(txn, keys.message(sequence, FIRST));
    if (firstPartBytes(length) < length) {
      table.delete(txn, keys.message(sequence, SECOND));
    }
  }

  /**
   * How many bytes a message has.
   *
   * @throws CorruptRowException it is missing
   */
  int length(Txn<MemorySegment> txn, long sequence) {
    MemorySegment head = table.get(txn, keys.message(sequence, COUNT));
    if (head == null) {
      throw new CorruptRowException("message " + sequence + " is missing");
    }
    var in = new RowReader(head);
    in.skip(Integer.BYTES);
    return in.getInt();
  }

  /** The message's bytes, in the map where they lie in one piece, or else in an array. */
  MemorySegment read(Txn<MemorySegment> txn, long sequence) {
    MemorySegment first = table.get(txn, keys.message(sequence, FIRST));
    int length = length(txn, sequence);
    if (first == null) {
      throw new CorruptRowException("message " + sequence + " is missing");
    }
    if (first.byteSize() == length) {
      return first;
    }
    MemorySegment second = table.get(txn, keys.message(sequence, SECOND));
    if (second == null || first.byteSize() + second.byteSize() != length) {
      throw new CorruptRowException("message " + sequence + " is not complete");
    }
    MemorySegment whole = MemorySegment.ofArray(new byte[length]);
    MemorySegment.copy(first, 0, whole, 0, first.byteSize());
    MemorySegment.copy(second, 0, whole, first.byteSize(), second.byteSize());
    return whole;
  }
}

package io.signalbox.server.store;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.Txn;

/**
 * How many rows of queues refer to each message, for a part of the messages at a time, so that
 * memory is bounded whatever the queues hold: the rows are gone through once for each window.
 *
 * <p>Which sequences a window has shows as they come: it begins with all behind the window before,
 * and when it holds too many the higher half is left to the next. Sequences are compared as their
 * keys are, without a sign. One thread.
 */
final class ReferenceWindow {
  /** About 25 MB. */
  static final int SEQUENCES_MAX = 1 << 20;

  /** Told of a message. */
  interface Rows {
    /**
     * @param rows 1.. that refer to it
     */
    void refer(long sequence, int rows);
  }

  private static final int SLOTS_MIN = 1_024;
  private static final int TAKEN = -1;
  private static final long MIX = 0x9E3779B97F4A7C15L;

  private final int sequencesMax;

  // Both bounds belong to the window; as in the slots, the highest bit is turned over, so that
  // signed numbers compare as they should.
  private long first = Long.MIN_VALUE;
  private long last = Long.MAX_VALUE;

  /** Open addressing; a slot whose count is 0 is free. */
  private long[] sequences = new long[SLOTS_MIN];

  private int[] counts = new int[SLOTS_MIN];
  private int size;

  /**
   * @param sequencesMax 2.. that are held at a time
   */
  ReferenceWindow(int sequencesMax) {
    if (sequencesMax < 2) {
      throw new IllegalArgumentException("a window of " + sequencesMax);
    }
    this.sequencesMax = sequencesMax;
  }

  private static long turned(long sequence) {
    return sequence ^ Long.MIN_VALUE;
  }

  /** A row refers to a message, of this window or not. */
  void count(long sequence) {
    long turned = turned(sequence);
    if (turned < first || turned > last) {
      return;
    }
    int slot = slot(sequences, counts, turned);
    if (counts[slot] > 0) {
      counts[slot]++;
    } else {
      add(turned, slot);
    }
  }

  /** Counts all rows of queues; what is wrong with one is not told, and it refers to nothing. */
  void countAll(Dbi<MemorySegment> queue, Txn<MemorySegment> txn) {
    try (Cursor<MemorySegment> cursor = queue.openCursor(txn)) {
      for (boolean found = cursor.first(); found; found = cursor.next()) {
        try {
          Keys.requireLength(cursor.key());
          if (cursor.key().get(Bytes.LONG, 8) != Keys.QUEUE_HEAD) {
            count(new RowReader(cursor.val()));
          }
        } catch (CorruptRowException | IndexOutOfBoundsException _) {
          // Told by who went through the rows before.
        }
      }
    }
  }

  private void count(RowReader in) {
    if (QueueRow.read(in).content == QueueRow.REFERENCE) {
      long message = in.getLong();
      in.expectEnd();
      count(message);
    }
  }

  private void add(long turned, int slot) {
    sequences[slot] = turned;
    counts[slot] = 1;
    size++;
    if (size > sequencesMax) {
      leaveHigherHalf();
    } else if (2 * size > sequences.length) {
      rehash(2 * sequences.length);
    }
  }

  private static int slot(long[] sequences, int[] counts, long turned) {
    int mask = sequences.length - 1;
    int slot = Long.hashCode(turned * MIX) & mask;
    while (counts[slot] != 0 && sequences[slot] != turned) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void leaveHigherHalf() {
    long[] held = held();
    last = held[held.length / 2] - 1;
    rehash(sequences.length);
  }

  /** Ascending. */
  private long[] held() {
    var held = new long[size];
    int at = 0;
    for (int slot = 0; slot < sequences.length; slot++) {
      if (counts[slot] != 0) {
        held[at++] = sequences[slot];
      }
    }
    Arrays.sort(held);
    return held;
  }

  private void rehash(int slots) {
    var newSequences = new long[slots];
    var newCounts = new int[slots];
    size = 0;
    for (int slot = 0; slot < sequences.length; slot++) {
      if (counts[slot] != 0 && sequences[slot] <= last) {
        int to = slot(newSequences, newCounts, sequences[slot]);
        newSequences[to] = sequences[slot];
        newCounts[to] = counts[slot];
        size++;
      }
    }
    sequences = newSequences;
    counts = newCounts;
  }

  /** How many rows refer to a message of this window; it is not among the {@link #rest} then. */
  int take(long sequence) {
    int slot = slot(sequences, counts, turned(sequence));
    int count = Math.max(0, counts[slot]);
    if (count > 0) {
      counts[slot] = TAKEN;
    }
    return count;
  }

  /** Tells each message of the window that was not taken, ascending, and how many rows it has. */
  void rest(Rows to) {
    for (long turned : held()) {
      int count = counts[slot(sequences, counts, turned)];
      if (count > 0) {
        to.refer(turned(turned), count);
      }
    }
  }

  /** Whether a message is behind this window. */
  boolean endsBefore(long sequence) {
    return last < turned(sequence);
  }

  /** Whether no message is behind this window. */
  boolean isLast() {
    return last == Long.MAX_VALUE;
  }

  /** Goes on to the messages behind this window, for which all rows are to be counted again. */
  void next() {
    if (isLast()) {
      throw new IllegalStateException("the last window");
    }
    first = last + 1;
    last = Long.MAX_VALUE;
    Arrays.fill(counts, 0);
    size = 0;
  }
}

package io.signalbox.server.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;

/**
 * One row of numbers for each I/O thread: written by that thread alone, read by whoever sums.
 *
 * <p>All counters of a thread share its row, so that those counted together lie on the same cache
 * lines; rows of different threads never do. An opaque write costs what a plain one costs and
 * cannot be held back in a register.
 */
final class Cells {
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  /**
   * Longs left free on both ends of a row: two cache lines, because processors prefetch them in
   * pairs.
   */
  private static final int PADDING = 16;

  private static final int CAPACITY = 1_024;

  private final long[][] rows;
  private int used;

  Cells(int loops) {
    rows = new long[loops][PADDING + CAPACITY + PADDING];
  }

  /** The place of one more number in every row. */
  int allocate() {
    if (used == CAPACITY) {
      throw new IllegalStateException("more than " + CAPACITY + " counters; raise Cells.CAPACITY");
    }
    return PADDING + used++;
  }

  void add(int loop, int place, long amount) {
    long[] row = rows[loop];
    LONGS.setOpaque(row, place, (long) LONGS.getOpaque(row, place) + amount);
  }

  long sum(int place, LongAdder elsewhere) {
    long sum = elsewhere.sum();
    for (long[] row : rows) {
      sum += (long) LONGS.getOpaque(row, place);
    }
    return sum;
  }
}

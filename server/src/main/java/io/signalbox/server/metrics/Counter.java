package io.signalbox.server.metrics;

import java.util.concurrent.atomic.LongAdder;

/** A number that only grows. */
public final class Counter {
  private final Cells cells;
  private final int place;
  private final LongAdder elsewhere = new LongAdder();

  Counter(Cells cells) {
    this.cells = cells;
    this.place = cells.allocate();
  }

  /** On the I/O thread of this index only: a plain write, no contention. */
  public void inc(int loop) {
    cells.add(loop, place, 1);
  }

  /** On the I/O thread of this index only. */
  public void add(int loop, long amount) {
    cells.add(loop, place, amount);
  }

  /** On any thread. */
  public void inc() {
    elsewhere.increment();
  }

  /** On any thread. */
  public void add(long amount) {
    elsewhere.add(amount);
  }

  /** The sum over all threads; those running may be a little ahead. */
  public long value() {
    return cells.sum(place, elsewhere);
  }
}

package io.signalbox.server.metrics;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * A number that grows and shrinks: kept by additions from where things happen, or read from its
 * owner when somebody asks.
 */
public final class Gauge {
  private final Cells cells;
  private final int place;
  private final LongAdder elsewhere = new LongAdder();
  private final List<LongSupplier> sources = new CopyOnWriteArrayList<>();

  Gauge(Cells cells) {
    this.cells = cells;
    this.place = cells.allocate();
  }

  /**
   * On the I/O thread of this index only; the amount may be negative, and what one thread added
   * another may take away.
   */
  public void add(int loop, long amount) {
    cells.add(loop, place, amount);
  }

  /** On any thread. */
  public void add(long amount) {
    elsewhere.add(amount);
  }

  /**
   * Adds an owner whose number counts too; it is called on the thread that reads, so it must be
   * safe there and quick.
   */
  public void from(LongSupplier source) {
    sources.add(source);
  }

  public long value() {
    long sum = cells.sum(place, elsewhere);
    for (LongSupplier source : sources) {
      sum += source.getAsLong();
    }
    return sum;
  }
}

package io.signalbox.server.metrics;

import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often a measure fell into each of some fixed buckets. For what happens thousands of times a
 * second, not millions.
 */
public final class Histogram {
  private final double[] bounds;
  private final LongAdder[] counts;
  private final DoubleAdder sum = new DoubleAdder();

  /**
   * @param bounds upper bounds, inclusive, ascending; what is above the last has a bucket too
   */
  Histogram(double... bounds) {
    this.bounds = bounds.clone();
    counts = new LongAdder[bounds.length + 1];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  /** On any thread. */
  public void observe(double value) {
    int bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]) {
      bucket++;
    }
    counts[bucket].increment();
    sum.add(value);
  }

  /** Observes a time measured in nanoseconds as seconds. On any thread. */
  public void observeNanos(long nanos) {
    observe(nanos / 1e9);
  }

  public long count() {
    long count = 0;
    for (LongAdder bucket : counts) {
      count += bucket.sum();
    }
    return count;
  }

  double sum() {
    return sum.sum();
  }

  /** Upper bounds with infinity as the last. */
  double[] upperBounds() {
    double[] all = java.util.Arrays.copyOf(bounds, counts.length);
    all[bounds.length] = Double.POSITIVE_INFINITY;
    return all;
  }

  /** Not cumulative, one for each upper bound. */
  long[] bucketCounts() {
    long[] values = new long[counts.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = counts[i].sum();
    }
    return values;
  }
}

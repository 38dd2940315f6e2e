package io.signalbox.server.transport;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * When to log what happens often: the first time at once, then once a minute while it goes on. Any
 * thread.
 */
final class Notice {
  private static final long PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final long NEVER = Long.MIN_VALUE;

  private final AtomicLong saidNanos = new AtomicLong(NEVER);
  private final AtomicLong unsaid = new AtomicLong();

  /**
   * It has happened once more.
   *
   * @return how often since it was last logged, if it is to be logged now
   */
  OptionalLong at(long nowNanos) {
    unsaid.incrementAndGet();
    long said = saidNanos.get();
    boolean due = said == NEVER || nowNanos - said >= PAUSE_NANOS;
    return due && saidNanos.compareAndSet(said, nowNanos)
        ? OptionalLong.of(unsaid.getAndSet(0))
        : OptionalLong.empty();
  }
}

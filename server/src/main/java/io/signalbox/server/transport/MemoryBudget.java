package io.signalbox.server.transport;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that all connections together hold in buffers, and all sessions in queues in memory. Any
 * thread.
 *
 * <p>Nothing fails when the bound is passed: those who fill buffers ask {@link #tight} and stop
 * filling, those who fill queues stop before that.
 */
final class MemoryBudget {
  private final long bytesMax;
  private final AtomicLong used = new AtomicLong();

  MemoryBudget(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }

  long used() {
    return used.get();
  }

  int eighthsUsed() {
    return Math.clamp(8 * used.get() / bytesMax, 0, Integer.MAX_VALUE);
  }

  boolean tight() {
    return used.get() > bytesMax;
  }
}

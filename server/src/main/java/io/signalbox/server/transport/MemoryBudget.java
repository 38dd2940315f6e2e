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
  private static final int STEP_BYTES_MAX = 1 << 20;

  private final long bytesMax;
  private final int stepBytes;
  private final AtomicLong used = new AtomicLong();

  /**
   * @param loops among which it is shared
   */
  MemoryBudget(long bytesMax, int loops) {
    this.bytesMax = bytesMax;
    this.stepBytes = Math.clamp(bytesMax / (64L * loops), Chunk.BYTES, STEP_BYTES_MAX);
  }

  /** What a loop takes at a time: idle ones, which keep up to two, hold a small part of all. */
  int stepBytes() {
    return stepBytes;
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }

  long used() {
    return used.get();
  }

  boolean isUsed(int eighths) {
    return 8 * used.get() >= eighths * bytesMax;
  }

  boolean tight() {
    return used.get() > bytesMax;
  }
}

package io.signalbox.server.eventloop;

/**
 * What one loop's connections and sessions hold of the memory that all of them have together
 * ({@code limits.buffered-bytes-max}). The loop's thread only, where nothing else is said.
 */
public interface MemoryShare {
  /** Counts bytes that are held from now on; negative: that are given up. */
  void charge(long bytes);

  /**
   * Whether all loops together use so much of the memory, or more. Any thread.
   *
   * @param eighths 1..8 of the whole
   */
  boolean isUsed(int eighths);
}

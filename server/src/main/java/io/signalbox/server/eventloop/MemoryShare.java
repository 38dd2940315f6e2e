package io.signalbox.server.eventloop;

/**
 * What one loop's connections and sessions hold of the memory that all of them have together
 * ({@code limits.buffered-bytes-max}). The loop's thread only.
 */
public interface MemoryShare {
  /** Counts bytes that are held from now on; negative: that are given up. */
  void charge(long bytes);

  /** How much of the memory all loops together use, in eighths of it: 8 or more is all. */
  int eighthsUsed();
}

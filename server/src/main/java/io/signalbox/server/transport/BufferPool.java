package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import org.jspecify.annotations.Nullable;

/**
 * Output chunks of one loop, handed out last in, first out so that a warm one is used again, and
 * the loop's share of the {@link MemoryBudget}: the shared counter moves once a megabyte, not once
 * a chunk.
 */
@ConfinedTo("I/O thread")
final class BufferPool {
  private static final int FREE_MAX = 256;
  private static final int STEP_BYTES = 1 << 20;

  private final MemoryBudget memory;
  private final @Nullable Chunk[] free = new @Nullable Chunk[FREE_MAX];
  private int freeCount;
  private long held;
  private long reserved;

  BufferPool(MemoryBudget memory) {
    this.memory = memory;
  }

  /**
   * @param headroom bytes kept free at the start for a frame header
   * @param length bytes that must fit; more than a pooled chunk holds gets a chunk of its own size
   */
  Chunk take(int headroom, int length) {
    Chunk chunk = null;
    int bytes = headroom + length;
    if (bytes <= Chunk.BYTES) {
      bytes = Chunk.BYTES;
      if (freeCount > 0) {
        chunk = free[--freeCount];
        free[freeCount] = null;
      }
    }
    if (chunk == null) {
      chunk = new Chunk(bytes);
    }
    chunk.reset(headroom);
    charge(bytes);
    return chunk;
  }

  void give(Chunk chunk) {
    charge(-chunk.array.length);
    chunk.next = null;
    if (chunk.array.length == Chunk.BYTES && freeCount < FREE_MAX) {
      free[freeCount++] = chunk;
    }
  }

  /** Counts other buffers of this loop's connections. */
  void charge(int bytes) {
    held += bytes;
    if (held > reserved) {
      long step = Math.max(STEP_BYTES, held - reserved);
      reserved += step;
      memory.add(step);
    } else if (reserved - held > 2L * STEP_BYTES) {
      long step = reserved - held - STEP_BYTES;
      reserved -= step;
      memory.add(-step);
    }
  }

  boolean tight() {
    return memory.tight();
  }

  long held() {
    return held;
  }
}

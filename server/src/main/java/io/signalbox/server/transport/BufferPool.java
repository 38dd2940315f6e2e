package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.routing.LargePayload;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Output chunks of one loop, handed out last in, first out so that a warm one is used again, and
 * the loop's share of the {@link MemoryBudget}: the shared counter moves in steps, not once a chunk
 * or message.
 */
@ConfinedTo("I/O thread, but for held")
final class BufferPool implements MemoryShare {
  private static final int FREE_MAX = 256;

  private final MemoryBudget memory;
  private final @Nullable Chunk[] free = new @Nullable Chunk[FREE_MAX];
  private int freeCount;

  /** Written by this thread alone, so without a fence. */
  private final AtomicLong held = new AtomicLong();

  private final int stepBytes;
  private long reserved;

  BufferPool(MemoryBudget memory) {
    this.memory = memory;
    this.stepBytes = memory.stepBytes();
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

  /**
   * A chunk that holds no more than so many bytes.
   *
   * @param headroom see {@link #take}
   */
  Chunk takeExactly(int headroom, int length) {
    var chunk = new Chunk(headroom + length);
    chunk.reset(headroom);
    charge(chunk.array.length);
    return chunk;
  }

  Chunk takeLent(LargePayload payload) {
    payload.hold(this);
    return new Chunk(payload);
  }

  void give(Chunk chunk) {
    chunk.next = null;
    if (chunk.lent != null) {
      chunk.lent.letGo(this);
      return;
    }
    charge(-chunk.array.length);
    if (chunk.array.length == Chunk.BYTES && freeCount < FREE_MAX) {
      free[freeCount++] = chunk;
    }
  }

  @Override
  public void charge(long bytes) {
    long now = held.getPlain() + bytes;
    held.setOpaque(now);
    if (now > reserved) {
      long step = Math.max(stepBytes, now - reserved);
      reserved += step;
      memory.add(step);
    } else if (reserved - now > 2L * stepBytes) {
      long step = reserved - now - stepBytes;
      reserved -= step;
      memory.add(-step);
    }
  }

  @Override
  public boolean isUsed(int eighths) {
    return memory.isUsed(eighths);
  }

  boolean tight() {
    return memory.tight();
  }

  /** Any thread. */
  long held() {
    return held.getOpaque();
  }
}

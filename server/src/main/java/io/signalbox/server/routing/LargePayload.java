package io.signalbox.server.routing;

import io.signalbox.server.eventloop.MemoryShare;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A payload that is too large to be copied for each of its receivers: queues and outputs hold the
 * same array, and it counts once in the memory of all, however many of them do. Any thread.
 */
public final class LargePayload {
  /** A payload of more bytes is large; what is smaller costs less to copy than to share. */
  public static final int BYTES_MIN = 16 * 1024;

  private static final AtomicIntegerFieldUpdater<LargePayload> HOLDERS =
      AtomicIntegerFieldUpdater.newUpdater(LargePayload.class, "holders");

  private final byte[] bytes;
  private volatile int holders;

  /**
   * @param bytes more than {@link #BYTES_MIN}; not copied, nobody modifies them from here on
   */
  public LargePayload(byte[] bytes) {
    this.bytes = bytes;
  }

  static boolean isLarge(byte[] payload) {
    return payload.length > BYTES_MIN;
  }

  /** Shared, never to be modified. */
  public byte[] bytes() {
    return bytes;
  }

  public int length() {
    return bytes.length;
  }

  /**
   * One more holds it; each {@linkplain #letGo lets go} later. The first counts it in its share,
   * the last takes it off its own: over all shares that is right.
   */
  public void hold(MemoryShare share) {
    if (HOLDERS.getAndIncrement(this) == 0) {
      share.charge(bytes.length);
    }
  }

  public void letGo(MemoryShare share) {
    int left = HOLDERS.decrementAndGet(this);
    assert left >= 0 : "let go more often than held";
    if (left == 0) {
      share.charge(-bytes.length);
    }
  }
}

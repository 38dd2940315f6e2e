package io.signalbox.server.eventloop;

import java.util.concurrent.atomic.AtomicLong;

/** Counts what is held, and is as full as a test says. */
public final class CountedMemory implements MemoryShare {
  private final AtomicLong held = new AtomicLong();
  private volatile int eighthsUsed;

  @Override
  public void charge(long bytes) {
    held.addAndGet(bytes);
  }

  @Override
  public boolean isUsed(int eighths) {
    return eighthsUsed >= eighths;
  }

  public void eighthsUsed(int eighths) {
    eighthsUsed = eighths;
  }

  public long held() {
    return held.get();
  }
}

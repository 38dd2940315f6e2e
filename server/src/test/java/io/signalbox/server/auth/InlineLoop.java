package io.signalbox.server.auth;

import io.signalbox.server.eventloop.CountedMemory;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.eventloop.Timer;
import java.util.ArrayDeque;
import java.util.Queue;

/** A loop whose passes a test makes: what was handed over runs in {@link #run}. */
final class InlineLoop implements EventLoop {
  private final CountedMemory memory = new CountedMemory();
  private final Queue<Runnable> tasks = new ArrayDeque<>();

  void run() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  @Override
  public int index() {
    return 0;
  }

  @Override
  public boolean isCurrent() {
    return true;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public void runAtEndOfPass(Runnable task) {
    tasks.add(task);
  }

  @Override
  public Timer schedule(long delayMillis, Runnable task) {
    throw new UnsupportedOperationException("nothing here waits");
  }

  @Override
  public long nowMillis() {
    return 0;
  }

  @Override
  public boolean congested() {
    return false;
  }

  @Override
  public MemoryShare memory() {
    return memory;
  }
}

package io.signalbox.server.store;

import io.signalbox.server.eventloop.CountedMemory;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.eventloop.Timer;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An event loop for tests: one thread that runs tasks in order. */
public final class WorkerLoop implements EventLoop, AutoCloseable {
  private final CountedMemory memory = new CountedMemory();
  private final int index;
  private final ScheduledExecutorService executor;
  private final AtomicInteger executed = new AtomicInteger();
  private volatile @Nullable Thread thread;

  public WorkerLoop(int index) {
    this.index = index;
    executor =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread made = new Thread(task, "test-loop-" + index);
              made.setDaemon(true);
              thread = made;
              return made;
            });
  }

  /** How often {@link #execute} was called. */
  int executed() {
    return executed.get();
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  @Override
  public void execute(Runnable task) {
    executed.incrementAndGet();
    executor.execute(task);
  }

  @Override
  public void runAtEndOfPass(Runnable task) {
    executor.execute(task);
  }

  @Override
  public Timer schedule(long delayMillis, Runnable task) {
    Future<?> future = executor.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
    return () -> future.cancel(false);
  }

  @Override
  public long nowMillis() {
    return System.nanoTime() / 1_000_000;
  }

  @Override
  public boolean congested() {
    return false;
  }

  @Override
  public MemoryShare memory() {
    return memory;
  }

  @Override
  public void close() {
    ExecutorService ending = executor;
    ending.shutdownNow();
  }
}

package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.Timer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Several event loops driven by the test's own thread, one task at a time, the next loop chosen by
 * a seed: every interleaving that the product's threads can show at the boundary of tasks, again
 * and again the same.
 */
final class ManualLoops implements Clocks {
  final List<Loop> loops = new ArrayList<>();
  private final Random random;
  private final List<Delayed> timers = new ArrayList<>();
  private final AtomicLong millis = new AtomicLong(1_000_000); // the store reads it too

  ManualLoops(int count, long seed) {
    random = new Random(seed);
    for (int i = 0; i < count; i++) {
      loops.add(new Loop(i, count));
    }
  }

  private @Nullable Loop current;
  private final Thread thread = Thread.currentThread();
  private Runnable asked = () -> {};

  /** Runs one task of a loop that has one. */
  boolean step() {
    List<Loop> ready = loops.stream().filter(Loop::hasTask).toList();
    if (ready.isEmpty()) {
      return false;
    }
    return step(ready.get(random.nextInt(ready.size())));
  }

  /** Runs one task of this loop, if it has one. */
  boolean step(Loop loop) {
    List<Queue<Runnable>> full = loop.queues.stream().filter(q -> !q.isEmpty()).toList();
    if (full.isEmpty()) {
      return false;
    }
    on(loop, full.get(random.nextInt(full.size())).remove());
    return true;
  }

  void on(Loop loop, Runnable task) {
    @Nullable Loop before = current;
    current = loop;
    try {
      task.run();
    } finally {
      current = before;
    }
  }

  /** Moves the clocks and runs the timers that are due. */
  void advance(long byMillis) {
    millis.addAndGet(byMillis);
    List<Delayed> due =
        timers.stream()
            .filter(t -> t.dueMillis <= millis.get())
            .sorted(Comparator.comparingLong(t -> t.dueMillis))
            .toList();
    timers.removeAll(due);
    due.forEach(t -> on(t.loop, t.task));
  }

  /** What was scheduled by a broker that is gone. */
  void forgetTimers() {
    timers.clear();
  }

  /** Runs in the middle of a task, each time that one asks for the time. */
  void whenAskedForTheTime(Runnable hook) {
    asked = hook;
  }

  @Override
  public long wallMillis() {
    if (Thread.currentThread() == thread) {
      asked.run();
    }
    return millis.get();
  }

  @Override
  public long nanos() {
    return millis.get() * 1_000_000;
  }

  private record Delayed(Loop loop, long dueMillis, Runnable task) {}

  final class Loop implements EventLoop {
    private final int index;

    /**
     * One queue for each sender: a loop by its index, then everybody else. Only within one is there
     * an order.
     */
    private final List<Queue<Runnable>> queues = new ArrayList<>();

    private final Thread thread = Thread.currentThread();

    Loop(int index, int count) {
      this.index = index;
      for (int i = 0; i <= count; i++) {
        queues.add(new ConcurrentLinkedQueue<>());
      }
    }

    boolean hasTask() {
      return queues.stream().anyMatch(q -> !q.isEmpty());
    }

    @Override
    public int index() {
      return index;
    }

    @Override
    public boolean isCurrent() {
      return Thread.currentThread() == thread && current == this;
    }

    @Override
    public void execute(Runnable task) {
      Loop from = current;
      boolean fromLoop = from != null && Thread.currentThread() == thread;
      queues.get(from != null && fromLoop ? from.index : queues.size() - 1).add(task);
    }

    @Override
    public void runAtEndOfPass(Runnable task) {
      execute(task);
    }

    @Override
    public Timer schedule(long delayMillis, Runnable task) {
      Delayed timer = new Delayed(this, millis.get() + delayMillis, task);
      timers.add(timer);
      return () -> timers.remove(timer);
    }

    @Override
    public long nowMillis() {
      return millis.get();
    }

    @Override
    public boolean congested() {
      return false;
    }
  }
}

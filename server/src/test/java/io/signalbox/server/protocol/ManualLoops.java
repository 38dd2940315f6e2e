package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.CountedMemory;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.eventloop.Timer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Several event loops driven by the test's own thread, one task at a time, the next loop chosen by
 * a seed: every interleaving that the product's threads can show at the boundary of tasks, again
 * and again the same.
 */
final class ManualLoops implements Clocks {
  final List<Loop> loops = new ArrayList<>();
  final CountedMemory memory = new CountedMemory();
  private final Random random;
  private final List<Delayed> timers = new ArrayList<>();
  private final AtomicLong millis = new AtomicLong(1_000_000); // the store reads it too
  private final AtomicLong wallAheadMillis = new AtomicLong();

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

  /** One step of this loop, if it has anything to do. */
  boolean step(Loop loop) {
    Runnable next = loop.next();
    if (next == null) {
      return false;
    }
    on(loop, next);
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
    pass(byMillis);
    while (runNextTimer()) {
      // in the order in which they are due
    }
  }

  /** Moves the clocks only. */
  void pass(long byMillis) {
    millis.addAndGet(byMillis);
  }

  /** The system's clock alone, as somebody sets it. */
  void setClockBack(long byMillis) {
    wallAheadMillis.addAndGet(-byMillis);
  }

  /** Of those that are due, the one that is so the longest. */
  boolean runNextTimer() {
    @Nullable Delayed next =
        timers.stream()
            .filter(t -> t.dueMillis <= millis.get())
            .min(Comparator.comparingLong(t -> t.dueMillis))
            .orElse(null);
    if (next == null) {
      return false;
    }
    timers.remove(next);
    on(next.loop, next.task);
    return true;
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
    return millis.get() + wallAheadMillis.get();
  }

  @Override
  public long nanos() {
    return millis.get() * 1_000_000;
  }

  private record Delayed(Loop loop, long dueMillis, Runnable task) {}

  final class Loop implements EventLoop {
    private final int index;

    /** From the test, as if the network brought it. */
    private final Queue<Runnable> outside = new ArrayDeque<>();

    /** From the store's threads. */
    private final Queue<Runnable> answers = new ConcurrentLinkedQueue<>();

    private boolean answersAreLate;

    /** From other loops, in the order in which they handed over. */
    private final Queue<Runnable> inbox = new ArrayDeque<>();

    /** Its own, for the next pass. */
    private final Queue<Runnable> tasks = new ArrayDeque<>();

    /** For each other loop, until the end of the pass. */
    private final List<Queue<Runnable>> outboxes = new ArrayList<>();

    /** Of the tasks of the pass that has begun. */
    private int left;

    /** Whose outbox comes next at the end of the pass that has begun; all: none has. */
    private int handing;

    private final Thread thread = Thread.currentThread();

    Loop(int index, int count) {
      this.index = index;
      this.handing = count;
      for (int i = 0; i < count; i++) {
        outboxes.add(new ArrayDeque<>());
      }
    }

    boolean hasTask() {
      return inPass() || hasPass() || !full().isEmpty();
    }

    /** Whether what the store tells waits until it is called off. */
    void answersAreLate(boolean late) {
      answersAreLate = late;
    }

    private List<Queue<Runnable>> full() {
      return Stream.of(outside, inbox, answers)
          .filter(queue -> !queue.isEmpty() && !(answersAreLate && queue == answers))
          .toList();
    }

    /** Whether there is something from another loop. */
    boolean hasBeenHanded() {
      return !inbox.isEmpty();
    }

    private boolean inPass() {
      return handing < outboxes.size();
    }

    private boolean hasPass() {
      return !tasks.isEmpty() || outboxes.stream().anyMatch(outbox -> !outbox.isEmpty());
    }

    /**
     * A pass is not interrupted by anything else on this loop; others do as they like meanwhile.
     */
    private @Nullable Runnable next() {
      if (!inPass()) {
        List<Queue<Runnable>> full = full();
        int choices = full.size() + (hasPass() ? 1 : 0);
        if (choices == 0) {
          return null;
        }
        int choice = random.nextInt(choices);
        if (choice < full.size()) {
          return full.get(choice).remove();
        }
        left = tasks.size();
        handing = 0;
      }
      if (left > 0) {
        left--;
        return tasks.remove();
      }
      return this::handOver;
    }

    /** What is for the next loop that gets anything. */
    private void handOver() {
      while (inPass() && outboxes.get(handing).isEmpty()) {
        handing++;
      }
      if (inPass()) {
        Queue<Runnable> outbox = outboxes.get(handing);
        loops.get(handing).inbox.addAll(outbox);
        outbox.clear();
        handing++;
      }
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
      if (Thread.currentThread() != thread) {
        answers.add(task);
        return;
      }
      Loop from = current;
      if (from == null) {
        outside.add(task);
      } else if (from == this) {
        tasks.add(task);
      } else {
        from.outboxes.get(index).add(task);
      }
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

    @Override
    public MemoryShare memory() {
      return memory;
    }
  }
}

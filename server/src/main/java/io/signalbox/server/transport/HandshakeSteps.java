package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.StepThread;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs the expensive steps of TLS handshakes: on the I/O thread of the connection while steps are
 * short, else on threads of their own. To hand a step over and its result back costs half as much
 * again as the step. Any thread.
 *
 * <p>Each I/O thread has an allowance for steps, which grows up to {@value #STRETCH_NANOS_MAX} ns
 * while it does other things: so long, and one step more, they keep it from its other connections
 * at a stretch. What it cannot afford waits in a queue until the sockets have had their turn.
 */
final class HandshakeSteps implements Executor, AutoCloseable {
  /** A step that is expected to take longer is none for an I/O thread. */
  static final long STEP_NANOS_MAX = 2_000_000;

  static final long STRETCH_NANOS_MAX = 2_000_000;

  /** What a moment without steps is worth: they get three quarters of an I/O thread at most. */
  private static final int GROWTH = 3;

  /** The first steps run code that is not compiled yet: they count as long until they are not. */
  private static final long NANOS_AT_FIRST = 32 * STEP_NANOS_MAX;

  /** As far as steps know an I/O thread. Its own thread. */
  interface IoThread {
    /** From 0. */
    int index();

    /** Runs the task after the sockets that are ready have had their turn. */
    void afterSockets(Runnable task);
  }

  private final Supplier<? extends @Nullable IoThread> current;
  private final boolean mayWait;
  private final LongSupplier nanos;
  private final LongSupplier cpuNanos;
  private final Metrics metrics;
  private final ThreadPoolExecutor threads;
  private final Turns[] turns;

  /** A moving average over all threads. Of two that write at once one is lost, which is no harm. */
  private volatile long expectedNanos = NANOS_AT_FIRST;

  /**
   * Starts no thread before a step needs one.
   *
   * @param ioThreads 1 or more
   * @param current the calling thread, null if it is no I/O thread
   * @param mayWait whether steps may wait for another machine: then none is for an I/O thread
   * @param nanos a clock as {@link System#nanoTime}
   * @param cpuNanos processor time of the calling thread: what a step costs does not depend on who
   *     else wants the processor
   */
  HandshakeSteps(
      int ioThreads,
      Supplier<? extends @Nullable IoThread> current,
      boolean mayWait,
      LongSupplier nanos,
      LongSupplier cpuNanos,
      Metrics metrics) {
    this.current = current;
    this.mayWait = mayWait;
    this.nanos = nanos;
    this.cpuNanos = cpuNanos;
    this.metrics = metrics;
    this.turns = new Turns[ioThreads];
    for (int i = 0; i < ioThreads; i++) {
      turns[i] = new Turns();
    }
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            ioThreads,
            ioThreads,
            1,
            TimeUnit.MINUTES,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "signalbox-tls-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Runs the step now, or later, or on another thread. Whoever begins handshakes asks {@link
   * #hasRoom} before, so that not many wait; {@code limits.half-open-max} bounds them.
   *
   * @throws RejectedExecutionException if this is closed
   */
  @Override
  public void execute(Runnable step) {
    IoThread thread = current.get();
    if (thread == null || !areShort()) {
      threads.execute(() -> run(step));
      metrics.handshakeSteps.inc(StepThread.OWN);
    } else {
      turns[thread.index()].take(step, thread);
      metrics.handshakeSteps.inc(StepThread.IO, thread.index());
    }
  }

  /** Whether a step of this I/O thread, which calls, would not have to wait for long. */
  boolean hasRoom(int ioThread) {
    return areShort()
        ? turns[ioThread].hasRoom()
        : threads.getQueue().size() < threads.getMaximumPoolSize();
  }

  private boolean areShort() {
    return !mayWait && expectedNanos <= STEP_NANOS_MAX;
  }

  /** Returns what it cost, in nanoseconds. */
  private long run(Runnable step) {
    long start = cpuNanos.getAsLong();
    step.run();
    long cost = cpuNanos.getAsLong() - start;
    long expected = expectedNanos;
    expectedNanos = expected + (cost - expected) / 8;
    return cost;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  /** The steps of one I/O thread. */
  @ConfinedTo("its I/O thread")
  private final class Turns {
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private long allowance = STRETCH_NANOS_MAX;
    private long spentAt = nanos.getAsLong();

    void take(Runnable step, IoThread thread) {
      if (waiting.isEmpty() && affords()) {
        spend(step);
      } else {
        waiting.add(step);
        if (waiting.size() == 1) {
          thread.afterSockets(() -> takeTurn(thread));
        }
      }
    }

    boolean hasRoom() {
      return waiting.isEmpty() && affords();
    }

    private void takeTurn(IoThread thread) {
      try {
        while (!waiting.isEmpty() && affords()) {
          try {
            spend(waiting.element());
          } finally {
            waiting.remove(); // Not before: a step that this one brings about schedules no turn.
          }
        }
      } finally {
        if (!waiting.isEmpty()) {
          thread.afterSockets(() -> takeTurn(thread));
        }
      }
    }

    private void spend(Runnable step) {
      allowance -= HandshakeSteps.this.run(step);
      spentAt = nanos.getAsLong();
    }

    private boolean affords() {
      long now = nanos.getAsLong();
      allowance = Math.min(allowance + (now - spentAt) * GROWTH, STRETCH_NANOS_MAX);
      spentAt = now;
      return allowance > 0;
    }
  }
}

package io.signalbox.server.auth;

import io.signalbox.server.metrics.Gauge;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The door from I/O threads to the threads that check signatures: at most so many clients wait for
 * them or for a fetch, and one more is turned away at once. Who was let in keeps its place from
 * step to step: whoever had waited for a fetch could find its place taken by one that came later.
 * Any thread.
 */
final class AuthWorkers {
  private final Executor executor;
  private final int pendingMax;
  private final Gauge pending;
  private final AtomicInteger underWay = new AtomicInteger();

  /** HTTP requests that wait for a fetch: as many again, so that they keep no CONNECT out. */
  private final AtomicInteger requests = new AtomicInteger();

  AuthWorkers(Executor executor, int pendingMax, Gauge pending) {
    this.executor = executor;
    this.pendingMax = pendingMax;
    this.pending = pending;
  }

  /**
   * A place for one whose credentials cannot be judged at once, until it is answered.
   *
   * @return false: all are taken
   */
  boolean enter() {
    return enter(underWay);
  }

  /** Who has entered is answered. */
  void leave() {
    leave(underWay);
  }

  /**
   * Does for who has entered what takes a thread of its own.
   *
   * @return false: the broker is stopping
   */
  boolean execute(Runnable check) {
    try {
      executor.execute(() -> run(check));
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  private void run(Runnable check) {
    boolean done = false;
    try {
      check.run();
      done = true;
    } finally {
      if (!done) {
        leave(); // nobody answers it any more
      }
    }
  }

  /**
   * Runs what follows a fetch for an HTTP request, on the thread that completes it.
   *
   * @return false: there is too much waiting
   */
  boolean afterForRequest(CompletableFuture<Void> fetched, Runnable then) {
    if (!enter(requests)) {
      return false;
    }
    CompletableFuture<?> _ =
        fetched.whenComplete(
            (_, _) -> {
              leave(requests);
              then.run();
            });
    return true;
  }

  private boolean enter(AtomicInteger count) {
    if (count.incrementAndGet() > pendingMax) {
      count.decrementAndGet();
      return false;
    }
    pending.add(1);
    return true;
  }

  private void leave(AtomicInteger count) {
    count.decrementAndGet();
    pending.add(-1);
  }
}

package io.signalbox.server.auth;

import io.signalbox.server.metrics.Gauge;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The door from I/O threads to the threads that check signatures: at most so many checks wait or
 * run, and one more is turned away at once. Any thread.
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
   * @return false: not taken, there is too much waiting or the broker is stopping
   */
  boolean submit(Runnable check) {
    if (underWay.incrementAndGet() > pendingMax) {
      underWay.decrementAndGet();
      return false;
    }
    pending.add(1);
    try {
      executor.execute(
          () -> {
            try {
              check.run();
            } finally {
              done(underWay);
            }
          });
      return true;
    } catch (RejectedExecutionException e) {
      done(underWay);
      return false;
    }
  }

  /**
   * Runs what follows a fetch, on the thread that completes it; one under way counts as waiting.
   *
   * @return false: there is too much waiting
   */
  boolean after(CompletableFuture<Void> fetched, Runnable then) {
    return after(underWay, fetched, then);
  }

  /** As {@link #after}, for an HTTP request. */
  boolean afterForRequest(CompletableFuture<Void> fetched, Runnable then) {
    return after(requests, fetched, then);
  }

  private boolean after(AtomicInteger count, CompletableFuture<Void> fetched, Runnable then) {
    if (count.incrementAndGet() > pendingMax) {
      count.decrementAndGet();
      return false;
    }
    pending.add(1);
    CompletableFuture<?> _ =
        fetched.whenComplete(
            (_, _) -> {
              done(count);
              then.run();
            });
    return true;
  }

  private void done(AtomicInteger count) {
    count.decrementAndGet();
    pending.add(-1);
  }
}

package io.signalbox.it.crash;

import io.signalbox.it.wire.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets actors play while a broker is up, holds them while it is down, and ends the run at the first
 * thing that is wrong.
 */
final class Stage {
  private static final long LEAVE_SECONDS = 60;

  private record Up(Endpoint endpoint, int generation) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable Endpoint endpoint;
  private int generation;
  private @Nullable Throwable failure;
  private volatile boolean finishing;
  private volatile boolean over;
  private volatile boolean full;
  private final AtomicLong refusals = new AtomicLong();

  /** Starts a thread that plays whenever the broker is up. */
  void enter(Actor actor) {
    threads.add(Thread.ofPlatform().daemon().name(actor.name()).start(() -> perform(actor)));
  }

  private void perform(Actor actor) {
    try {
      while (!over) {
        @Nullable Up up = awaitUp();
        if (up == null) {
          return;
        }
        try {
          actor.play(up.endpoint);
          return;
        } catch (Gone e) {
          if (e instanceof Refused) {
            refused(e.getMessage());
          }
          if (isUp(up.generation)) {
            throw new AssertionError("a living broker ended it: " + e.getMessage(), e);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      fail(new AssertionError(actor.name() + ": " + e.getMessage(), e));
    }
  }

  /** A broker is there; each time another object. */
  void up(Endpoint where) {
    change(
        () -> {
          endpoint = where;
          full = false;
        });
  }

  /** Called before the kill, so that no actor takes it for a fault. */
  void down() {
    change(
        () -> {
          endpoint = null;
          generation++;
        });
  }

  /** From now until the next broker is up, the disk may be full. */
  void mayBeFull() {
    full = true;
  }

  /** Somebody was told that there is no room. */
  void refused(@Nullable String what) {
    if (!full) {
      throw new AssertionError("refused although the disk is not full: " + what);
    }
    refusals.incrementAndGet();
  }

  long refusals() {
    return refusals.get();
  }

  /** No new work: what is open is brought to its end. */
  void finish() {
    finishing = true;
    change(() -> {});
  }

  boolean isFinishing() {
    return finishing;
  }

  boolean isOver() {
    return over;
  }

  void fail(Throwable problem) {
    change(
        () -> {
          if (failure == null) {
            failure = problem;
          }
          over = true;
        });
  }

  void throwIfFailed() {
    lock.lock();
    try {
      if (failure != null) {
        throw new AssertionError(failure.getMessage(), failure);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Everybody leaves. */
  void end() throws InterruptedException {
    change(() -> over = true);
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(LEAVE_SECONDS));
    }
  }

  /** Stays away from the broker for that long, or until it is killed or the run finishes. */
  void pause(long millis) {
    pause(millis, true);
  }

  /** Like {@link #pause}, but also while the run finishes. */
  void pauseWhileFinishing(long millis) {
    pause(millis, false);
  }

  private void pause(long millis, boolean untilFinishing) {
    lock.lock();
    try {
      int at = generation;
      long left = TimeUnit.MILLISECONDS.toNanos(millis);
      while (left > 0 && generation == at && !(untilFinishing && finishing) && !over) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Up awaitUp() throws InterruptedException {
    lock.lock();
    try {
      while (endpoint == null && !over) {
        changed.await();
      }
      return over ? null : new Up(Objects.requireNonNull(endpoint), generation);
    } finally {
      lock.unlock();
    }
  }

  private boolean isUp(int since) {
    lock.lock();
    try {
      return generation == since && !over;
    } finally {
      lock.unlock();
    }
  }

  private void change(Runnable what) {
    lock.lock();
    try {
      what.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}

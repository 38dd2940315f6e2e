package io.signalbox.server.auth;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.RegistryException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One at a time, in the order in which they come, of those whose changes are proved. A proof may
 * take minutes: threads that serve others are not to wait for it all at once.
 */
final class ProofTurn {
  private static final long PATIENCE_SECONDS = 2;

  private final ReentrantLock lock = new ReentrantLock(true);
  private final Metrics metrics;
  private volatile Semaphore longWaits = new Semaphore(Integer.MAX_VALUE);

  /** Whoever has it has it for longer than the patience of somebody. */
  private volatile boolean isLong;

  ProofTurn(Metrics metrics) {
    this.metrics = metrics;
  }

  /** Permits for those who wait longer than the patience; shared with other turns. */
  void longWaits(Semaphore permits) {
    longWaits = permits;
  }

  /**
   * Waits for it.
   *
   * @throws RegistryException it takes long, and as many as may wait long do
   */
  void take() throws RegistryException, InterruptedException {
    if (lock.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      return;
    }
    Semaphore permits = longWaits;
    if (!permits.tryAcquire()) {
      metrics.limitsReached.inc(Metrics.Limit.ADMIN_REQUESTS);
      throw refused();
    }
    try {
      lock.lockInterruptibly();
    } finally {
      permits.release();
    }
  }

  /**
   * Waits for it for a short while, and not at all if it was in vain for another.
   *
   * @throws RegistryException it takes longer
   */
  void takeSoon() throws RegistryException, InterruptedException {
    if (isLong ? lock.tryLock() : lock.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      return;
    }
    isLong = true;
    throw refused();
  }

  /** However long it takes. */
  void takeAlways() {
    lock.lock();
  }

  /** Takes it if nobody has it. */
  boolean takeIfFree() {
    return lock.tryLock();
  }

  /** By whoever has it. */
  void end() {
    if (lock.getHoldCount() == 1) {
      isLong = false;
    }
    lock.unlock();
  }

  private static RegistryException refused() {
    return new RegistryException(
        RegistryException.Reason.UNAVAILABLE,
        "other changes of policies are being proved, which takes long; repeat it later");
  }
}

package io.signalbox.server.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C while a measurement runs: asks it to end early, and keeps the process until it has taken
 * its leftovers away and told what it has.
 */
final class BenchInterruption implements AutoCloseable {
  private static final long TIDYING_SECONDS_MAX = 60;

  private final CountDownLatch told = new CountDownLatch(1);
  private final Thread hook = new Thread(this::interrupt, "interruption");
  private volatile boolean requested;

  BenchInterruption() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether the measurement is to end. Any thread. */
  boolean isRequested() {
    return requested;
  }

  private void interrupt() {
    requested = true;
    try {
      boolean _ = told.await(TIDYING_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** Everything is told: the process may end. */
  @Override
  public void close() {
    told.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // it is running: the process ends
    }
  }
}

package io.signalbox.it.broker;

import io.signalbox.it.wire.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Tries what comes true a moment later. The pauses between leave the processors to the broker, and
 * keep below the failures that it takes from one address in a minute.
 */
public final class Eventually {
  private static final long PAUSE_NANOS_MIN = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long PAUSE_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(500);

  private Eventually() {}

  /** What may fail by an assertion, or because a connection ends. */
  @FunctionalInterface
  public interface Attempt<T> {
    T make() throws IOException;
  }

  /**
   * Makes attempts until one does not fail, for as long as {@link RawClient#PATIENCE}.
   *
   * @throws AssertionError with the last failure as its cause
   */
  public static <T> T succeeds(Attempt<T> attempt) {
    long deadline = System.nanoTime() + RawClient.PATIENCE.toNanos();
    long pause = PAUSE_NANOS_MIN;
    while (true) {
      try {
        return attempt.make();
      } catch (IOException | UncheckedIOException | AssertionError e) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError("not within " + RawClient.PATIENCE, e);
        }
      }
      LockSupport.parkNanos(pause);
      pause = Math.min(2 * pause, PAUSE_NANOS_MAX);
    }
  }
}

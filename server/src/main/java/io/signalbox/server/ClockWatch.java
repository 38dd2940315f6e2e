package io.signalbox.server;

import io.signalbox.server.eventloop.Clocks;

/**
 * Notices that somebody set the clock. Timers run by one that cannot be set; what ends by the
 * calendar has to be looked at then. One thread.
 */
final class ClockWatch {
  private static final long DRIFT_MILLIS_MAX = 1_000;

  private final Clocks clocks;
  private long driftMillis;

  ClockWatch(Clocks clocks) {
    this.clocks = clocks;
    this.driftMillis = drift();
  }

  /** Whether it was set, by more than a second, since this was asked before. */
  boolean wasSet() {
    long drift = drift();
    boolean wasSet = Math.abs(drift - driftMillis) > DRIFT_MILLIS_MAX;
    driftMillis = drift;
    return wasSet;
  }

  private long drift() {
    return clocks.wallMillis() - clocks.nanos() / 1_000_000;
  }
}

package io.signalbox.server.eventloop;

/**
 * Wall-clock and monotonic time, injected so that tests and the simulation can drive them. Any
 * thread.
 */
public interface Clocks {

  /**
   * Milliseconds since 1970-01-01T00:00:00Z; may jump, so it is for expiry dates that outlive the
   * process.
   */
  long wallMillis();

  /** Monotonic nanoseconds; only differences mean something. */
  long nanos();

  /** The clocks of the machine. */
  static Clocks system() {
    return SystemClocks.INSTANCE;
  }
}

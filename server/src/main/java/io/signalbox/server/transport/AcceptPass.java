package io.signalbox.server.transport;

import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pass of the thread that accepts connections for the I/O threads. XNIO wakes the I/O thread for
 * each connection; where both have one processor, as when all processors are busy, it goes to the
 * other thread and back each time, a quarter of what a connection costs in all. So I/O threads are
 * woken at the end of the pass, once. While more than one connection comes in a pass, the next pass
 * begins {@value #INTERVAL_NANOS} ns after it, so that what has come until then is accepted
 * together; a connection that comes alone waits for nothing. Only on its thread.
 */
final class AcceptPass {
  static final long INTERVAL_NANOS = 1_000_000;

  private static final ThreadLocal<@Nullable AcceptPass> OF_THREAD = new ThreadLocal<>();

  /** The I/O threads, and whichever other selector was woken: few. */
  private final List<Selector> toWake = new ArrayList<>();

  private long beganNanos;
  private int connections;

  /** The calling thread's; null if it does not accept. */
  static @Nullable AcceptPass ofThread() {
    return OF_THREAD.get();
  }

  /** The calling thread begins a pass. */
  void begin(long nowNanos) {
    OF_THREAD.set(this);
    connections = 0;
    beganNanos = nowNanos;
  }

  /** One was accepted, and given to an I/O thread. */
  void accepted() {
    connections++;
  }

  /** The I/O thread that selects there is woken at the end. */
  void wakeAtEnd(Selector selector) {
    if (!toWake.contains(selector)) {
      toWake.add(selector);
    }
  }

  /** Wakes whoever is to be woken. */
  void end() {
    for (Selector selector : toWake) {
      selector.wakeup();
    }
    toWake.clear();
  }

  /** Until the next pass may begin; none left if zero or less. */
  long nanosToNext(long nowNanos) {
    return connections > 1 ? beganNanos + INTERVAL_NANOS - nowNanos : 0;
  }
}

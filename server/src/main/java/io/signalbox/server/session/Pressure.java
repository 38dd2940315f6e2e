package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Tells publishers of QoS 1 and 2 that a transient session does not keep up: their acknowledgements
 * wait, and with them what their own windows hold back, instead of messages being dropped that were
 * acknowledged a moment ago. One receiver that stands still must not stop its publishers, so the
 * pressure ends after a bounded time whatever happens; then the newest messages are dropped and
 * counted until the receiver has caught up.
 */
@ConfinedTo("the session's I/O thread, but for isOn")
final class Pressure {
  private static final long MILLIS_MAX = 2_000;

  private record Waiting(EventLoop loop, Runnable task) {}

  private final Metrics metrics;

  /** Null while nobody waits. */
  private @Nullable Deque<Waiting> waiting;

  private volatile boolean on;
  private boolean givenUp;
  private @Nullable Timer timer;

  Pressure(Metrics metrics) {
    this.metrics = metrics;
  }

  /** Any thread. */
  boolean isOn() {
    return on;
  }

  void begin(EventLoop owner) {
    if (on || givenUp) {
      return;
    }
    on = true;
    metrics.acksHeldBack.inc(owner.index());
    timer = owner.schedule(MILLIS_MAX, this::giveUp);
  }

  private void giveUp() {
    timer = null;
    givenUp = true;
    relieve();
  }

  /** The session has caught up, or is gone. */
  void end() {
    givenUp = false;
    if (on) {
      relieve();
    }
  }

  void whenRelieved(EventLoop loop, Runnable task) {
    if (on) {
      Deque<Waiting> all = waiting == null ? new ArrayDeque<>() : waiting;
      all.add(new Waiting(loop, task)); // bounded by the windows of the publishers
      waiting = all;
    } else {
      loop.execute(task);
    }
  }

  private void relieve() {
    on = false;
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    Deque<Waiting> all = waiting;
    waiting = null;
    if (all != null) {
      all.forEach(next -> next.loop.execute(next.task));
    }
  }
}

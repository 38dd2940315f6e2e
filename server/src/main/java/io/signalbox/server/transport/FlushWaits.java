package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.Timer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Who waits until what is queued for one connection now has been handed to its socket, whatever is
 * queued behind it meanwhile: a client that is always sent more reads all the same.
 */
@ConfinedTo("I/O thread")
final class FlushWaits {
  private static final class Wait {
    /** The last chunk that counts; null once all of them were taken. */
    @Nullable Chunk last;

    final long deadlineMillis;
    final Runnable task;

    Wait(@Nullable Chunk last, long deadlineMillis, Runnable task) {
      this.last = last;
      this.deadlineMillis = deadlineMillis;
      this.task = task;
    }
  }

  private final XnioEventLoop loop;
  private final Runnable timeIsOver;
  private final Deque<Wait> waits = new ArrayDeque<>(1);

  private @Nullable Timer timer;

  /**
   * @param timeIsOver what is done when somebody has waited too long
   */
  FlushWaits(XnioEventLoop loop, Runnable timeIsOver) {
    this.loop = loop;
    this.timeIsOver = timeIsOver;
  }

  /**
   * Runs a task, later, once all is gone, and before that {@code timeIsOver} if it takes longer
   * than the grace.
   *
   * @param last of the chunks that are queued, nothing may be appended to it; null: all of them are
   *     with the TLS layer
   */
  void add(@Nullable Chunk last, long graceMillis, Runnable task) {
    waits.add(new Wait(last, loop.nowMillis() + graceMillis, task));
    if (timer == null) {
      timer = loop.schedule(graceMillis, this::checkTime);
    }
  }

  private void checkTime() {
    timer = null;
    long left = waits.element().deadlineMillis - loop.nowMillis();
    if (left > 0) { // the one for whom it was set has been told
      timer = loop.schedule(left, this::checkTime);
    } else {
      timeIsOver.run();
    }
  }

  /** A chunk was taken as a whole, by the socket or the TLS layer. */
  void taken(Chunk chunk) {
    for (Wait wait : waits) {
      if (chunk.equals(wait.last)) {
        wait.last = null;
      }
    }
  }

  /** Whether for somebody all was taken. */
  boolean isAnyTaken() {
    Wait first = waits.peek(); // what it waits for was queued first
    return first != null && first.last == null;
  }

  /** What was taken is with the socket. */
  void takenIsGone() {
    while (isAnyTaken()) {
      loop.execute(waits.remove().task);
    }
    if (waits.isEmpty()) {
      stopTimer();
    }
  }

  /** Everything is gone, or the connection. */
  void allIsGone() {
    waits.forEach(wait -> loop.execute(wait.task));
    waits.clear();
    stopTimer();
  }

  private void stopTimer() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }

  boolean isEmpty() {
    return waits.isEmpty();
  }
}

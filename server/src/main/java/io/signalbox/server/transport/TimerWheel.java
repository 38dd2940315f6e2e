package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Timers of one loop in slots of 100 ms: setting and cancelling one costs a few pointers however
 * many there are, which the loop's own sorted queue under a lock does not. Knows no clock; the
 * owner says what time it is.
 */
@ConfinedTo("I/O thread")
final class TimerWheel {
  static final int TICK_MILLIS = 100;
  private static final int SLOTS =
      512; // 51 s a turn; later timers stay in their slot for another turn

  private final @Nullable Entry[] slots = new @Nullable Entry[SLOTS];
  private final List<Entry> due = new ArrayList<>();
  private long tick;
  private int size;

  TimerWheel(long nowMillis) {
    tick = Math.floorDiv(nowMillis, TICK_MILLIS);
  }

  /**
   * @return the timer; its tick is the first that is not before {@code deadlineMillis}
   */
  Entry add(long deadlineMillis, Runnable task) {
    long at = Math.max(-Math.floorDiv(-deadlineMillis, (long) TICK_MILLIS), tick + 1);
    Entry entry = new Entry(at, task);
    int slot = (int) (at & (SLOTS - 1));
    Entry head = slots[slot];
    entry.next = head;
    if (head != null) {
      head.previous = entry;
    }
    slots[slot] = entry;
    size++;
    return entry;
  }

  /** Gives every task that is due to {@code run}; after a long sleep not in the order of time. */
  void advance(long nowMillis, Consumer<Runnable> run) {
    long target = Math.floorDiv(nowMillis, TICK_MILLIS);
    if (target - tick > SLOTS) {
      tick = target - SLOTS; // A late loop visits each slot once, not once a tick it slept.
    }
    while (tick < target) {
      tick++;
      collect((int) (tick & (SLOTS - 1)));
      for (int i = 0; i < due.size(); i++) {
        Entry entry = due.get(i);
        Runnable task = entry.task; // An earlier task of this tick may have cancelled it.
        if (task != null) {
          entry.task = null;
          run.accept(task);
        }
      }
      due.clear();
    }
  }

  private void collect(int slot) {
    Entry entry = slots[slot];
    while (entry != null) {
      Entry next = entry.next;
      if (entry.at <= tick) {
        unlink(entry);
        due.add(entry);
      }
      entry = next;
    }
  }

  /**
   * Milliseconds at which {@link #advance} should be called next, {@link Long#MAX_VALUE} if never.
   */
  long nextMillis() {
    if (size == 0) {
      return Long.MAX_VALUE;
    }
    for (long at = tick + 1; at < tick + SLOTS; at++) {
      if (slots[(int) (at & (SLOTS - 1))] != null) {
        return at * TICK_MILLIS;
      }
    }
    return (tick + SLOTS) * TICK_MILLIS;
  }

  int size() {
    return size;
  }

  private void unlink(Entry entry) {
    Entry previous = entry.previous;
    Entry next = entry.next;
    if (previous == null) {
      slots[(int) (entry.at & (SLOTS - 1))] = next;
    } else {
      previous.next = next;
    }
    if (next != null) {
      next.previous = previous;
    }
    entry.next = null;
    entry.previous = entry;
    size--;
  }

  /** One timer. */
  final class Entry implements Timer {
    private final long at;
    private @Nullable Runnable task;

    /** Itself: it is in no slot. */
    private @Nullable Entry previous;

    private @Nullable Entry next;

    private Entry(long at, Runnable task) {
      this.at = at;
      this.task = task;
    }

    long millis() {
      return at * TICK_MILLIS;
    }

    @Override
    public void cancel() {
      task = null;
      if (previous != this) {
        unlink(this);
      }
    }
  }
}

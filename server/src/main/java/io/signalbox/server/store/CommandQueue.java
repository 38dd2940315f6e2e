package io.signalbox.server.store;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The way from many threads to the writer. Each submitter's commands stay in order. A submitter
 * never waits: it pushes onto a stack that the writer takes whole and turns round.
 */
final class CommandQueue {
  /** A command on its way, and later what became of it. */
  static final class Entry {
    final @Nullable Command command;
    final @Nullable Completion completion;
    @Nullable Object result;
    @Nullable StoreException failure;

    /** Applying it failed once and is not tried again. */
    boolean faulty;

    /** The next one was pushed together with it, and belongs into its batch. */
    boolean together;

    /** It {@link StateMachine#makesRoom}, as the last attempt to apply it found. */
    boolean makesRoom;

    // Written before the entry is published, then by the writer alone.
    private @Nullable Entry next;

    Entry(
        @Nullable Command command,
        @Nullable Completion completion,
        @Nullable StoreException failure) {
      this.command = command;
      this.completion = completion;
      this.failure = failure;
    }

    String name() {
      return command == null ? "nothing" : command.getClass().getSimpleName();
    }

    int bytes() {
      return command == null ? 0 : command.bytes();
    }
  }

  private final AtomicReference<@Nullable Entry> newest = new AtomicReference<>();
  private final AtomicLong commands = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private volatile @Nullable Thread waiting;

  // The writer's own: entries taken from the stack, oldest first.
  private @Nullable Entry oldest;

  long commands() {
    return commands.get();
  }

  long bytes() {
    return bytes.get();
  }

  /** Any thread. */
  void push(Entry entry) {
    push(entry, entry, 1, entry.bytes());
  }

  /** Several, with none of another thread between them and for one batch. Any thread. */
  void push(List<Entry> entries) {
    long allBytes = 0;
    Entry before = null;
    for (Entry entry : entries) {
      allBytes += entry.bytes();
      entry.next = before; // a stack: the oldest lies lowest
      if (before != null) {
        before.together = true;
      }
      before = entry;
    }
    push(entries.getFirst(), entries.getLast(), entries.size(), allBytes);
  }

  private void push(Entry first, Entry last, int count, long allBytes) {
    commands.addAndGet(count);
    bytes.addAndGet(allBytes);
    Entry head;
    do {
      head = newest.get();
      first.next = head;
    } while (!newest.compareAndSet(head, last));
    if (head == null) {
      wake();
    }
  }

  /** Lets the writer look again. */
  void wake() {
    Thread writer = waiting;
    if (writer != null) {
      LockSupport.unpark(writer);
    }
  }

  /** The next command, or null when none is there now. Writer only. */
  @Nullable Entry poll() {
    if (oldest == null) {
      oldest = reversed(newest.getAndSet(null));
    }
    Entry entry = oldest;
    if (entry != null) {
      oldest = entry.next;
      entry.next = null;
      commands.decrementAndGet();
      bytes.addAndGet(-entry.bytes());
    }
    return entry;
  }

  private static @Nullable Entry reversed(@Nullable Entry stack) {
    Entry turned = null;
    Entry entry = stack;
    while (entry != null) {
      Entry below = entry.next;
      entry.next = turned;
      turned = entry;
      entry = below;
    }
    return turned;
  }

  /**
   * Sleeps until something is pushed, {@link #wake} is called, or the time is over. Writer only.
   */
  void await(long nanos) {
    waiting = Thread.currentThread();
    if (newest.get() == null && oldest == null) {
      LockSupport.parkNanos(this, nanos);
    }
    waiting = null;
  }
}

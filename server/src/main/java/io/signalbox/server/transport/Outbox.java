package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The only way from one I/O thread to another: tasks gather in a batch that crosses once per pass
 * of the sender with one wake-up.
 *
 * <p>Nothing is dropped. When more tasks are on their way than the bound, the sender is congested
 * and reads no further from its sockets until half of them have run.
 */
@ConfinedTo("the sender's I/O thread, but for consumed()")
final class Outbox {
  static final int BATCH_MAX = 1_024;
  private static final int BATCH_START = 16;

  private final XnioEventLoop from;
  private final XnioEventLoop to;
  private final int entriesMax;
  private final Runnable relief = this::relieve;

  /** An emptied batch on its way back, so that steady traffic allocates none. */
  private final AtomicReference<@Nullable Batch> spare = new AtomicReference<>();

  private @Nullable Batch filling;
  // Each is written by one thread alone, so no update can be lost.
  private volatile long handed; // by the sender
  private volatile long consumed; // by the receiver
  private volatile boolean congested; // by the sender

  Outbox(XnioEventLoop from, XnioEventLoop to, int entriesMax) {
    this.from = from;
    this.to = to;
    this.entriesMax = entriesMax;
  }

  void add(Runnable task) {
    Batch batch = filling;
    if (batch == null) {
      batch = spare.getAndSet(null);
      if (batch == null) {
        batch = new Batch();
      }
      filling = batch;
      from.schedulePass();
    }
    batch.add(task);
    if (batch.size == BATCH_MAX) {
      handOver();
    }
  }

  /** Called at the end of the sender's pass. */
  void handOver() {
    Batch batch = filling;
    if (batch == null) {
      return;
    }
    filling = null;
    long total = handed + batch.size;
    handed = total;
    to.receive(batch);
    from.metrics().loopHandovers.inc(from.index());
    if (!congested && handed - consumed > entriesMax) {
      congested = true;
      from.outboxCongested();
      // The receiver may have emptied everything before it could see the flag.
      relieve();
    }
  }

  /** Runs on the receiver's thread. */
  private void consumed(int count) {
    long total = consumed + count;
    consumed = total;
    if (congested && handed - consumed <= entriesMax / 2) {
      from.executeExternally(relief);
    }
  }

  private void relieve() {
    if (congested && handed - consumed <= entriesMax / 2) {
      congested = false;
      from.outboxRelieved();
    }
  }

  /** Tasks of one crossing, in the order in which they were added. */
  final class Batch {
    private @Nullable Runnable[] tasks = new @Nullable Runnable[BATCH_START];
    private int size;

    private void add(Runnable task) {
      if (size == tasks.length) {
        tasks = Arrays.copyOf(tasks, size * 2);
      }
      tasks[size++] = task;
    }

    /** On the receiver's thread. */
    void run() {
      int count = size;
      for (int i = 0; i < count; i++) {
        Runnable task = tasks[i];
        tasks[i] = null;
        if (task != null) {
          to.run(task);
        }
      }
      size = 0;
      spare.set(this);
      consumed(count);
    }
  }
}

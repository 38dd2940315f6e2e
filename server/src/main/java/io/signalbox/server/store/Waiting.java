package io.signalbox.server.store;

import io.signalbox.server.eventloop.EventLoop;

/** A place among those who wait for the writer. Any thread. */
public final class Waiting {
  private final Waiters among;
  private final EventLoop loop;
  private final Runnable task;

  Waiting(Waiters among, EventLoop loop, Runnable task) {
    this.among = among;
    this.loop = loop;
    this.task = task;
  }

  /** The task is not needed any more; without effect when it was handed to its loop before. */
  public void leave() {
    among.remove(this);
  }

  EventLoop loop() {
    return loop;
  }

  Runnable task() {
    return task;
  }
}

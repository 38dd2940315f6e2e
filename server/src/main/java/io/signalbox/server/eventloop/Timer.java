package io.signalbox.server.eventloop;

/** A task to come. Used on the thread of the loop that made it. */
@FunctionalInterface
public interface Timer {

  /** The task will not run any more; without effect when it has run or was cancelled. */
  void cancel();
}

package io.signalbox.server.eventloop;

/**
 * One I/O thread, seen without its sockets.
 *
 * <p>A loop runs in passes: the ready sockets of one select, then the tasks handed to it, then the
 * tasks of {@link #runAtEndOfPass}. A task that throws is logged and counted; it never ends the
 * loop.
 */
public interface EventLoop {

  /**
   * Place among the loops of the process: 0 to count - 1, for arrays with one slot per loop. Any
   * thread.
   */
  int index();

  /** Whether the calling thread is this loop's thread. Any thread. */
  boolean isCurrent();

  /**
   * Runs a task on this loop, in the order in which the calling thread handed its tasks over. Any
   * thread.
   *
   * <p>From the thread of another loop the task is appended to the batch of this pair of loops, and
   * the batch crosses with one wake-up at the end of the caller's pass. What crosses is never
   * dropped; a pair that holds more than its bound makes the caller {@link #congested}, and whoever
   * feeds it from a socket stops reading. From the loop's own thread the task runs later, never
   * inside the call.
   */
  void execute(Runnable task);

  /**
   * Runs a task once, after the ready sockets and tasks of the current pass. This loop's thread
   * only.
   */
  void runAtEndOfPass(Runnable task);

  /**
   * Runs a task once after a delay, never early, with a resolution of 100 ms. This loop's thread
   * only.
   *
   * @param delayMillis 0 or more
   */
  Timer schedule(long delayMillis, Runnable task);

  /**
   * Monotonic time in milliseconds, read once per pass: only differences mean something. This
   * loop's thread only.
   */
  long nowMillis();

  /**
   * Whether some queue from this loop to another is over its bound. Publishers read by this loop
   * then stop reading until it has drained. This loop's thread only.
   */
  boolean congested();

  /** Where connections and sessions of this loop count what they hold. Any thread. */
  MemoryShare memory();
}

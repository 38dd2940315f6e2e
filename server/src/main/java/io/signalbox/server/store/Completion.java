package io.signalbox.server.store;

import io.signalbox.server.eventloop.EventLoop;
import org.jspecify.annotations.Nullable;

/** Who is told that a command is durable, or that it was refused. */
public interface Completion {

  /** The loop on which {@link #completed} runs. Any thread. */
  EventLoop loop();

  /**
   * Called once, on {@link #loop}, in the order of submission among the completions of that loop.
   *
   * @param result as the command's description says; null when there is a failure
   * @param failure null when the command was applied and is durable
   */
  void completed(@Nullable Object result, @Nullable StoreException failure);
}

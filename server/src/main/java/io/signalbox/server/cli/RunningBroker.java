package io.signalbox.server.cli;

import io.signalbox.server.config.ListenerConfig;
import java.net.InetSocketAddress;
import java.util.List;

/** A broker that was started. */
public interface RunningBroker {
  /**
   * A socket that accepts.
   *
   * @param address with the port that was taken if the configuration asked for any
   */
  record Listening(ListenerConfig listener, InetSocketAddress address) {}

  /** Every listening socket, in the order of the configuration. */
  List<Listening> listening();

  /**
   * Waits until the broker has ended.
   *
   * @return whether it was stopped by {@link #stop}; false if it gave up by itself, which it logged
   */
  boolean awaitEnd() throws InterruptedException;

  /**
   * Stops accepting, says goodbye to clients, commits what is due and closes. Returns when that is
   * done; harmless when called again, from any thread.
   */
  void stop();
}

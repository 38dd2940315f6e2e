package io.signalbox.server.cli;

import io.signalbox.server.config.BrokerConfig;

/** What {@code serve} starts; it knows nothing of brokers but this. */
public interface BrokerFactory {
  /**
   * Loads everything the configuration names - certificates, keys, policies - without listening or
   * touching the data directory.
   *
   * @throws CommandFailure naming all that cannot be used, one problem a line
   */
  void check(BrokerConfig config) throws CommandFailure;

  /**
   * Returns when all listeners accept.
   *
   * @throws CommandFailure if it cannot start; nothing is left open then
   */
  RunningBroker start(BrokerConfig config) throws CommandFailure;
}

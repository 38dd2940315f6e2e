package io.signalbox.server;

import io.signalbox.pki.PkiException;
import io.signalbox.server.auth.AuthSetupException;
import io.signalbox.server.auth.AuthenticatorChain;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.cli.BrokerFactory;
import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.cli.RunningBroker;
import io.signalbox.server.cli.VersionCommand;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.trust.Fetcher;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/** What {@code serve} is handed. */
final class Brokers implements BrokerFactory {
  @Override
  public void check(BrokerConfig config) throws CommandFailure {
    List<String> problems = new ArrayList<>();
    Metrics unused = new Metrics(1, VersionCommand.version());
    Fetcher fetcher = new Fetcher(unused); // fetches nothing
    try {
      TlsSetup.check(config.tls(), fetcher, new SecureRandom());
    } catch (PkiException e) {
      problems.add(e.getMessage());
    }
    try {
      AuthenticatorChain.check(config.auth(), fetcher);
    } catch (AuthSetupException e) {
      problems.add(e.getMessage());
    }
    try {
      PolicyStore.open(config.policies(), unused, Clocks.system());
    } catch (AuthSetupException e) {
      problems.add(e.getMessage());
    }
    if (!problems.isEmpty()) {
      throw CommandFailure.ofConfiguration(String.join(System.lineSeparator(), problems), null);
    }
  }

  @Override
  public RunningBroker start(BrokerConfig config) throws CommandFailure {
    return Broker.start(config);
  }
}

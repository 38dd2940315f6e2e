package io.signalbox.server;

import io.signalbox.server.cli.BrokerFactory;
import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.cli.Commands;
import io.signalbox.server.cli.Logging;
import io.signalbox.server.cli.RunningBroker;
import io.signalbox.server.config.BrokerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Where the process begins: sets up the log, runs one command, ends with its exit code. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    Logging.start(System.err);
    System.exit(new Commands(new Brokers(), Main::issueToken, System.getenv()).run(arguments));
  }

  /** Takes the place of the broker until it is wired in. */
  private static final class Brokers implements BrokerFactory {
    @Override
    public void check(BrokerConfig config) {}

    @Override
    public RunningBroker start(BrokerConfig config) throws CommandFailure {
      throw new CommandFailure("this development build has no broker yet");
    }
  }

  private static String issueToken(
      Path dataDirectory, String subject, List<String> groups, Duration lifetime)
      throws CommandFailure {
    throw new CommandFailure("this development build issues no tokens yet");
  }
}

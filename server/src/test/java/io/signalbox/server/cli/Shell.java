package io.signalbox.server.cli;

import io.signalbox.server.config.BrokerConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import picocli.CommandLine;

/** Runs command lines that start no broker, and keeps what the last one printed. */
final class Shell {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /**
   * @return the exit code
   */
  int run(String... words) {
    CommandLine commands =
        new Commands(
                new NoBrokers(),
                (_, _, _, _) -> new TokenFactory.Issued("", ""),
                new CommandsTest.Stores(),
                Map.of())
            .commandLine();
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return commands.execute(words);
  }

  String out() {
    return out.toString();
  }

  String err() {
    return err.toString();
  }

  private static final class NoBrokers implements BrokerFactory {
    @Override
    public void check(BrokerConfig config) {
      throw new AssertionError("this command needs no broker");
    }

    @Override
    public RunningBroker start(BrokerConfig config) {
      throw new AssertionError("this command needs no broker");
    }
  }
}

package io.signalbox.server;

import io.signalbox.server.auth.AuthSetupException;
import io.signalbox.server.auth.TokenIssuer;
import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.cli.Commands;
import io.signalbox.server.cli.Logging;
import io.signalbox.server.cli.TokenFactory;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.transport.IoLoops;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Where the process begins: sets up the log, runs one command, ends with its exit code. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    Locale.setDefault(Locale.US); // the same words and digits everywhere; and Java's quickest
    Logging.start(System.err);
    if (arguments.length > 0 && arguments[0].equals("serve")) {
      Thread.ofPlatform().daemon().name("signalbox-preload").start(IoLoops::preload);
    }
    System.exit(
        new Commands(new Brokers(), Main::issueToken, new DataDirectory(), System.getenv())
            .run(arguments));
  }

  private static TokenFactory.Issued issueToken(
      Path dataDirectory, String subject, List<String> groups, Duration lifetime)
      throws CommandFailure {
    try {
      String token =
          TokenIssuer.openOrCreate(dataDirectory, Clocks.system(), new SecureRandom())
              .issue(subject, groups, lifetime);
      return new TokenFactory.Issued(token, TokenId.of(token));
    } catch (AuthSetupException | IllegalArgumentException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }
}

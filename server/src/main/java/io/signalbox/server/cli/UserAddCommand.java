package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.scram.SaslPrep;
import io.signalbox.server.scram.ScramException;
import io.signalbox.server.scram.ScramUser;
import io.signalbox.server.scram.ScramVerifier;
import io.signalbox.server.scram.TokenForm;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a user with a new password. */
@Command(
    name = "add",
    description = {
      "Add a user, or give one that is there a new password and new groups.",
      "The password is asked for at a terminal, else it is the first line of standard input. The"
          + " file is made if there is none, with mode 0600.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox users-file add alice --file users --group operators",
      "  pass show broker/pump-7 | signalbox users-file add pump-7 --file users",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class UserAddCommand implements Callable<Integer> {
  private static final int SALT_BYTES = 16;

  private final PasswordInput password;

  @Parameters(paramLabel = "NAME", description = "User name: no white space.")
  private String name;

  @Option(
      names = "--group",
      paramLabel = "GROUP",
      description = "A group the user is in; may be given several times. Policies grant by group.")
  private List<String> groups = List.of();

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "" + ScramVerifier.ITERATIONS_DEFAULT,
      description =
          "What a guess costs who steals the file, and a login the client; and the broker, where"
              + " the password comes in CONNECT. 4096..1000000 (default: ${DEFAULT-VALUE}).")
  private int iterations;

  @Mixin private UsersFileOption file;

  @Spec private CommandSpec spec;

  UserAddCommand(PasswordInput password) {
    this.password = password;
  }

  @Override
  public Integer call() throws CommandFailure {
    ScramUser user;
    try {
      user = user(SaslPrep.prepare(name));
    } catch (ScramException | IllegalArgumentException e) {
      throw new CommandFailure("cannot add \"" + name + "\": " + e.getMessage(), e);
    }
    file.change(users -> users.with(user));
    spec.commandLine().getOut().println("user \"" + user.name() + "\" is in " + file);
    return ExitCode.DONE;
  }

  private ScramUser user(String prepared) throws CommandFailure, ScramException {
    byte[] salt = new byte[SALT_BYTES];
    new SecureRandom().nextBytes(salt);
    // Everything but the password is checked before somebody types it.
    var unusable = ScramVerifier.ofNobody(prepared, salt, iterations);
    var checked = new ScramUser(prepared, groups, unusable);
    String secret = password.read();
    if (TokenForm.isIn(secret.getBytes(UTF_8))) {
      throw new CommandFailure("a password of the form of a token could not be told from one");
    }
    return new ScramUser(
        checked.name(), checked.groups(), ScramVerifier.of(secret, salt, iterations));
  }
}

package io.signalbox.server.cli;

import io.signalbox.server.config.AuthConfig;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints a fresh token. */
@Command(
    name = "issue",
    description = {
      "Print a token that lets a client connect: MQTT takes it as the password, HTTP in the header"
          + " \"Authorization: Bearer\".",
      "Whoever holds it is the subject until it ends; it goes to standard output alone, so that it"
          + " can be piped. Its jti, by which it is revoked, goes to standard error.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox token issue --subject alice --group browsers --ttl 8h",
      "  signalbox token issue --subject ci --group operators --ttl 5m > token.jwt",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class TokenIssueCommand implements Callable<Integer> {
  private final TokenFactory tokens;

  @Option(
      names = "--subject",
      paramLabel = "NAME",
      required = true,
      description = "Who the token is for.")
  private String subject;

  @Option(
      names = "--group",
      paramLabel = "GROUP",
      description =
          "A group the subject is in; may be given several times. Policies grant by group.")
  private List<String> groups = List.of();

  @Option(
      names = "--ttl",
      paramLabel = "TIME",
      defaultValue = "1h",
      converter = LifetimeConverter.class,
      description =
          "How long it is good: a number with s, m, h or d (default: ${DEFAULT-VALUE}). The broker"
              + " refuses it while more than auth.jwt.lifetime-max-seconds of its configuration are"
              + " left, a day by default.")
  private Duration lifetime;

  @Mixin private DataOption data;

  @Spec private CommandSpec spec;

  TokenIssueCommand(TokenFactory tokens) {
    this.tokens = tokens;
  }

  @Override
  public Integer call() throws CommandFailure {
    data.requireThere();
    Path key = data.directory().resolve("token.key");
    boolean isThere = Files.exists(key);
    PrintWriter out = spec.commandLine().getOut();
    TokenFactory.Issued issued = tokens.issue(data.directory(), subject, groups, lifetime);
    out.println(issued.token());
    if (out.checkError()) {
      return ExitCode.FAILED; // nobody has the token, so there is nothing to say about it
    }
    if (!isThere) {
      data.warnOfNew(spec, "token key", key);
    }
    spec.commandLine()
        .getErr()
        .println(
            "to revoke it: a line \"local " + issued.id() + "\" in auth.jwt.revoked-tokens-file");
    warnIfLong();
    return ExitCode.DONE;
  }

  /** What the broker's configuration says nobody knows here. */
  private void warnIfLong() {
    long max = AuthConfig.DEFAULTS.jwt().lifetimeMax().toSeconds();
    if (lifetime.toSeconds() > max) {
      spec.commandLine()
          .getErr()
          .println(
              "warning: a broker refuses a token while more than its"
                  + " auth.jwt.lifetime-max-seconds are left, "
                  + max
                  + " by default; this one has "
                  + lifetime.toSeconds());
    }
  }
}

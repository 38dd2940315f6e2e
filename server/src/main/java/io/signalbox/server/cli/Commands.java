package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.config.ConfigException;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The tree of commands. A new one is added in {@link #commandLine}. */
@Command(
    name = "signalbox",
    description =
        "A self-hosted MQTT 3.1.1 and 5.0 broker with its own certificates, tokens and access"
            + " policies.",
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nFirst steps:%n",
    footer = {
      "  signalbox serve                       a broker on this machine; prints how to connect",
      "  signalbox pki issue-device pump7      a certificate for a device",
      "  signalbox COMMAND --help              more on a command",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed; the reason is on standard error",
      "2:wrong usage of the command line",
      "3:the configuration has problems; each is on standard error",
      "4:the disk failed while the broker ran; start it again once the disk is sound",
      "5:the running broker refused it; the reason is on standard error",
      "6:the running broker cannot be reached, or does not accept the credential",
    })
public final class Commands {

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help and exit.")
  @SuppressWarnings("UnusedVariable") // picocli sets it and shows the help itself
  private boolean help;

  private final BrokerFactory brokers;
  private final TokenFactory tokens;
  private final StoreTools stores;
  private final Map<String, String> environment;

  /**
   * @param environment {@code System.getenv()}
   */
  public Commands(
      BrokerFactory brokers,
      TokenFactory tokens,
      StoreTools stores,
      Map<String, String> environment) {
    this.brokers = brokers;
    this.tokens = tokens;
    this.stores = stores;
    this.environment = environment;
  }

  /**
   * Runs one command to its end.
   *
   * @return the exit code
   */
  public int run(String... arguments) {
    return commandLine().execute(arguments);
  }

  CommandLine commandLine() {
    CommandLine root = new CommandLine(this);
    root.addSubcommand(new ServeCommand(brokers, tokens, environment));
    root.addSubcommand(
        new CommandLine(new PkiCommand())
            .addSubcommand(new IssueDeviceCommand())
            .addSubcommand(new CsrCommand())
            .addSubcommand(new SignCsrCommand()));
    root.addSubcommand(
        new CommandLine(new TokenCommand()).addSubcommand(new TokenIssueCommand(tokens)));
    root.addSubcommand(
        new CommandLine(new StoreCommand())
            .addSubcommand(new StoreCheckCommand(stores))
            .addSubcommand(new StoreRepairCommand(stores))
            .addSubcommand(new StoreQuarantineCommand(stores)));
    root.addSubcommand(new BackupCommand(stores));
    root.addSubcommand(new RestoreCommand(stores));
    root.addSubcommand(
        new CommandLine(new UserCommand())
            .addSubcommand(new UserAddCommand(new PasswordInput(System.in)))
            .addSubcommand(new UserListCommand())
            .addSubcommand(new UserRemoveCommand()));
    root.addSubcommand(PolicyCommand.commandLine());
    root.addSubcommand(new PubCommand(System.in));
    root.addSubcommand(new SubCommand(System.out));
    root.addSubcommand(BenchCommand.commandLine());
    ApiCommands.addTo(root);
    root.addSubcommand(new VersionCommand());
    root.setExecutionExceptionHandler((e, command, _) -> report(e, command));
    root.setUsageHelpWidth(100);
    root.setUsageHelpAutoWidth(true);
    root.setCaseInsensitiveEnumValuesAllowed(true);
    return root;
  }

  /**
   * Expected failures are told in one line; anything else is our own fault and comes with its stack
   * trace.
   */
  private static int report(Exception e, CommandLine command) {
    PrintWriter err = command.getErr();
    switch (e) {
      case CommandFailure failure -> {
        err.println("signalbox: " + failure.getMessage());
        return failure.exitCode();
      }
      case PkiException failure -> err.println("signalbox: " + failure.getMessage());
      case ConfigException failure -> {
        failure.problems().forEach(err::println);
        return ExitCode.CONFIGURATION;
      }
      default -> {
        err.println("signalbox: internal error, please report it");
        e.printStackTrace(err);
      }
    }
    return ExitCode.FAILED;
  }
}

package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.PkiException;
import io.signalbox.server.config.ConfigException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The tree of commands. A new one is added in {@link #branches}. The root is described by calls,
 * not by annotations, for the reason that {@link ServeCommand} names.
 */
public final class Commands {
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
    CommandLine root = commandLine(arguments);
    // Not System.out.charset(): without a locale, as cron starts it, that is ASCII.
    root.setOut(new PrintWriter(new OutputStreamWriter(standardOutput(), UTF_8), true));
    try {
      return root.execute(arguments);
    } catch (Error e) { // which picocli lets through, and threads of a broker would outlive
      return report(e, root);
    }
  }

  /** {@code System.out} would keep its failures to itself. */
  private static OutputStream standardOutput() {
    return new FileOutputStream(FileDescriptor.out);
  }

  /**
   * The root, with the command that the first argument names, or with all if it names none.
   * Describing all of them takes longer than most of them run.
   */
  CommandLine commandLine(String... arguments) {
    Map<String, Supplier<CommandLine>> all = branches();
    Supplier<CommandLine> asked = arguments.length == 0 ? null : all.get(arguments[0]);
    CommandLine root = new CommandLine(describe());
    if (asked != null) {
      root.addSubcommand(arguments[0], asked.get());
    } else {
      all.forEach((name, branch) -> root.addSubcommand(name, branch.get()));
    }
    root.setExpandAtFiles(false); // @FILE is a payload, not a file whose words are arguments
    root.setExecutionStrategy(parsed -> execute(parsed, root));
    root.setExecutionExceptionHandler((e, command, _) -> report(e, command));
    root.setParameterExceptionHandler((e, _) -> reportUsage(e));
    root.setUsageHelpWidth(100);
    root.setUsageHelpAutoWidth(true);
    root.setCaseInsensitiveEnumValuesAllowed(true);
    return root;
  }

  /** A command that did its work has failed all the same when nobody can read what it printed. */
  private static int execute(ParseResult parsed, CommandLine root) {
    int exitCode = new CommandLine.RunLast().execute(parsed);
    if (!root.getOut().checkError()) {
      return exitCode;
    }
    root.getErr()
        .println(
            "signalbox: cannot write to standard output; is its disk full, or has its reader"
                + " ended?");
    return exitCode == ExitCode.DONE ? ExitCode.FAILED : exitCode;
  }

  private CommandSpec describe() {
    CommandSpec spec =
        CommandSpec.wrapWithoutInspection(this)
            .name("signalbox")
            .addOption(
                OptionSpec.builder("-h", "--help")
                    .type(boolean.class)
                    .usageHelp(true)
                    .scopeType(ScopeType.INHERIT)
                    .description("Show this help and exit.")
                    .build());
    spec.usageMessage()
        .description(
            "A self-hosted MQTT 3.1.1 and 5.0 broker with its own certificates, tokens and access"
                + " policies.")
        .synopsisSubcommandLabel("COMMAND")
        .footerHeading("%nFirst steps:%n")
        .footer(
            "  signalbox serve                       a broker on this machine; prints how to"
                + " connect",
            "  signalbox pki issue-device pump7      a certificate for a device",
            "  signalbox COMMAND --help              more on a command")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(exitCodes());
    return spec;
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("0", "done");
    codes.put("1", "failed; the reason is on standard error");
    codes.put("2", "wrong usage of the command line");
    codes.put("4", "the disk failed while the broker ran; start it again once the disk is sound");
    codes.put("5", "the running broker refused it; the reason is on standard error");
    codes.put(
        "6",
        "no broker did it: none can be reached, it does not accept the credential, or it cannot do"
            + " it now");
    codes.put(
        "78",
        "the configuration has problems, or a file that it names cannot be used; each is on"
            + " standard error");
    return codes;
  }

  /** Every command by its name, in the order of the help. */
  private Map<String, Supplier<CommandLine>> branches() {
    Map<String, Supplier<CommandLine>> all = new LinkedHashMap<>();
    all.put("serve", () -> ServeCommand.commandLine(brokers, tokens, environment));
    all.put(
        "pki",
        () ->
            new CommandLine(new PkiCommand())
                .addSubcommand(new IssueDeviceCommand())
                .addSubcommand(new CsrCommand())
                .addSubcommand(new SignCsrCommand()));
    all.put(
        "token",
        () -> new CommandLine(new TokenCommand()).addSubcommand(new TokenIssueCommand(tokens)));
    all.put(
        "store",
        () ->
            new CommandLine(new StoreCommand())
                .addSubcommand(new StoreCheckCommand(stores))
                .addSubcommand(new StoreRepairCommand(stores))
                .addSubcommand(new StorePolicyCommand(stores))
                .addSubcommand(new StoreQuarantineCommand(stores)));
    all.put("backup", () -> new CommandLine(new BackupCommand(stores)));
    all.put("restore", () -> new CommandLine(new RestoreCommand(stores)));
    all.put(
        "users-file",
        () ->
            new CommandLine(new UserCommand())
                .addSubcommand(new UserAddCommand(passwordInput()))
                .addSubcommand(new UserListCommand())
                .addSubcommand(new UserRemoveCommand()));
    all.put("policy", PolicyCommand::commandLine);
    all.put("pub", () -> new CommandLine(new PubCommand(System.in)));
    all.put("sub", () -> new CommandLine(new SubCommand(standardOutput())));
    all.put("bench", BenchCommand::commandLine);
    all.putAll(ApiCommands.branches());
    all.put("version", () -> new CommandLine(new VersionCommand()));
    return all;
  }

  private static PasswordInput passwordInput() {
    return new PasswordInput(System.in, Boolean.getBoolean("signalbox.stdin-terminal"));
  }

  /**
   * What is wrong on one line, and where the options are: a page of them would push it off the
   * screen. A command that only groups others shows these.
   */
  private static int reportUsage(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("signalbox: " + e.getMessage());
    if (UnmatchedArgumentException.printSuggestions(e, err)) {
      return ExitCode.USAGE;
    }
    if (command.getSubcommands().isEmpty()) {
      err.println("Options: " + command.getCommandSpec().qualifiedName() + " --help");
    } else {
      command.usage(err);
    }
    return ExitCode.USAGE;
  }

  /**
   * Expected failures are told in one line; anything else is our own fault and comes with its stack
   * trace.
   */
  private static int report(Throwable e, CommandLine command) {
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

package io.signalbox.server.cli;

import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.ConfigException;
import io.signalbox.server.config.ConfigReader;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Runs the broker until it is told to stop. Its options are described by calls and not, like those
 * of other commands, by annotations, because these take picocli a tenth of a start to read.
 */
final class ServeCommand implements Callable<Integer> {
  private static final System.Logger LOG = System.getLogger(ServeCommand.class.getName());

  private final OptionSpec file =
      OptionSpec.builder("--config")
          .type(Path.class)
          .converters(Path::of)
          .paramLabel("FILE")
          .description("YAML file; config/signalbox.yaml shows every key with its default.")
          .build();
  private final OptionSpec data =
      OptionSpec.builder("--data")
          .type(Path.class)
          .converters(Path::of)
          .paramLabel("DIR")
          .description(
              "Data directory, made if it is missing (default: data-directory of the"
                  + " configuration, else data).")
          .build();
  private final OptionSpec checkOnly =
      OptionSpec.builder("--check")
          .type(boolean.class)
          .description(
              "Name every problem of the configuration or, if it has none, every file it names that"
                  + " cannot be used, then exit.")
          .build();
  private final OptionSpec trainingOnly =
      OptionSpec.builder("--train")
          .type(boolean.class)
          .hidden(true)
          .description(
              "Start on free ports, print how to connect, let clients in, and stop, then start"
                  + " again on the same data and stop: the run that the start script records for a"
                  + " class cache.")
          .build();

  private final BrokerFactory brokers;
  private final TokenFactory tokens;
  private final Map<String, String> environment;
  private final CommandSpec spec;

  private ServeCommand(
      BrokerFactory brokers, TokenFactory tokens, Map<String, String> environment) {
    this.brokers = brokers;
    this.tokens = tokens;
    this.environment = environment;
    this.spec =
        CommandSpec.wrapWithoutInspection(this)
            .name("serve")
            .addOption(file)
            .addOption(data)
            .addOption(checkOnly)
            .addOption(trainingOnly);
    spec.usageMessage()
        .description(
            "Run the broker until SIGTERM or Ctrl-C.",
            "Without a configuration it listens on this machine alone - MQTT over TLS on 8883, over"
                + " WebSocket and TLS on 8443 - makes certificates for itself and prints how to"
                + " connect.")
        .footerHeading("%nExamples:%n")
        .footer(
            "  signalbox serve",
            "  signalbox serve --config /etc/signalbox/signalbox.yaml --data /var/lib/signalbox",
            "  signalbox serve --config signalbox.yaml --check",
            "  SIGNALBOX_LOG_LEVEL=debug signalbox serve")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(exitCodes());
  }

  static CommandLine commandLine(
      BrokerFactory brokers, TokenFactory tokens, Map<String, String> environment) {
    return new CommandLine(new ServeCommand(brokers, tokens, environment).spec);
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("0", "stopped as it was told, or --check found nothing");
    codes.put("1", "could not start");
    codes.put("2", "wrong usage of the command line");
    codes.put(
        "4",
        "the disk failed; everything acknowledged before is kept, start again once it is sound");
    codes.put(
        "78",
        "the configuration has problems, or a file that it names cannot be used; each is on"
            + " standard error");
    return codes;
  }

  @Override
  public Integer call() throws ConfigException, CommandFailure, InterruptedException {
    BrokerConfig config = read();
    PrintWriter out = spec.commandLine().getOut();
    if (isGiven(checkOnly)) {
      brokers.check(config);
      out.println(
          "the configuration is good: "
              + config.listeners().size()
              + " listener(s), data in "
              + config.dataDirectory());
      return ExitCode.DONE;
    }
    Logging.configure(config.log());
    if (isGiven(trainingOnly)) {
      config = config.withFreePorts();
      new Training(brokers, tokens).run(config, out);
    }
    RunningBroker broker = brokers.start(config);
    Thread stopper = stopWhenTheProcessIsTold(broker); // whoever reads "ready" may tell it at once
    LOG.log(System.Logger.Level.INFO, "ready");
    if (file.getValue() == null) {
      welcome(config, broker, stopper, out);
    }
    if (isGiven(trainingOnly)) {
      broker.stop();
    }
    boolean stopped = broker.awaitEnd();
    if (!stopped) {
      leaveTheEndToUs(stopper, ExitCode.DISK_FAILED);
      throw new CommandFailure(
          ExitCode.DISK_FAILED, "the broker gave up; the reason is in the log above");
    }
    return ExitCode.DONE;
  }

  /** What fails here fails the start: the process ends as one that could not start. */
  private void welcome(BrokerConfig config, RunningBroker broker, Thread stopper, PrintWriter out)
      throws CommandFailure, InterruptedException {
    try {
      new Welcome(config, broker.listening(), tokens).print(out);
    } catch (CommandFailure | RuntimeException | Error e) {
      broker.stop();
      broker.awaitEnd();
      leaveTheEndToUs(stopper, ExitCode.FAILED);
      throw e;
    }
  }

  private static boolean isGiven(OptionSpec flag) {
    return Boolean.TRUE.equals(flag.getValue());
  }

  private BrokerConfig read() throws ConfigException {
    // What is recorded needs nothing of the operator's, such as keys on a token that counts tries.
    var reader = new ConfigReader(isGiven(trainingOnly) ? Map.of() : environment);
    Path from = file.getValue();
    BrokerConfig config = from == null ? reader.withoutFile() : reader.read(from);
    Path directory = data.getValue();
    return directory == null ? config : config.withDataDirectory(directory);
  }

  /** SIGTERM and SIGINT start the virtual machine's shutdown hooks. */
  private static Thread stopWhenTheProcessIsTold(RunningBroker broker) {
    Thread stopper = new Thread(() -> stop(broker), "signalbox-stop");
    Runtime.getRuntime().addShutdownHook(stopper);
    return stopper;
  }

  /**
   * Stopping when told is success; left to itself the virtual machine would report 128 plus the
   * signal. That it was told while the broker gave up does not make it one.
   */
  private static void stop(RunningBroker broker) {
    int exitCode = ExitCode.DISK_FAILED;
    LOG.log(System.Logger.Level.INFO, "stopping");
    broker.stop();
    try {
      if (broker.awaitEnd()) {
        LOG.log(System.Logger.Level.INFO, "stopped");
        exitCode = ExitCode.DONE;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(exitCode);
  }

  /**
   * The broker has ended by itself; a hook that runs already may wait for what it has left open.
   */
  private static void leaveTheEndToUs(Thread stopper, int exitCode) {
    try {
      Runtime.getRuntime().removeShutdownHook(stopper);
    } catch (IllegalStateException e) { // the process was told to stop meanwhile
      Runtime.getRuntime().halt(exitCode);
    }
  }
}

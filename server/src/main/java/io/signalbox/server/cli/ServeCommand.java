package io.signalbox.server.cli;

import io.signalbox.pki.openssl.OpenSslProvider;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.ConfigException;
import io.signalbox.server.config.ConfigReader;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the broker until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Run the broker until SIGTERM or Ctrl-C.",
      "Without a configuration it listens on this machine alone - MQTT over TLS on 8883, over"
          + " WebSocket and TLS on 8443 - makes certificates for itself and prints how to connect.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox serve",
      "  signalbox serve --config /etc/signalbox/signalbox.yaml --data /var/lib/signalbox",
      "  signalbox serve --config signalbox.yaml --check",
      "  SIGNALBOX_LOG_LEVEL=debug signalbox serve",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:stopped as it was told, or --check found nothing",
      "1:could not start",
      "2:wrong usage of the command line",
      "3:the configuration has problems; each is on standard error",
      "4:the disk failed; everything acknowledged before is kept, start again once it is sound",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class ServeCommand implements Callable<Integer> {
  private static final System.Logger LOG = System.getLogger(ServeCommand.class.getName());

  private final BrokerFactory brokers;
  private final TokenFactory tokens;
  private final Map<String, String> environment;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file; config/signalbox.yaml shows every key with its default.")
  private @Nullable Path file;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Data directory, made if it is missing (default: data-directory of the configuration,"
              + " else data).")
  private @Nullable Path data;

  @Option(
      names = "--check",
      description = "Name every problem of the configuration and of the files it names, then exit.")
  private boolean checkOnly;

  @Option(
      names = "--train",
      hidden = true,
      description =
          "Start on free ports, print how to connect, and stop, then start again on the same data"
              + " and stop: the run that the start script records for a class cache.")
  private boolean trainingOnly;

  @Spec private CommandSpec spec;

  ServeCommand(BrokerFactory brokers, TokenFactory tokens, Map<String, String> environment) {
    this.brokers = brokers;
    this.tokens = tokens;
    this.environment = environment;
  }

  @Override
  public Integer call() throws ConfigException, CommandFailure, InterruptedException {
    BrokerConfig config = read();
    PrintWriter out = spec.commandLine().getOut();
    if (checkOnly) {
      brokers.check(config);
      out.println(
          "the configuration is good: "
              + config.listeners().size()
              + " listener(s), data in "
              + config.dataDirectory());
      return ExitCode.DONE;
    }
    Logging.level(config.log().level());
    if (trainingOnly) {
      config = config.withFreePorts();
      makeFirstStart(config, out);
    }
    RunningBroker broker = brokers.start(config);
    Thread stopper = stopWhenTheProcessIsTold(broker); // whoever reads "ready" may tell it at once
    LOG.log(System.Logger.Level.INFO, "ready");
    if (file == null) {
      new Welcome(config, broker.listening(), tokens).print(out);
    }
    if (trainingOnly) {
      broker.stop();
    }
    boolean stopped = broker.awaitEnd();
    if (!stopped) {
      Runtime.getRuntime().removeShutdownHook(stopper);
      throw new CommandFailure(
          ExitCode.DISK_FAILED, "the broker gave up; the reason is in the log above");
    }
    return ExitCode.DONE;
  }

  /**
   * So that the class cache has what only a first start needs, the welcome of one without a
   * configuration, and what a broker loads after its first TLS handshake. The start after it finds
   * a data directory, like most starts.
   */
  private void makeFirstStart(BrokerConfig config, PrintWriter out)
      throws CommandFailure, InterruptedException {
    RunningBroker first = brokers.start(config);
    new Welcome(config, first.listening(), tokens).print(out);
    try {
      LOG.log(System.Logger.Level.INFO, OpenSslProvider.load().getInfo());
    } catch (OpenSslProvider.UnavailableException e) {
      LOG.log(System.Logger.Level.INFO, "no OpenSSL to record: {0}", e.getMessage());
    }
    first.stop();
    if (!first.awaitEnd()) {
      throw new CommandFailure(ExitCode.DISK_FAILED, "the disk failed; the reason is in the log");
    }
  }

  private BrokerConfig read() throws ConfigException {
    var reader = new ConfigReader(environment);
    BrokerConfig config = file == null ? reader.withoutFile() : reader.read(file);
    return data == null ? config : config.withDataDirectory(data);
  }

  /** SIGTERM and SIGINT start the virtual machine's shutdown hooks. */
  private static Thread stopWhenTheProcessIsTold(RunningBroker broker) {
    Thread stopper =
        new Thread(
            () -> {
              broker.stop();
              // Stopping when told is success; left to itself the virtual machine would report 128
              // plus the signal.
              Runtime.getRuntime().halt(ExitCode.DONE);
            },
            "signalbox-stop");
    Runtime.getRuntime().addShutdownHook(stopper);
    return stopper;
  }
}

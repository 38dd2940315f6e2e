package io.signalbox.server.cli;

import io.signalbox.pki.AtomicFile;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.openssl.OpenSslProvider;
import io.signalbox.server.config.BrokerConfig;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine;

/**
 * The first of the two starts that the start script records for a class cache: what only a first
 * start needs, the welcome of one without a configuration, and what a broker loads for its first
 * clients. The start after it finds a data directory, like most starts.
 */
final class Training {
  private static final System.Logger LOG = System.getLogger(Training.class.getName());

  private static final String FAILED = "a client of the training run failed: ";
  private static final String DEVICE = "training";
  private static final Duration TOKEN_LIFETIME = Duration.ofMinutes(10);

  private final BrokerFactory brokers;
  private final TokenFactory tokens;

  Training(BrokerFactory brokers, TokenFactory tokens) {
    this.brokers = brokers;
    this.tokens = tokens;
  }

  /**
   * Leaves the data directory behind, which must not be there before: clients get credentials in
   * it.
   */
  void run(BrokerConfig config, PrintWriter out) throws CommandFailure, InterruptedException {
    if (Files.exists(config.dataDirectory())) {
      throw new CommandFailure(
          "\""
              + config.dataDirectory()
              + "\" is there already; --train wants a --data that is not");
    }
    RunningBroker broker = brokers.start(config);
    try {
      new Welcome(config, broker.listening(), tokens).print(out);
      LOG.log(System.Logger.Level.INFO, OpenSslProvider.load().getInfo());
    } catch (OpenSslProvider.UnavailableException e) {
      LOG.log(System.Logger.Level.INFO, "no OpenSSL to record: {0}", e.getMessage());
    }
    try {
      connectClients(config.dataDirectory(), broker.listening());
    } catch (CommandFailure | PkiException e) {
      LOG.log(System.Logger.Level.WARNING, FAILED + "{0}", e.getMessage());
    } finally {
      broker.stop();
    }
    if (!broker.awaitEnd()) {
      throw new CommandFailure(ExitCode.DISK_FAILED, "the disk failed; the reason is in the log");
    }
  }

  /**
   * A device that publishes over TLS and a browser that watches over WebSocket. The cache is good
   * without them too, so what fails is told and no more.
   */
  private void connectClients(Path data, List<RunningBroker.Listening> listening)
      throws CommandFailure, PkiException {
    String devices = data.resolve("devices").toString();
    Path token = data.resolve("browser.jwt");
    run(
        new IssueDeviceCommand(),
        List.of(List.of(DEVICE, "--data", data.toString(), "--out", devices)));
    AtomicFile.writeSecret(
        token, tokens.issue(data, "browser", List.of("browsers"), TOKEN_LIFETIME).token());
    String identity = Path.of(devices, DEVICE).toString();
    for (RunningBroker.Listening socket : listening) {
      String trusted = data.resolve("pki").resolve("ca.crt").toString();
      List<String> broker = List.of("--url", Welcome.url(socket), "--cafile", trusted);
      List<String> message = List.of("-t", "devices/" + DEVICE + "/state/recorded", "-q", "1");
      switch (socket.listener().type()) {
        case TLS ->
            run(
                new PubCommand(InputStream.nullInputStream()),
                List.of(
                    broker,
                    List.of("--cert", identity + ".crt", "--key", identity + ".key"),
                    message,
                    List.of("--retain", "-m", "1")));
        case WSS ->
            run(
                new SubCommand(OutputStream.nullOutputStream()),
                List.of(
                    broker,
                    List.of("--token-file", token.toString()),
                    message,
                    List.of("-n", "1", "-W", "10s")));
        case TCP, WS -> {} // have nothing that the two others have not
      }
    }
  }

  private static void run(Object command, List<List<String>> arguments) {
    List<String> all = arguments.stream().flatMap(List::stream).toList();
    CommandLine line = new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true);
    int exitCode = line.execute(all.toArray(String[]::new));
    if (exitCode != ExitCode.DONE) {
      LOG.log(System.Logger.Level.WARNING, FAILED + "{0}", all);
    }
  }
}

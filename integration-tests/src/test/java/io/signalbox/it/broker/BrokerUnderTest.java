package io.signalbox.it.broker;

import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The packaged broker as a child process. One thread at a time may stop and start it; reading
 * endpoints and the log is safe for any.
 */
public final class BrokerUnderTest implements Broker, AutoCloseable {
  private static final Duration START_PATIENCE = Duration.ofMinutes(2);
  private static final Pattern LISTENING =
      Pattern.compile("listening name=(\\S+) type=(\\S+) address=(\\S+):(\\d+)");
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final String name;
  private final BrokerConfig config;
  private Launch launch;
  private final Path folder;
  private final Log log = new Log();
  private final Map<Transport, InetSocketAddress> addresses = new EnumMap<>(Transport.class);
  private @Nullable Path data;
  private @Nullable Process process;
  private @Nullable SSLContext trust;
  private int started;

  private BrokerUnderTest(String name, BrokerConfig config, Launch launch) throws IOException {
    this.launch = launch;
    this.name = name + "-" + NUMBERS.incrementAndGet();
    this.config = config;
    this.folder = Files.createTempDirectory("signalbox-" + this.name + "-");
  }

  /**
   * Starts a broker on a new data folder and waits until it is ready.
   *
   * @param name for its log file {@code target/broker-logs/NAME-N.log}
   */
  public static BrokerUnderTest start(String name, BrokerConfig config) {
    return start(name, config, Launch.DEFAULT.quick());
  }

  /** Starts a broker on a data folder that is there and stays. */
  public static BrokerUnderTest startOn(String name, BrokerConfig config, Path dataFolder) {
    BrokerUnderTest broker = prepare(name, config);
    broker.data = dataFolder;
    broker.restart(Launch.DEFAULT.quick());
    return broker;
  }

  public static BrokerUnderTest start(String name, BrokerConfig config, Launch launch) {
    BrokerUnderTest broker = prepare(name, config);
    broker.restart(launch);
    return broker;
  }

  /** A broker with its folders that is not started yet; {@link #restart(Launch)} does. */
  public static BrokerUnderTest prepare(String name, BrokerConfig config) {
    try {
      var broker = new BrokerUnderTest(name, config, Launch.DEFAULT.quick());
      config.write(broker.configFile());
      Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
      return broker;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path configFile() {
    return folder.resolve("signalbox.yaml");
  }

  public Path dataFolder() {
    return data != null ? data : folder.resolve("data");
  }

  private String[] serve() {
    return new String[] {
      "serve", "--config", configFile().toString(), "--data", dataFolder().toString()
    };
  }

  private void start() throws IOException {
    Path logs = Path.of("target", "broker-logs");
    Files.createDirectories(logs);
    List<String> words = new ArrayList<>(launch.runner());
    words.addAll(CommandLine.words(launch.jvmOptions(), serve()));
    int firstLine = log.size();
    started = firstLine;
    ProcessBuilder builder =
        new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().putAll(launch.environment());
    Process child = builder.start();
    process = child;
    child.getOutputStream().close();
    log.follow(child.getInputStream(), logs.resolve(name + ".log"));
    awaitLogFrom(firstLine, " ready", line -> line.endsWith(" ready")); // nothing that is "already"
    readAddresses(log.linesFrom(firstLine));
  }

  private synchronized void readAddresses(List<String> lines) {
    addresses.clear();
    for (String line : lines) {
      Matcher matcher = LISTENING.matcher(line);
      if (matcher.find()) {
        for (Transport transport : config.transports()) {
          if (BrokerConfig.nameOf(transport).equals(matcher.group(1))) {
            addresses.put(
                transport,
                new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), Integer.parseInt(matcher.group(4))));
          }
        }
      }
    }
  }

  @Override
  public synchronized Endpoint endpoint(Transport transport) {
    return new Endpoint(transport, address(transport), transport.isTls() ? trust() : null);
  }

  /** Of a broker whose certificate is not from its own authority. */
  public synchronized Endpoint endpoint(Transport transport, SSLContext trusted) {
    return new Endpoint(transport, address(transport), trusted);
  }

  private InetSocketAddress address(Transport transport) {
    InetSocketAddress address = addresses.get(transport);
    if (address == null) {
      throw new IllegalStateException("no listener for " + transport + " in " + addresses);
    }
    return address;
  }

  private synchronized SSLContext trust() {
    SSLContext known = trust;
    if (known == null) {
      known = PemFiles.trusting(caFile());
      trust = known;
    }
    return known;
  }

  /** The development CA's certificate, which clients trust. */
  public Path caFile() {
    return dataFolder().resolve("pki").resolve("ca.crt");
  }

  /** Issues a device certificate by the command line. */
  public PemFiles.Device issueDevice(String id) {
    Path out = folder.resolve("devices");
    CommandLine.signalbox(
            "pki", "issue-device", id, "--data", dataFolder().toString(), "--out", out.toString())
        .expectSuccess();
    return new PemFiles.Device(
        id, out.resolve(id + ".crt"), out.resolve(id + ".key"), out.resolve("ca.crt"));
  }

  /** Issues a token by the command line. */
  public String issueToken(String subject, String group, String ttl) {
    return CommandLine.signalbox(
            "token",
            "issue",
            "--data",
            dataFolder().toString(),
            "--subject",
            subject,
            "--group",
            group,
            "--ttl",
            ttl)
        .expectSuccess()
        .out()
        .strip();
  }

  /** The position after the last log line so far, for {@link #awaitLogFrom}. */
  public int logPosition() {
    return log.size();
  }

  /** Waits for a line that contains the text, from the start of the running process on. */
  public String awaitLog(String text) {
    return awaitLogFrom(started, text);
  }

  public String awaitLogFrom(int position, String text) {
    return awaitLogFrom(position, text, line -> line.contains(text));
  }

  private String awaitLogFrom(int position, String text, Predicate<String> wanted) {
    try {
      return log.await(position, wanted, "\"" + text + "\"", START_PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the log", e);
    }
  }

  public List<String> logFrom(int position) {
    return log.linesFrom(position);
  }

  public long pid() {
    return running().pid();
  }

  private Process running() {
    return Objects.requireNonNull(process, "the broker was never started");
  }

  /** SIGKILL: nothing of the process runs any more when this returns. */
  public void kill9() {
    running().toHandle().destroyForcibly(); // unlike the Process, leaves its output readable
    awaitExit();
  }

  /**
   * SIGTERM and the end of the process.
   *
   * @return its exit code
   */
  public int stop() {
    running().toHandle().destroy();
    return awaitExit();
  }

  /** Waits until the process has ended by itself and its log is complete; returns its exit code. */
  public int awaitExit() {
    try {
      if (!running().waitFor(START_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        running().destroyForcibly();
        throw new AssertionError("the broker did not end within " + START_PATIENCE);
      }
      if (!log.awaitEnd(START_PATIENCE)) {
        throw new AssertionError("the log did not end within " + START_PATIENCE);
      }
      return running().exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the broker stops", e);
    }
  }

  /** Starts again on the same data folder, after {@link #kill9} or {@link #stop}; ports are new. */
  public void restart() {
    try {
      start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Like {@link #restart}, in another way from now on. */
  public void restart(Launch other) {
    launch = other;
    restart();
  }

  /** Another process with the same files, to its end: for a start that must be refused. */
  public CommandLine.Result refusedStart() {
    return CommandLine.signalbox(serve());
  }

  /** Kills the process and removes its folder; harmless when called twice. */
  @Override
  public void close() {
    if (process != null) {
      kill9();
    }
    try {
      deleteFolder();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void deleteFolder() throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}

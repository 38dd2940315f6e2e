package io.signalbox.it.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How the broker's process is started.
 *
 * @param jvmOptions before {@code -jar}
 * @param environment on top of ours
 * @param runner a program with its arguments that starts the virtual machine in its place
 */
public record Launch(
    List<String> jvmOptions, Map<String, String> environment, List<String> runner) {
  public static final Launch DEFAULT =
      new Launch(List.of("-Xmx512m", "-XX:+UseSerialGC", "-ea:io.signalbox..."), Map.of());

  public Launch {
    jvmOptions = List.copyOf(jvmOptions);
    environment = Map.copyOf(environment);
    runner = List.copyOf(runner);
  }

  public Launch(List<String> jvmOptions, Map<String, String> environment) {
    this(jvmOptions, environment, List.of());
  }

  /** Started by this program, such as {@code prlimit}. */
  public Launch by(String... runner) {
    return new Launch(jvmOptions, environment, List.of(runner));
  }

  /** Whatever lives for a few tests only: half the processor time of a start goes to {@code C2}. */
  private static final List<String> QUICK = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  /**
   * Starts with less than half the processor time: without the optimizing compiler, and with a
   * class cache as the start script makes one. For processes that live for seconds; the broker that
   * most tests share runs as in production.
   */
  public Launch quick() {
    var options = new ArrayList<>(jvmOptions);
    options.addAll(quickOptions());
    return new Launch(options, environment, runner);
  }

  /** The options of {@link #quick}; without the cache where it cannot be recorded. */
  static List<String> quickOptions() {
    var options = new ArrayList<>(QUICK);
    ClassCache.FILE.ifPresent(cache -> options.add("-XX:AOTCache=" + cache));
    return options;
  }

  public Launch with(String variable, String value) {
    var more = new HashMap<>(environment);
    more.put(variable, value);
    return new Launch(jvmOptions, more, runner);
  }

  private static final class ClassCache {
    static final Optional<Path> FILE = record();

    private static Optional<Path> record() {
      try {
        Path jar = CommandLine.jar();
        long built = Files.getLastModifiedTime(jar).toMillis();
        Path cache = Path.of("target", "broker-" + built + ".aot").toAbsolutePath();
        if (Files.exists(cache)) {
          return Optional.of(cache);
        }
        Path scratch = Files.createTempDirectory(Objects.requireNonNull(cache.getParent()), "aot");
        CommandLine.Result trained =
            CommandLine.run(
                    CommandLine.words(
                        List.of(
                            "-XX:+UseSerialGC",
                            "-XX:AOTCacheOutput=" + scratch.resolve("cache"),
                            "-XX:CompileThresholdScaling=30"),
                        "serve",
                        "--train",
                        "--data",
                        scratch.resolve("data").toString()))
                .expectSuccess();
        if (trained.err().contains("a client of the training run failed")) {
          throw new AssertionError(trained.err());
        }
        return Optional.of(
            Files.move(scratch.resolve("cache"), cache, StandardCopyOption.REPLACE_EXISTING));
      } catch (IOException | UncheckedIOException | AssertionError e) {
        System.getLogger(Launch.class.getName())
            .log(System.Logger.Level.WARNING, "no class cache: {0}", e.getMessage());
        return Optional.empty();
      }
    }
  }
}

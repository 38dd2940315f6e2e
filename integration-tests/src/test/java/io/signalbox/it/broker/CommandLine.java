package io.signalbox.it.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs the packaged jar's commands as an operator does. */
public final class CommandLine {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /**
   * How a command ended.
   *
   * @param out standard output
   * @param err standard error
   */
  public record Result(int exitCode, String out, String err) {
    /** Fails the test unless the exit code is 0. */
    public Result expectSuccess() {
      if (exitCode != 0) {
        throw new AssertionError("exit code " + exitCode + "\n" + out + "\n" + err);
      }
      return this;
    }
  }

  private CommandLine() {}

  /** The jar that the build has packaged. */
  public static Path jar() {
    @Nullable String path = System.getProperty("signalbox.jar");
    if (path == null) {
      throw new IllegalStateException(
          "system property signalbox.jar is not set; run these tests by 'mvn verify'");
    }
    return Path.of(path).toAbsolutePath().normalize();
  }

  /** The words that start a command on this JVM's own JDK. */
  static List<String> words(List<String> jvmOptions, String... arguments) {
    var words = new ArrayList<String>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.add("--enable-native-access=ALL-UNNAMED");
    words.add("--sun-misc-unsafe-memory-access=allow");
    words.addAll(jvmOptions);
    words.addAll(List.of("-jar", jar().toString()));
    words.addAll(List.of(arguments));
    return words;
  }

  /** Runs {@code signalbox ARGUMENTS} to its end. */
  public static Result signalbox(String... arguments) {
    return signalbox(List.of(), arguments);
  }

  /** The same on a JVM with further options. */
  public static Result signalbox(List<String> jvmOptions, String... arguments) {
    List<String> options = new ArrayList<>(Launch.quickOptions());
    options.addAll(jvmOptions);
    return run(words(options, arguments));
  }

  /** Runs any program to its end; a program that does not end in time fails the test. */
  public static Result run(List<String> words) {
    try {
      Process process = new ProcessBuilder(words).start();
      process.getOutputStream().close();
      var err = new StringBuilder();
      Thread errors =
          Thread.ofPlatform()
              .daemon()
              .start(() -> err.append(new String(readAll(process, true), StandardCharsets.UTF_8)));
      Thread killer =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    try {
                      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                        process.destroyForcibly();
                      }
                    } catch (InterruptedException e) {
                      process.destroyForcibly();
                    }
                  });
      String out = new String(readAll(process, false), StandardCharsets.UTF_8);
      errors.join();
      int exitCode = process.waitFor();
      killer.join();
      return new Result(exitCode, out, err.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + words.getFirst(), e);
    }
  }

  private static byte[] readAll(Process process, boolean errors) {
    try (var stream = errors ? process.getErrorStream() : process.getInputStream()) {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

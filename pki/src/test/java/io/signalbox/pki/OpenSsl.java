package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The openssl command as the other side of a test. Without it such tests are skipped with one line,
 * unless the system property {@code require.openssl} is set; then they fail.
 */
final class OpenSsl {
  private static final boolean PRESENT = isPresent();

  private final Path folder;

  /** Runs in a folder that holds the test's files. */
  OpenSsl(Path folder) {
    this.folder = folder;
    if (System.getProperty("require.openssl") != null) {
      assertTrue(PRESENT, "openssl is not installed, and require.openssl is set");
    }
    Assumptions.assumeTrue(PRESENT, "skipped: openssl is not installed");
  }

  /** The output of a command that must succeed. */
  String run(String... arguments) throws IOException, InterruptedException {
    Result result = result(arguments);
    assertEquals(
        0,
        result.exitCode(),
        () -> "openssl " + String.join(" ", arguments) + "\n" + result.output());
    return result.output();
  }

  /** The output of a command that must fail. */
  String fail(String... arguments) throws IOException, InterruptedException {
    Result result = result(arguments);
    assertTrue(
        result.exitCode() != 0,
        () -> "openssl " + String.join(" ", arguments) + "\n" + result.output());
    return result.output();
  }

  Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  byte[] read(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name));
  }

  String readText(String name) throws IOException {
    return Files.readString(folder.resolve(name));
  }

  private record Result(int exitCode, String output) {}

  private Result result(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    Path output =
        Files.createTempFile(folder, "openssl", ".out"); // a pipe nobody reads could fill up
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.getOutputStream().close();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("openssl does not end: " + command);
    }
    return new Result(process.exitValue(), Files.readString(output));
  }

  private static boolean isPresent() {
    try {
      Process process = new ProcessBuilder("openssl", "version").redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new IOException(e));
    }
  }
}

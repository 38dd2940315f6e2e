package io.signalbox.it.operation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ./signalbox}, which chooses options of the virtual machine. */
final class StartScriptTest {
  private static final Path SCRIPT =
      Path.of(System.getProperty("signalbox.docs")).resolveSibling("signalbox");

  /** The virtual machine takes no two collectors. */
  @ParameterizedTest
  @CsvSource({
    "serve, ''",
    "serve, -XX:+UseParallelGC",
    "serve, -Xmx64m -XX:+UseSerialGC",
    "serve, -XX:+UseG1GC -XX:MaxGCPauseMillis=50",
    "bench, -XX:+UseZGC",
    "token, -XX:+UseParallelGC"
  })
  void takesTheOptionsOfItsUser(String command, String options) throws Exception {
    String said = run(options, command, "--help");
    assertTrue(said.startsWith("Usage: signalbox " + command), said);
  }

  private static String run(String options, String... arguments)
      throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(
            Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(arguments)).toList());
    builder.environment().put("SIGNALBOX_JAVA", System.getProperty("java.home"));
    builder.environment().put("SIGNALBOX_BUILD", "never");
    builder.environment().put("SIGNALBOX_JAVA_OPTIONS", options);
    builder.redirectErrorStream(true);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it ends");
    assertEquals(
        0, process.exitValue(), () -> List.of(arguments) + " with " + options + ": " + said);
    return said;
  }
}

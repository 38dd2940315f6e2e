package io.signalbox.it.operation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.CommandLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    "serve, -XX:MinHeapFreeRatio=50",
    "bench, -XX:+UseZGC",
    "token, -XX:+UseParallelGC"
  })
  void takesTheOptionsOfItsUser(String command, String options) throws Exception {
    String said = run(options, command, "--help");
    assertTrue(said.startsWith("Usage: signalbox " + command), said);
  }

  /** As a supervisor may start it. */
  @Test
  void findsAJavaWithoutAHome() throws Exception {
    String folder = System.getProperty("java.home");
    List<String> command =
        List.of(
            "env",
            "-i",
            "PATH=" + System.getenv("PATH"),
            "JAVA_HOME=" + folder,
            "bash",
            "-eu",
            "-c");
    String script = "home=" + SCRIPT.getParent() + "; . \"$home/build-tools/jdk.sh\"; jdk_folders";

    String said = run(Map.of(), Stream.concat(command.stream(), Stream.of(script)).toList());

    assertTrue(said.lines().count() > 1, said);
    assertTrue(said.startsWith(folder + System.lineSeparator()), said);
    assertFalse(said.contains("unbound"), said);
  }

  /** As "mvn verify" leaves it: built, but without a class cache. */
  @Test
  void theFirstStartRecordsTheClassesOfAJarThatHasNoCache(@TempDir Path home) throws Exception {
    for (String part :
        List.of(
            "build-tools/jdk.sh",
            "build-tools/Licenses.java",
            "build-tools/StackMaps.java",
            "config/signalbox.yaml",
            "pom.xml",
            "acl-policies/pom.xml",
            "pki/pom.xml",
            "server/pom.xml")) {
      Files.createDirectories(home.resolve(part).getParent());
      Files.copy(SCRIPT.resolveSibling(part), home.resolve(part));
    }
    for (String module : List.of("acl-policies", "pki", "server")) {
      Files.createDirectories(home.resolve(module).resolve("src/main"));
    }
    Path script = Files.copy(SCRIPT, home.resolve("signalbox"), StandardCopyOption.COPY_ATTRIBUTES);
    Path target = Files.createDirectory(home.resolve("server/target"));
    Files.copy(CommandLine.jar(), target.resolve("signalbox.jar"));

    List<String> serve = List.of(script.toString(), "serve", "--help");
    assertTrue(run(Map.of(), serve).contains("recording a class cache, once"));
    assertTrue(Files.size(target.resolve("signalbox.aot")) > 1_000_000);
    String loads = "-XX:AOTMode=on -Xlog:disable -Xlog:all=error:stderr"; // fails without a cache
    String said = run(Map.of("SIGNALBOX_JAVA_OPTIONS", loads), serve);
    assertTrue(said.startsWith("Usage: signalbox serve"), said);
  }

  /** The defaults name ::1 too. */
  @Test
  void theRunThatIsRecordedNeedsNoIpv6(@TempDir Path folder) {
    CommandLine.Result trained =
        CommandLine.signalbox(
                List.of("-Djava.net.preferIPv4Stack=true"),
                "serve",
                "--train",
                "--data",
                folder.resolve("data").toString())
            .expectSuccess();
    assertTrue(trained.err().contains("listener wss does without \"::1\""), trained::err);
    assertFalse(trained.err().contains("a client of the training run failed"), trained::err);
  }

  private static String run(String options, String... arguments)
      throws IOException, InterruptedException {
    return run(
        Map.of("SIGNALBOX_BUILD", "never", "SIGNALBOX_JAVA_OPTIONS", options),
        Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(arguments)).toList());
  }

  private static String run(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command);
    builder.environment().put("SIGNALBOX_JAVA", System.getProperty("java.home"));
    builder.environment().keySet().removeIf(name -> name.matches("SIGNALBOX_(BUILD|JAVA_OPTIONS)"));
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it ends");
    assertEquals(0, process.exitValue(), () -> command + " with " + environment + ": " + said);
    return said;
  }
}

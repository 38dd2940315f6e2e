package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.bench.client.FakeBroker;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.Subscribe;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands as processes of their own whose standard output takes nothing. */
@EnabledOnOs(OS.LINUX)
final class StandardOutputTest {
  @TempDir Path folder;

  private record Ended(int code, String err) {}

  private Ended runOnAFullDisk(String... command) throws IOException, InterruptedException {
    List<String> line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.signalbox.server.Main"));
    line.addAll(List.of(command));
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(line)
            .redirectOutput(new File("/dev/full"))
            .redirectError(err.toFile())
            .start();
    try {
      assertTrue(process.waitFor(1, TimeUnit.MINUTES), "it goes on");
      return new Ended(process.exitValue(), Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"token issue --subject alice --data DATA", "token issue --help", "version"})
  void aCommandThatNobodyCanReadFails(String command) throws Exception {
    Ended ended = runOnAFullDisk(command.replace("DATA", folder.toString()).split(" "));

    assertEquals(1, ended.code, ended::err);
    assertEquals(
        "signalbox: cannot write to standard output; is its disk full, or has its reader ended?\n",
        ended.err);
  }

  @Test
  void aMessageThatCannotBePrintedIsNotAcknowledged() throws Exception {
    try (var broker = new FakeBroker()) {
      String url = "mqtt://127.0.0.1:" + broker.port();
      var shell = new Shell();
      assertEquals(
          0, shell.run("pub", "--url", url, "-t", "a", "-m", "x", "-r", "-q", "1"), shell::err);

      Ended ended = runOnAFullDisk("sub", "--url", url, "-t", "a", "-q", "1");

      assertEquals(1, ended.code, ended::err);
      assertTrue(ended.err.contains("cannot write to standard output: No space"), ended::err);
      assertEquals(1, broker.received(Subscribe.class).size());
      assertEquals(List.of(), broker.received(PubAck.class));
    }
  }
}

package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that cannot serve ends, so that its supervisor can start another. */
final class MainTest {
  @TempDir Path folder;

  /** As when the system gives no more threads, or a jar is replaced while it starts. */
  @Test
  void anErrorWhileTheBrokerStartsEndsTheProcess() throws Exception {
    Path data = folder.resolve("data");
    damageClass("io/signalbox/server/EnrolmentSetup"); // made when the store is open
    Path config =
        Files.writeString(
            folder.resolve("signalbox.yaml"),
            "listeners: [{ name: t, type: tcp, bind: [127.0.0.1], port: 0 }]\n");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                folder + File.pathSeparator + System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--config",
                config.toString(),
                "--data",
                data.toString())
            .redirectErrorStream(true)
            .redirectOutput(err.toFile())
            .start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "it goes on");
      String said = Files.readString(err);
      assertEquals(1, process.exitValue(), said);
      assertTrue(said.contains("signalbox: internal error, please report it"), said);
      assertTrue(Files.exists(data.resolve("store/data.mdb")), "the store was open");
      assertTrue(Files.notExists(data.resolve("control/broker.sock")), "the parts were closed");
    } finally {
      process.destroyForcibly();
    }
  }

  private void damageClass(String name) throws Exception {
    Path file = folder.resolve(name + ".class");
    Files.createDirectories(file.getParent());
    Files.createFile(file);
  }
}

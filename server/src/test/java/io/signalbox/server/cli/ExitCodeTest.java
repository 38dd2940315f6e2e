package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ProcessBuilder.Redirect;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A supervisor decides by the exit code whether to start again, so each means one thing. */
final class ExitCodeTest {
  /** Wants more memory than it may have. */
  static final class Hoarder {
    private Hoarder() {}

    public static void main(String[] arguments) {
      System.out.println("there is room for " + new byte[1 << 30].length);
    }
  }

  @Test
  void everyCodeHasOneMeaning() throws Exception {
    assertEquals(ExitCode.class.getDeclaredFields().length, codes().size());
  }

  @Test
  void aVirtualMachineThatEndsForLackOfMemorySaysNothingElse() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:+UseSerialGC",
                "-Xmx16m",
                "-cp",
                System.getProperty("java.class.path"),
                Hoarder.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.DISCARD)
            .start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES));
      assertFalse(codes().contains(process.exitValue()), () -> "exit code " + process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }

  private static Set<Integer> codes() throws IllegalAccessException {
    Set<Integer> codes = new TreeSet<>();
    for (Field field : ExitCode.class.getDeclaredFields()) {
      codes.add((Integer) field.get(null));
    }
    return codes;
  }
}

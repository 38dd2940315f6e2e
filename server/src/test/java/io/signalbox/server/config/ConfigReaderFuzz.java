package io.signalbox.server.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.Map;

/** Any text is a configuration or a list of problems. Files it names are looked for nowhere. */
public final class ConfigReaderFuzz {
  private static final Path NOWHERE = Path.of("no-such-folder");

  private ConfigReaderFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, UTF_8);
    if (text.contains("/")) {
      return; // could name a device or a pipe
    }
    try {
      new ConfigReader(Map.of()).read(text, "fuzz", NOWHERE);
    } catch (ConfigException e) {
      assertFalse(e.problems().isEmpty());
    }
  }
}

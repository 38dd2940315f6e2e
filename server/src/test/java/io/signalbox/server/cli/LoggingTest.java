package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

final class LoggingTest {
  private final Logging.Line line = new Logging.Line();

  private static LogRecord record(Level level, String message) {
    LogRecord record = new LogRecord(level, message);
    record.setLoggerName("io.signalbox.server.transport.Listeners");
    record.setInstant(Instant.parse("2026-01-31T12:00:00.120Z"));
    return record;
  }

  @Test
  void writesTimeLevelClassMessage() {
    assertEquals(
        "2026-01-31T12:00:00.120Z INFO  Listeners ready\n",
        line.format(record(Level.INFO, "ready")));
    assertEquals(
        "2026-01-31T12:00:00.120Z WARN  Listeners ready\n",
        line.format(record(Level.WARNING, "ready")));
    assertEquals(
        "2026-01-31T12:00:00.120Z ERROR Listeners ready\n",
        line.format(record(Level.SEVERE, "ready")));
    assertEquals(
        "2026-01-31T12:00:00.120Z DEBUG Listeners ready\n",
        line.format(record(Level.FINE, "ready")));
  }

  @Test
  void aClientCannotForgeALine() {
    LogRecord record = record(Level.INFO, "refused client \"{0}\"");
    record.setParameters(new Object[] {"a\n2026-01-31T12:00:00.120Z INFO  forged\u001b[2J\u2028"});
    assertEquals(
        "2026-01-31T12:00:00.120Z INFO  Listeners refused client"
            + " \"a\\u000a2026-01-31T12:00:00.120Z INFO  forged\\u001b[2J\\u2028\"\n",
        line.format(record));
  }

  @Test
  void traceLinesAreIndented() {
    LogRecord record = record(Level.SEVERE, "task failed");
    record.setThrown(new IllegalStateException("first\nsecond"));
    String[] lines = line.format(record).split("\n");
    assertTrue(lines.length > 3);
    for (int i = 1; i < lines.length; i++) {
      assertTrue(lines[i].startsWith("  "), lines[i]);
    }
  }
}

package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.undertow.UndertowLogger;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Filter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
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
  void whatIsLoggedWhileTheProcessEndsIsWritten() throws Exception {
    Process ending =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                EndingProcess.class.getName())
            .start();
    String log = new String(ending.getErrorStream().readAllBytes(), UTF_8);
    assertEquals(0, ending.waitFor());
    assertTrue(log.endsWith(" INFO  Broker stopping\n"), log);
  }

  /** By Undertow's own words, which a new release may change. */
  @Test
  void whatAClientThatRenegotiatesBringsAboutIsNoError() {
    Logger undertow = Logger.getLogger("io.undertow.request");
    List<LogRecord> seen = new ArrayList<>();
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            seen.add(record);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Filter before = undertow.getFilter();
    undertow.setFilter(null);
    undertow.addHandler(handler);
    try {
      UndertowLogger.REQUEST_LOGGER.sslReadLoopDetected(null);
    } finally {
      undertow.removeHandler(handler);
      undertow.setFilter(before);
    }
    LogRecord loop = seen.getFirst();
    assertEquals(Level.SEVERE, loop.getLevel());
    assertEquals(
        Logger.getLogger("io.signalbox").isLoggable(Level.FINE),
        Logging.quieter(loop),
        "only with log.level: debug");
    assertEquals(Level.FINE, loop.getLevel());

    LogRecord other = record(Level.SEVERE, "UT005001: something else");
    assertTrue(Logging.quieter(other));
    assertEquals(Level.SEVERE, other.getLevel());
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

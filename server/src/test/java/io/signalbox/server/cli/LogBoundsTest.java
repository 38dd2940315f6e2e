package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

/** One client, or one that comes again and again, cannot fill the log. */
final class LogBoundsTest {
  private static final int PER_SECOND = 5;
  private static final int BURST = PER_SECOND * LogBounds.BURST_SECONDS;
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final LogBounds bounds = new LogBounds(PER_SECOND, 0);

  private static LogRecord line(Level level, String logger, String pattern, Object... parameters) {
    var line = new LogRecord(level, pattern);
    line.setLoggerName(logger);
    line.setParameters(parameters);
    return line;
  }

  private static LogRecord refusal(int client) {
    return line(Level.WARNING, "a.B", "client {0} may not", "c" + client);
  }

  private int admitted(int lines, long nowNanos) {
    int admitted = 0;
    for (int i = 0; i < lines; i++) {
      admitted += bounds.admits(refusal(i), nowNanos) ? 1 : 0;
    }
    return admitted;
  }

  @Test
  void writesABurstAndThenSoManyASecond() {
    assertEquals(BURST, admitted(1_000, 0));
    assertEquals(PER_SECOND, admitted(1_000, SECOND));
    assertEquals(0, admitted(1_000, SECOND));
    assertEquals(BURST, admitted(1_000, SECOND * 1_000), "no more than a burst, however long ago");
  }

  @Test
  void boundsEachKindForItself() {
    admitted(1_000, 0);
    assertTrue(bounds.admits(line(Level.WARNING, "a.B", "client {0} broke", "c"), 0));
    assertTrue(bounds.admits(line(Level.WARNING, "a.C", "client {0} may not", "c"), 0));
    assertTrue(bounds.admits(line(Level.INFO, "a.B", "ready"), 0));
    assertFalse(bounds.admits(refusal(1), 0));
  }

  @Test
  void textsThatWereMadeBeforeAreOfOneKind() {
    int admitted = 0;
    for (int i = 0; i < 1_000; i++) {
      admitted += bounds.admits(line(Level.WARNING, "a.B", "text " + i), 0) ? 1 : 0;
    }
    assertEquals(BURST, admitted);
  }

  @Test
  void doesNotBoundWhatOnlyDebuggingWants() {
    for (int i = 0; i < 1_000; i++) {
      assertTrue(bounds.admits(line(Level.FINE, "a.B", "refused {0}", i), 0));
    }
  }

  @Test
  void saysNowAndThenHowManyWereLeftOutOfWhat() {
    admitted(BURST + 7, 0);
    assertEquals(List.of(), bounds.reports(SECOND));
    List<LogRecord> reports = bounds.reports(SECOND * 10);
    assertEquals(1, reports.size());
    assertEquals("a.B", reports.getFirst().getLoggerName());
    assertEquals(
        "more lines than log.lines-per-second-max, 5, were left out: 7 like: client {0} may not",
        reports.getFirst().getMessage());
    assertEquals(List.of(), bounds.reports(SECOND * 20), "told already");
  }

  @Test
  void followsTheConfiguration() {
    bounds.perSecond(1);
    assertEquals(LogBounds.BURST_SECONDS, admitted(1_000, 0));
  }
}

package io.signalbox.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;

/**
 * How many lines of one kind are written: what a client brings about it can bring about without
 * end, and a log that it fills drives out all other lines, fills a disk, and is waited for by I/O
 * threads. Of one kind are lines of one class that differ in their parameters only. Any thread.
 */
final class LogBounds {
  static final int BURST_SECONDS = 10;
  private static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Above it those that are new are of one kind together. */
  private static final int KINDS_MAX = 4_096;

  private record Kind(@Nullable String logger, String pattern) {}

  private static final Kind OTHERS = new Kind(null, "");

  /** Lines that may be written now. */
  private static final class Room {
    private double lines;
    private long filledNanos;
    private long leftOut;

    private Room(double lines, long nowNanos) {
      this.lines = lines;
      this.filledNanos = nowNanos;
    }

    private synchronized boolean take(int perSecond, long nowNanos) {
      double come = (double) (nowNanos - filledNanos) / TimeUnit.SECONDS.toNanos(1) * perSecond;
      lines = Math.min(lines + Math.max(0, come), (double) perSecond * BURST_SECONDS);
      filledNanos = nowNanos;
      if (lines < 1) {
        leftOut++;
        return false;
      }
      lines--;
      return true;
    }

    private synchronized long takeLeftOut() {
      long taken = leftOut;
      leftOut = 0;
      return taken;
    }
  }

  private final Map<Kind, Room> rooms = new ConcurrentHashMap<>();
  private final AtomicLong reportedNanos;
  private volatile int perSecond;

  LogBounds(int perSecond, long nowNanos) {
    this.perSecond = perSecond;
    this.reportedNanos = new AtomicLong(nowNanos);
  }

  void perSecond(int lines) {
    perSecond = lines;
  }

  /** Whether a line is to be written. Lines that only debugging wants are. */
  boolean admits(LogRecord record, long nowNanos) {
    if (record.getLevel().intValue() < Level.INFO.intValue()) {
      return true;
    }
    Object[] parameters = record.getParameters();
    boolean varies = parameters == null || parameters.length == 0;
    String pattern = varies || record.getMessage() == null ? "" : record.getMessage();
    Kind kind = new Kind(record.getLoggerName(), pattern);
    Room known = rooms.get(kind);
    if (known == null) {
      Kind counted = rooms.size() < KINDS_MAX ? kind : OTHERS;
      known =
          rooms.computeIfAbsent(
              counted, _ -> new Room((double) perSecond * BURST_SECONDS, nowNanos));
    }
    return known.take(perSecond, nowNanos);
  }

  /** Now and then: a line about each kind of which some were left out. */
  List<LogRecord> reports(long nowNanos) {
    long reported = reportedNanos.get();
    if (nowNanos - reported < REPORT_NANOS || !reportedNanos.compareAndSet(reported, nowNanos)) {
      return List.of();
    }
    List<LogRecord> reports = new ArrayList<>();
    rooms.forEach(
        (kind, room) -> {
          long leftOut = room.takeLeftOut();
          if (leftOut > 0) {
            var report =
                new LogRecord(
                    Level.WARNING,
                    "more lines than log.lines-per-second-max, "
                        + perSecond
                        + ", were left out: "
                        + leftOut
                        + " like: "
                        + kind.pattern);
            report.setLoggerName(kind.logger);
            reports.add(report);
          }
        });
    return reports;
  }
}

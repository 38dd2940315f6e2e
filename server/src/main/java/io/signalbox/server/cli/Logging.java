package io.signalbox.server.cli;

import io.signalbox.server.config.LogConfig;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Sends the log to standard error, one line an event: time, level, class, message. */
public final class Logging {
  static {
    System.setProperty("java.util.logging.manager", Lasting.class.getName());
  }

  private static final Logger OURS = Logger.getLogger("io.signalbox");
  private static final Logger ROOT = Logger.getLogger("");

  /** Of Undertow; kept, because a logger that nobody holds loses its filter. */
  private static final Logger REQUESTS = Logger.getLogger("io.undertow.request");

  /**
   * "SSL read loop detected": a TLS 1.2 client renegotiates, which is refused, and sends a record
   * behind it, on which Undertow tries to go on until another thread has refused. It closes the
   * connection, so nothing is wrong but the client.
   */
  private static final String READ_LOOP = "UT005076:";

  private static final LogBounds BOUNDS =
      new LogBounds(LogConfig.DEFAULTS.linesPerSecondMax(), System.nanoTime());

  private static volatile Runnable whenLeftOut = () -> {};

  private Logging() {}

  /** Replaces whatever the virtual machine has set up. Called once, first thing. */
  public static void start(PrintStream err) {
    LogManager.getLogManager().reset();
    Lasting.started = true;
    Handler handler = new Lines(err);
    handler.setFormatter(new Line());
    ROOT.addHandler(handler);
    // What libraries have to say about themselves at INFO is no news to an operator.
    ROOT.setLevel(Level.WARNING);
    OURS.setLevel(Level.INFO);
    REQUESTS.setFilter(Logging::quieter);
  }

  /** What a single client can bring about at will is no error of ours: it is told at DEBUG. */
  static boolean quieter(LogRecord record) {
    String message = record.getMessage();
    if (message == null || !message.startsWith(READ_LOOP)) {
      return true;
    }
    record.setLevel(Level.FINE);
    return OURS.isLoggable(Level.FINE);
  }

  static void configure(LogConfig config) {
    BOUNDS.perSecond(config.linesPerSecondMax());
    OURS.setLevel(
        switch (config.level()) {
          case ERROR -> Level.SEVERE;
          case WARNING -> Level.WARNING;
          case INFO -> Level.INFO;
          case DEBUG -> Level.FINE;
        });
  }

  /**
   * Called for each line that is not written because there were too many of its kind, on whichever
   * thread has it.
   */
  public static void whenLeftOut(Runnable count) {
    whenLeftOut = count;
  }

  /**
   * Also has what is logged while the process ends: the virtual machine resets its own as soon as
   * that begins, and what the broker has to say of its stop would be lost. Public for the virtual
   * machine.
   */
  public static final class Lasting extends LogManager {
    private static volatile boolean started;

    @Override
    public void reset() {
      if (!started) {
        super.reset();
      }
    }
  }

  /** Hands every line to the stream in one piece. */
  private static final class Lines extends Handler {
    private final PrintStream err;

    Lines(PrintStream err) {
      this.err = err;
    }

    @Override
    public void publish(LogRecord record) {
      try {
        long now = System.nanoTime();
        boolean isWritten = BOUNDS.admits(record, now);
        for (LogRecord report : BOUNDS.reports(now)) {
          write(report);
        }
        if (isWritten) {
          write(record);
        } else { // who reads standard error may be slow, so not even a flush
          whenLeftOut.run();
        }
      } catch (RuntimeException e) {
        // A log line that cannot be made must not take down the thread that wrote it.
        reportError(null, e, ErrorManager.FORMAT_FAILURE);
      }
    }

    private void write(LogRecord record) {
      err.print(getFormatter().format(record));
      err.flush();
    }

    @Override
    public void flush() {
      err.flush();
    }

    @Override
    public void close() {
      err.flush();
    }
  }

  /** {@code 2026-01-31T12:00:00.000Z INFO Listeners message}. */
  static final class Line extends Formatter {
    private static final DateTimeFormatter TIME =
        DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSX").withZone(ZoneOffset.UTC);

    @Override
    public String format(LogRecord record) {
      StringBuilder line = new StringBuilder(160);
      TIME.formatTo(record.getInstant(), line);
      line.append(' ')
          .append(level(record.getLevel()))
          .append(' ')
          .append(simple(record.getLoggerName()))
          .append(' ');
      escape(formatMessage(record), line);
      line.append('\n');
      if (record.getThrown() != null) {
        StringWriter trace = new StringWriter();
        record.getThrown().printStackTrace(new PrintWriter(trace));
        // Messages of exceptions may hold a peer's words: a line of a trace always starts with a
        // space.
        trace
            .toString()
            .lines()
            .forEach(text -> escape("  " + text.replace("\t", "  "), line).append('\n'));
      }
      return line.toString();
    }

    private static String level(Level level) {
      int value = level.intValue();
      if (value >= Level.SEVERE.intValue()) {
        return "ERROR";
      } else if (value >= Level.WARNING.intValue()) {
        return "WARN ";
      } else if (value >= Level.INFO.intValue()) {
        return "INFO ";
      } else {
        return "DEBUG";
      }
    }

    private static String simple(@org.jspecify.annotations.Nullable String logger) {
      return logger == null ? "-" : logger.substring(logger.lastIndexOf('.') + 1);
    }

    /**
     * Control characters are written as escapes: a client id with a line end must not be able to
     * forge a log line.
     */
    private static StringBuilder escape(String text, StringBuilder line) {
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
          line.append(String.format("\\u%04x", (int) c));
        } else {
          line.append(c);
        }
      }
      return line;
    }
  }
}

package io.signalbox.server.config;

/**
 * What is written to standard error. Section {@code log}.
 *
 * @param level the least important level that is written
 * @param linesPerSecondMax 1..1,000,000 lines of one kind, in a burst ten times as many; the rest
 *     is counted. At the level {@code debug} as well, of what is no {@code debug} line.
 */
public record LogConfig(Level level, int linesPerSecondMax) {
  private static final Range LINES_PER_SECOND_MAX =
      Range.of("log.lines-per-second-max", 1, 1_000_000);

  /** From few lines to many. */
  public enum Level {
    ERROR,
    WARNING,
    INFO,
    DEBUG
  }

  public static final LogConfig DEFAULTS = new LogConfig(Level.INFO, 50);

  public LogConfig {
    LINES_PER_SECOND_MAX.check(linesPerSecondMax);
  }

  static LogConfig read(Section log) {
    return log.make(
        DEFAULTS,
        () ->
            new LogConfig(
                log.choice("level", Level.class, DEFAULTS.level),
                log.integer(LINES_PER_SECOND_MAX, DEFAULTS.linesPerSecondMax)));
  }
}

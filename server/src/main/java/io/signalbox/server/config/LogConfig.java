package io.signalbox.server.config;

/**
 * What is written to standard error. Section {@code log}.
 *
 * @param level the least important level that is written
 */
public record LogConfig(Level level) {

  /** From few lines to many. */
  public enum Level {
    ERROR,
    WARNING,
    INFO,
    DEBUG
  }

  public static final LogConfig DEFAULTS = new LogConfig(Level.INFO);

  static LogConfig read(Section log) {
    return log.make(
        DEFAULTS, () -> new LogConfig(log.choice("level", Level.class, DEFAULTS.level)));
  }
}

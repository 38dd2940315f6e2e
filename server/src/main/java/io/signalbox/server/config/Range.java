package io.signalbox.server.config;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * The key of a whole number and the values it may have: said once, used by the record that holds
 * the value, by the reader and by its messages.
 *
 * @param path the key with its sections, for example {@code limits.packet-bytes-max}
 * @param min smallest value, inclusive
 * @param max largest value, inclusive
 * @param unit unit of a {@link Duration} written as a number under this key; null if the key is no
 *     duration
 */
record Range(String path, long min, long max, @Nullable ChronoUnit unit) {

  static Range of(String path, long min, long max) {
    return new Range(path, min, max, null);
  }

  static Range seconds(String path, long min, long max) {
    return new Range(path, min, max, ChronoUnit.SECONDS);
  }

  static Range millis(String path, long min, long max) {
    return new Range(path, min, max, ChronoUnit.MILLIS);
  }

  /** The last part of the path, as it stands in the file. */
  String key() {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /**
   * @throws IllegalArgumentException if the value is outside the range
   */
  void check(long value) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(path + ": " + value + " is outside " + this);
    }
  }

  /**
   * @throws IllegalArgumentException if the duration, in this key's unit, is outside the range
   */
  void check(Duration value) {
    check(unit == ChronoUnit.SECONDS ? value.toSeconds() : value.toMillis());
  }

  Duration duration(long value) {
    return unit == ChronoUnit.SECONDS ? Duration.ofSeconds(value) : Duration.ofMillis(value);
  }

  @Override
  public String toString() {
    return min + ".." + max;
  }
}

package io.signalbox.server.cli;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 30s}, {@code 15m}, {@code 8h}, {@code 7d}; to 4,294,967,295 seconds. */
final class LifetimeConverter implements ITypeConverter<Duration> {
  private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,9})([smhd])");

  /** What a Four Byte Integer of MQTT holds: 136 years. */
  private static final Duration MAX = Duration.ofSeconds(0xFFFF_FFFFL);

  @Override
  public Duration convert(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "\"" + text + "\" is no time; write a number with s, m, h or d, such as 15m");
    }
    long number = Long.parseLong(matcher.group(1));
    return bounded(
        text,
        switch (matcher.group(2)) {
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        });
  }

  /** The time, if it is none that would overflow where it is sent or counted in nanoseconds. */
  static Duration bounded(String text, Duration time) {
    if (time.compareTo(MAX) > 0) {
      throw new TypeConversionException(
          "\"" + text + "\" is longer than " + MAX.toSeconds() + " s");
    }
    return time;
  }
}

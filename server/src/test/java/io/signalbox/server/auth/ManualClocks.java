package io.signalbox.server.auth;

import io.signalbox.server.eventloop.Clocks;
import java.time.Duration;
import java.time.Instant;

/** Clocks that stand still until a test moves them. */
final class ManualClocks implements Clocks {
  static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  private long millis = START.toEpochMilli();

  void advance(Duration duration) {
    millis += duration.toMillis();
  }

  void set(Instant instant) {
    millis = instant.toEpochMilli();
  }

  long seconds() {
    return millis / 1_000;
  }

  @Override
  public long wallMillis() {
    return millis;
  }

  @Override
  public long nanos() {
    return millis * 1_000_000;
  }
}

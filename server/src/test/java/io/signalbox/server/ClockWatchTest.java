package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.eventloop.Clocks;
import org.junit.jupiter.api.Test;

final class ClockWatchTest {
  private long wallMillis = 1_800_000_000_000L;
  private long nanos = 5;

  private final ClockWatch watch =
      new ClockWatch(
          new Clocks() {
            @Override
            public long nanos() {
              return nanos;
            }

            @Override
            public long wallMillis() {
              return wallMillis;
            }
          });

  private void pass(long millis) {
    nanos += millis * 1_000_000;
    wallMillis += millis;
  }

  @Test
  void tellsOfEachJumpOnceAndOfNoTimeThatPasses() {
    pass(3_600_000);
    assertFalse(watch.wasSet());
    wallMillis += 900; // as a time server may
    assertFalse(watch.wasSet());
    for (long jump : new long[] {86_400_000, -86_400_000, -5_000, 1_001}) {
      pass(200);
      wallMillis += jump;
      assertTrue(watch.wasSet(), () -> "by " + jump);
      pass(200);
      assertFalse(watch.wasSet(), "told once");
    }
  }
}

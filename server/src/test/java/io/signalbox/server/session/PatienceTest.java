package io.signalbox.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class PatienceTest {
  private final Patience patience = new Patience();

  @Test
  void endsAfterFiveMinutesInWhichNothingIsTaken() {
    assertEquals(300_000, waited(false));
  }

  @Test
  void beginsAnewWithEachMessageThatIsTaken() {
    waited(false);
    assertTrue(patience.nextMillis(2, false) > 0);
  }

  @Test
  void endsAfterSomeSecondsForAClientThatWaits() {
    assertEquals(5_000, waited(true));
    assertEquals(0, patience.nextMillis(2, true), "in all");
  }

  private long waited(boolean awaited) {
    long sum = 0;
    for (long next = patience.nextMillis(1, awaited);
        next > 0;
        next = patience.nextMillis(1, awaited)) {
      sum += next;
    }
    return sum;
  }
}

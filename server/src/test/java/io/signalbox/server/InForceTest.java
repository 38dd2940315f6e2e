package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class InForceTest {
  private final List<String> steps = new ArrayList<>();
  private boolean broken;
  private final InForce part =
      new InForce("they", this::attempt, () -> steps.add("clients are looked at"));

  private void attempt() {
    steps.add("attempt");
    if (broken) {
      throw new IllegalStateException("broken");
    }
  }

  @Test
  void clientsAreLookedAtAfterAChangeAndOnce() {
    part.bring();
    part.keepBringing();
    assertEquals(List.of(), steps);
    part.changed();
    part.bring();
    part.bring();
    part.keepBringing();
    assertEquals(List.of("attempt", "clients are looked at"), steps);
  }

  @Test
  void whatFailedIsTriedAgainWithoutAnotherChange() {
    broken = true;
    part.changed();
    part.keepBringing();
    part.keepBringing();
    broken = false;
    part.keepBringing();
    part.keepBringing();
    assertEquals(List.of("attempt", "attempt", "attempt", "clients are looked at"), steps);
  }

  /** Else every request would fail for as long as one entry does. */
  @Test
  void aFailureIsToldToTheRequestThatChangedSomethingAndToNoOther() {
    broken = true;
    part.changed();
    assertThrows(IllegalStateException.class, part::bring);
    part.bring();
    assertEquals(List.of("attempt"), steps);
    part.keepBringing();
    part.bring();
    part.changed();
    assertThrows(IllegalStateException.class, part::bring);
  }

  @Test
  void aChangeMeanwhileIsBroughtTheNextTime() {
    var both = new ArrayList<InForce>();
    var twice =
        new InForce(
            "they",
            () -> {
              steps.add("attempt");
              if (steps.size() == 1) {
                both.getFirst().changed();
              }
            },
            () -> {});
    both.add(twice);
    twice.changed();
    twice.bring();
    twice.bring();
    twice.bring();
    assertEquals(List.of("attempt", "attempt"), steps);
  }
}

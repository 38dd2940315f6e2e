package io.signalbox.acl.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.acl.model.Glob;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class EffortTest {
  /** No simple filling of one pattern fits the other, so each text is searched for. */
  private static final Word SEARCHED =
      new Word(
          List.of(AnyOf.of(List.of(new Glob("*ab*"))), AnyOf.of(List.of(new Glob("*ba*")))),
          List.of(),
          true);

  @Test
  void manySearchesForOneAnswerAreGivenUpTogether() {
    Effort effort = new Effort(1_000);
    assertEquals(Optional.of("aba"), SEARCHED.find(Set.of(), "some", effort));
    assertThrows(
        TooComplex.class,
        () -> {
          for (int i = 0; i < 1_000; i++) {
            SEARCHED.find(Set.of(), "some", effort);
          }
        });
    assertEquals(Optional.of("aba"), SEARCHED.find(Set.of(), "some", Effort.unbounded()));
  }
}

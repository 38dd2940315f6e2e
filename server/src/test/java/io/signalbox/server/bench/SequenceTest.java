package io.signalbox.server.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SequenceTest {
  private final Sequence sequence = new Sequence();

  private void receive(long... numbers) {
    for (long number : numbers) {
      boolean _ = sequence.received(number);
    }
  }

  private void assertFound(long lost, long duplicates, long outOfOrder, long sent) {
    assertEquals(lost, sequence.lost(sent), "lost");
    assertEquals(duplicates, sequence.duplicates(), "duplicates");
    assertEquals(outOfOrder, sequence.outOfOrder(), "out of order");
  }

  @Test
  void allInOrderIsRight() {
    receive(0, 1, 2, 3);
    assertFound(0, 0, 0, 4);
  }

  @Test
  void countsWhatIsMissingInTheMiddleAndAtTheEnd() {
    receive(0, 3, 4);
    assertFound(4, 0, 0, 7);
  }

  @Test
  void aLateOneIsOutOfOrderAndNotLost() {
    receive(0, 2, 1, 3);
    assertFound(0, 0, 1, 4);
  }

  @Test
  void aRepeatedOneIsADuplicateAlsoWhenItWasLate() {
    assertTrue(sequence.received(0));
    assertFalse(sequence.received(0));
    receive(2, 1);
    assertFalse(sequence.received(1));
    assertFound(0, 2, 1, 3);
  }

  @Test
  void nothingAtAllIsAllLost() {
    assertFound(5, 0, 0, 5);
  }
}

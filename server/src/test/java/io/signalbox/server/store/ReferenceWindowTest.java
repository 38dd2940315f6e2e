package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Windows of a bounded size are together what one without a bound would be. */
final class ReferenceWindowTest {
  private static final int MESSAGES = 5_000;

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 100, 4_999, 5_000, 1 << 20})
  void windowsOfAnySizeHaveEachMessageOnce(int sequencesMax) {
    var random = new Random(7);
    Map<Long, Integer> expected = new TreeMap<>(Long::compareUnsigned);
    List<Long> rows = new ArrayList<>();
    for (int i = 0; i < MESSAGES; i++) {
      // Close together as they are, and as damage may make them.
      long sequence = i % 10 == 0 ? random.nextLong() : i;
      int references = 1 + random.nextInt(3);
      expected.merge(sequence, references, Integer::sum);
      rows.addAll(Collections.nCopies(references, sequence));
    }
    Collections.shuffle(rows, random);
    if (sequencesMax < 100) {
      rows.removeIf(sequence -> Long.compareUnsigned(sequence, 300) > 0);
      expected.keySet().removeIf(sequence -> Long.compareUnsigned(sequence, 300) > 0);
    }

    var window = new ReferenceWindow(sequencesMax);
    Map<Long, Integer> found = new TreeMap<>(Long::compareUnsigned);
    int windows = 0;
    while (true) {
      windows++;
      rows.forEach(window::count);
      List<Long> held = new ArrayList<>();
      window.rest(
          (sequence, references) -> {
            held.add(sequence);
            assertEquals(null, found.put(sequence, references));
          });
      assertFalse(held.isEmpty());
      assertTrue(held.size() <= sequencesMax, () -> held.size() + " held");
      if (window.isLast()) {
        break;
      }
      window.next();
    }
    assertEquals(List.copyOf(expected.entrySet()), List.copyOf(found.entrySet()), "ascending");
    assertTrue(windows >= expected.size() / sequencesMax, () -> "too few for the bound");
  }

  @Test
  void whatIsTakenIsNotAmongTheRest() {
    var window = new ReferenceWindow(2);
    for (long sequence : new long[] {5, 7, 5, 9}) {
      window.count(sequence);
    }
    assertFalse(window.endsBefore(5));
    assertTrue(window.endsBefore(7), "the higher half is left to the next window");
    assertEquals(2, window.take(5));
    assertEquals(0, window.take(5));
    assertEquals(0, window.take(4));
    window.rest((sequence, _) -> assertEquals(0, sequence, "nothing is left"));
    window.next();
    for (long sequence : new long[] {5, 7, 5, 9}) {
      window.count(sequence);
    }
    assertTrue(window.isLast());
    assertEquals(1, window.take(9));
    List<Long> rest = new ArrayList<>();
    window.rest((sequence, _) -> rest.add(sequence));
    assertEquals(List.of(7L), rest);
    assertThrows(IllegalStateException.class, window::next);
  }
}

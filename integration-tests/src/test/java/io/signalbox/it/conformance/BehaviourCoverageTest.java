package io.signalbox.it.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Every behaviour of {@code docs/behaviours.md} has a test, also where the file says what was
 * chosen and why.
 */
final class BehaviourCoverageTest {
  private static final int COUNT = 313;

  /** {@code 12. Title}, and after a dash what was chosen. */
  private static final Pattern LINE = Pattern.compile("(\\d+)\\. (.+)");

  private static final String CHOSEN = " Chosen: ";

  private record Behaviour(int number, String text) {
    /** Whether it says "Chosen:" and then too little to be a choice with its reason. */
    boolean hasEmptyChoice() {
      int at = text.indexOf(CHOSEN.strip());
      return at >= 0 && text.length() < at + CHOSEN.length() + 20;
    }
  }

  private static List<Behaviour> listed() throws IOException {
    Path file = Path.of(System.getProperty("signalbox.docs", "../docs"), "behaviours.md");
    List<Behaviour> all = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        all.add(new Behaviour(Integer.parseInt(matcher.group(1)), matcher.group(2)));
      }
    }
    return all;
  }

  @Test
  void everyNumberHasATest() throws IOException {
    AnnotatedTests tests = AnnotatedTests.in(TestClasses.folders());
    List<Behaviour> without =
        listed().stream().filter(one -> !tests.behaviours().contains(one.number())).toList();
    assertTrue(without.isEmpty(), () -> "no test has @Behaviour of: " + without);
    List<Integer> unknown =
        tests.behaviours().stream().filter(number -> number < 1 || number > COUNT).toList();
    assertTrue(unknown.isEmpty(), () -> "tests name behaviours that are not listed: " + unknown);
  }

  @Test
  void aChoiceSaysWhatWasChosen() throws IOException {
    List<Behaviour> empty = listed().stream().filter(Behaviour::hasEmptyChoice).toList();
    assertTrue(empty.isEmpty(), () -> "\"Chosen:\" without a choice: " + empty);
  }

  @Test
  void theNumbersAreListedInTheirOrder() throws IOException {
    assertEquals(
        IntStream.rangeClosed(1, COUNT).boxed().toList(),
        listed().stream().map(Behaviour::number).toList());
  }
}

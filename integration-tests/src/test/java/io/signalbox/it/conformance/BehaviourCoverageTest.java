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
 * Every behaviour of {@code docs/behaviours.md} is tested, or the file says what was chosen and
 * why.
 */
final class BehaviourCoverageTest {
  private static final int COUNT = 313;

  /** {@code 12. Title}, and after a dash what was chosen. */
  private static final Pattern LINE = Pattern.compile("(\\d+)\\. (.+)");

  private static final String CHOSEN = " Chosen: ";

  private record Behaviour(int number, String text) {
    boolean hasChoice() {
      int at = text.indexOf(CHOSEN);
      return at > 0 && text.length() > at + CHOSEN.length() + 20;
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
  void everyNumberHasATestOrAChoice() throws IOException {
    AnnotatedTests tests = AnnotatedTests.in(TestClasses.folders());
    List<Behaviour> without =
        listed().stream()
            .filter(one -> !tests.behaviours().contains(one.number()) && !one.hasChoice())
            .toList();
    assertTrue(without.isEmpty(), () -> "neither tested nor chosen: " + without);
    List<Integer> unknown =
        tests.behaviours().stream().filter(number -> number < 1 || number > COUNT).toList();
    assertTrue(unknown.isEmpty(), () -> "tests name behaviours that are not listed: " + unknown);
  }

  @Test
  void theNumbersAreListedInTheirOrder() throws IOException {
    assertEquals(
        IntStream.rangeClosed(1, COUNT).boxed().toList(),
        listed().stream().map(Behaviour::number).toList());
  }
}

package io.signalbox.acl.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FilterTest {
  @Test
  void matchesAsTheStandardSays() {
    assertTrue(Filter.of("sport/#").matches("sport"));
    assertTrue(Filter.of("sport/#").matches("sport/tennis/player1"));
    assertTrue(Filter.of("sport/+").matches("sport/"));
    assertFalse(Filter.of("sport/+").matches("sport"));
    assertTrue(Filter.of("+/+").matches("/finance"));
    assertTrue(Filter.of("/+").matches("/finance"));
    assertFalse(Filter.of("+").matches("/finance"));
    assertFalse(Filter.of("#").matches("$SYS/broker"));
    assertFalse(Filter.of("+/broker").matches("$SYS/broker"));
    assertTrue(Filter.of("$SYS/#").matches("$SYS/broker"));
  }

  @Test
  void aWildcardSubscriptionIsNotContainedInWhatItsTextLooksLike() {
    assertFalse(Filter.of("a/+/public").contains(Filter.of("a/+/secret")));
    assertFalse(Filter.of("a/b").contains(Filter.of("a/+")));
    assertFalse(Filter.of("+/secret").contains(Filter.of("a/#")));
    assertTrue(Filter.of("a/#").contains(Filter.of("a/+/secret")));
    assertTrue(Filter.of("+/#").contains(Filter.of("#")));
    assertFalse(Filter.of("#").contains(Filter.of("$SYS/#")));
  }

  @Test
  void refusesWhatIsNoFilter() {
    for (String text : List.of("", "a#", "a/#/b", "+a", "a/b+", "##", "a\0b", "a".repeat(65_536))) {
      assertThrows(IllegalArgumentException.class, () -> Filter.of(text), text);
    }
  }

  @Test
  void agreesWithBruteForceOverAllFiltersOfUpToThreeLevels() {
    List<String> filters =
        sequences(List.of("a", "b", "", "$SYS", "+"), List.of("a", "b", "", "$SYS", "+", "#"), 3);
    checkAllPairs(filters);
  }

  @Test
  void agreesWithBruteForceOverRandomFiltersOfUpToEightLevels() {
    SplittableRandom random = new SplittableRandom(20_26);
    for (int round = 0; round < 3_000; round++) {
      Filter one = random(random, 8);
      Filter other = random.nextBoolean() ? random(random, 8) : near(one, random);
      check(one, other, witnesses(one, other));
    }
  }

  private static void checkAllPairs(List<String> texts) {
    // Four levels, so that "#" is told apart from three levels of "+".
    List<String> topics = sequences(List.of("a", "b", "c", "", "$SYS"), List.of(), 4);
    List<Filter> filters = texts.stream().map(Filter::of).toList();
    List<BitSet> sets = new ArrayList<>();
    for (Filter filter : filters) {
      BitSet set = new BitSet();
      for (int t = 0; t < topics.size(); t++) {
        if (naiveMatch(filter.toString(), topics.get(t))) {
          set.set(t);
        }
        assertEquals(
            naiveMatch(filter.toString(), topics.get(t)),
            filter.matches(topics.get(t)),
            () -> filter + " matches?");
      }
      sets.add(set);
    }
    for (int i = 0; i < filters.size(); i++) {
      for (int j = 0; j < filters.size(); j++) {
        Filter one = filters.get(i);
        Filter other = filters.get(j);
        BitSet rest = (BitSet) sets.get(j).clone();
        rest.andNot(sets.get(i));
        BitSet both = (BitSet) sets.get(j).clone();
        both.and(sets.get(i));
        assertEquals(rest.isEmpty(), one.contains(other), () -> one + " contains " + other);
        assertEquals(!both.isEmpty(), one.intersects(other), () -> one + " meets " + other);
        Optional<Filter> intersection = one.intersection(other);
        if (intersection.isPresent()) {
          for (int t = 0; t < topics.size(); t++) {
            assertEquals(
                both.get(t),
                intersection.get().matches(topics.get(t)),
                () -> one + " and " + other + " give " + intersection);
          }
        }
      }
    }
  }

  private static void check(Filter one, Filter other, List<String> topics) {
    boolean contained = true;
    boolean met = false;
    for (String topic : topics) {
      boolean inOther = naiveMatch(other.toString(), topic);
      boolean inOne = naiveMatch(one.toString(), topic);
      contained &= !inOther || inOne;
      met |= inOther && inOne;
    }
    assertEquals(contained, one.contains(other), () -> one + " contains " + other);
    assertEquals(met, one.intersects(other), () -> one + " meets " + other);
    assertEquals(met, other.intersects(one), () -> other + " meets " + one);
  }

  /** Topics of {@code other}, every wildcard filled with what {@code one} has there, or neither. */
  private static List<String> witnesses(Filter one, Filter other) {
    List<List<String>> heads = List.of(List.of());
    List<String> topics = new ArrayList<>();
    for (int level = 0; level < 10; level++) {
      List<String> choices = new ArrayList<>();
      boolean fixed = level < other.levels().size() && !isWildcard(other.levels().get(level));
      if (fixed) {
        choices.add(other.levels().get(level));
      } else {
        choices.add("fresh");
        if (level < one.levels().size()) {
          choices.add(one.levels().get(level).replaceAll("[+#]", "fresh"));
        }
      }
      List<List<String>> longer = new ArrayList<>();
      for (List<String> head : heads) {
        for (String choice : choices.stream().distinct().toList()) {
          List<String> topic = new ArrayList<>(head);
          topic.add(choice);
          longer.add(topic);
          topics.add(String.join("/", topic));
        }
      }
      heads = longer;
    }
    return topics.stream().filter(topic -> !topic.isEmpty()).toList();
  }

  private static boolean isWildcard(String level) {
    return level.equals("+") || level.equals("#");
  }

  private static Filter random(SplittableRandom random, int levelsMax) {
    List<String> alphabet = List.of("a", "b", "", "+", "+", "$x");
    List<String> levels = new ArrayList<>();
    int length = 1 + random.nextInt(levelsMax);
    for (int i = 0; i < length; i++) {
      levels.add(alphabet.get(random.nextInt(alphabet.size())));
    }
    if (random.nextInt(3) == 0) {
      levels.set(length - 1, "#");
    }
    if (levels.equals(List.of(""))) {
      levels.set(0, "a");
    }
    return new Filter(levels);
  }

  private static Filter near(Filter filter, SplittableRandom random) {
    List<String> levels = new ArrayList<>(filter.levels());
    int i = random.nextInt(levels.size());
    levels.set(i, List.of("a", "+", "b").get(random.nextInt(3)));
    if (random.nextInt(4) == 0 && !levels.getLast().equals("#")) {
      levels.add("#");
    }
    return new Filter(levels);
  }

  /** All texts of 1 to {@code levelsMax} levels whose last level is from {@code last}, if given. */
  static List<String> sequences(List<String> inner, List<String> last, int levelsMax) {
    List<String> heads = List.of();
    List<String> all = new ArrayList<>();
    for (int length = 1; length <= levelsMax; length++) {
      List<String> next = new ArrayList<>();
      for (String level : last.isEmpty() ? inner : last) {
        if (length == 1) {
          all.add(level);
        }
        for (String head : heads) {
          all.add(head + "/" + level);
        }
      }
      for (String level : inner) {
        if (length == 1) {
          next.add(level);
        }
        for (String head : heads) {
          next.add(head + "/" + level);
        }
      }
      heads = next;
    }
    return all.stream().filter(text -> !text.isEmpty()).toList();
  }

  /** Straight from the wording of section 4.7, recursive, with no regard to speed. */
  static boolean naiveMatch(String filter, String topic) {
    if (topic.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"))) {
      return false;
    }
    return naiveMatch(Filter.split(filter), Filter.split(topic));
  }

  private static boolean naiveMatch(List<String> filter, List<String> topic) {
    if (filter.isEmpty()) {
      return topic.isEmpty();
    }
    if (filter.getFirst().equals("#")) {
      return true;
    }
    return !topic.isEmpty()
        && (filter.getFirst().equals("+") || filter.getFirst().equals(topic.getFirst()))
        && naiveMatch(filter.subList(1, filter.size()), topic.subList(1, topic.size()));
  }
}

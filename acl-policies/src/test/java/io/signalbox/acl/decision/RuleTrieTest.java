package io.signalbox.acl.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.acl.decision.FilterWalk.Relation;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Statement;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiPredicate;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

/** The trie of bytes must answer as {@link Filter} does, whose own test is by brute force. */
class RuleTrieTest {
  private static final List<String> LEVELS = List.of("a", "b", "", "+", "é", "$SYS");

  @Test
  void agreesWithFiltersForSinglePatterns() {
    List<Filter> filters = filters();
    for (Filter pattern : filters) {
      Trie trie = trie(List.of(pattern));
      for (Filter filter : filters) {
        byte[] utf8 = utf8(filter.toString());
        assertEquals(
            pattern.contains(filter),
            trie.walk(Relation.COVER, utf8) == 0,
            () -> pattern + " contains " + filter);
        assertEquals(
            pattern.intersects(filter),
            trie.walk(Relation.INTERSECT, utf8) == 0,
            () -> pattern + " meets " + filter);
        if (!filter.hasWildcard()) {
          assertEquals(
              pattern.contains(filter),
              trie.match(utf8, 0, utf8.length) == 0,
              () -> pattern + " matches " + filter);
        }
      }
    }
  }

  @Test
  void findsTheFirstOfManyPatterns() {
    manyPatterns(filters(), 200, 40);
  }

  @Test
  void findsTheFirstOfPatternsWithManyFixedLevels() {
    SplittableRandom random = new SplittableRandom(11);
    List<Filter> filters = new ArrayList<>(filters());
    for (int i = 0; i < 600; i++) {
      int first = random.nextInt(40);
      String second = random.nextInt(3) == 0 ? "+" : "x" + random.nextInt(20);
      String start = (first % 10 == 0 ? "$" : "y") + first;
      filters.add(Filter.of(start + "/" + second + (i % 4 == 0 ? "/#" : "")));
    }
    manyPatterns(filters, 20, 400);
  }

  private static void manyPatterns(List<Filter> filters, int rounds, int count) {
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < rounds; round++) {
      List<Filter> patterns = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        patterns.add(filters.get(random.nextInt(filters.size())));
      }
      Trie trie = trie(patterns);
      for (int i = 0; i < 100; i++) {
        Filter filter = filters.get(random.nextInt(filters.size()));
        check(patterns, filter, Filter::contains, f -> trie.walk(Relation.COVER, f));
        check(patterns, filter, Filter::intersects, f -> trie.walk(Relation.INTERSECT, f));
        if (!filter.hasWildcard()) {
          check(patterns, filter, Filter::contains, f -> trie.match(f, 0, f.length));
        }
      }
    }
  }

  @Test
  void readsTheRangeItIsGivenOnly() {
    Trie trie = trie(List.of(Filter.of("a/b")));
    byte[] text = utf8("xxa/bxx");
    assertEquals(0, trie.match(text, 2, 5));
    assertEquals(Rule.NONE, trie.match(text, 2, 6));
  }

  private static void check(
      List<Filter> patterns,
      Filter filter,
      BiPredicate<Filter, Filter> relation,
      ToIntFunction<byte[]> walk) {
    int expected = Rule.NONE;
    for (int i = patterns.size() - 1; i >= 0; i--) {
      expected = relation.test(patterns.get(i), filter) ? i : expected;
    }
    byte[] utf8 = utf8(filter.toString());
    assertEquals(expected, walk.applyAsInt(utf8), () -> filter + " among " + patterns);
  }

  private static Trie trie(List<Filter> patterns) {
    TrieBuilder builder = new TrieBuilder();
    Statement statement =
        DecisionsTest.policies(
                DecisionsTest.policy("p", DecisionsTest.deny("d", "subscribe", "x", "")))
            .getFirst()
            .statements()
            .getFirst();
    for (int i = 0; i < patterns.size(); i++) {
      builder.add(LevelPattern.of(patterns.get(i)), Rule.ofSubscribe(i, statement, 0, null));
    }
    RuleCode.Writer code = new RuleCode.Writer();
    int root = builder.write(code);
    NamePattern[][] noGroups = {{}};
    Rules rules = new Rules(List.of(), noGroups, code.toBytes(), 0, 0, root, 0, 0, 0, 0);
    return new Trie(rules, new byte[0]);
  }

  /** Patterns, and the texts of their slots. */
  private record Trie(Rules rules, byte[] texts) {
    int match(byte[] topic, int from, int to) {
      return RuleTrie.match(
          rules.code(), rules.subscribeDeny(), texts, topic, from, to, 0, false, 0);
    }

    int walk(Relation relation, byte[] filter) {
      return FilterWalk.walk(
          relation, rules, rules.subscribeDeny(), texts, filter, filter.length, null);
    }
  }

  private static List<Filter> filters() {
    List<Filter> filters = new ArrayList<>();
    List<List<String>> heads = List.of(List.of());
    for (int length = 1; length <= 3; length++) {
      List<List<String>> longer = new ArrayList<>();
      for (List<String> head : heads) {
        for (String level : LEVELS) {
          List<String> levels = new ArrayList<>(head);
          levels.add(level);
          longer.add(levels);
        }
        List<String> all = new ArrayList<>(head);
        all.add("#");
        filters.add(new Filter(all));
      }
      heads = longer;
      heads.stream()
          .filter(levels -> !levels.equals(List.of("")))
          .map(Filter::new)
          .forEach(filters::add);
    }
    return filters;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

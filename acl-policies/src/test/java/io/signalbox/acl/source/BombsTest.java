package io.signalbox.acl.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Documents that are made to cost more than they weigh. */
class BombsTest {
  private static final SourceLimits SMALL = new SourceLimits(1_000_000, 16, 1_000);

  @Test
  void aliasesDoNotMultiply() {
    StringBuilder laughs = new StringBuilder("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (char c = 'b'; c <= 'i'; c++) {
      laughs.append("%c: &%c [*%c, *%c, *%c]\n".formatted(c, c, c - 1, c - 1, c - 1));
    }
    assertRefused("bomb.yaml", laughs.toString(), "anchor \"&a\" is not allowed");
  }

  @Test
  void depthIsBoundedInEveryForm() {
    assertRefused("deep.yaml", "[".repeat(200_000), "nested deeper than 16");
    assertRefused("deep.yaml", "{a: ".repeat(100_000), "nested deeper than 16");
    assertRefused("deep.yaml", "- ".repeat(100_000) + "a", "nested deeper than 16");
    assertRefused("deep.json", "[".repeat(200_000), "nested deeper than 16");
    assertRefused("deep.json", "{\"a\":".repeat(100_000), "nested deeper than 16");
    Object value = "x";
    for (int i = 0; i < 100_000; i++) {
      value = List.of(value);
    }
    Problems problems = new Problems();
    assertTrue(Documents.fromValue("claim", value, SMALL, problems).isEmpty());
    assertEquals("claim: lists and maps are nested deeper than 16\n", problems.toString());
  }

  @Test
  void sizeIsBounded() {
    assertRefused("wide.yaml", "[" + "a,".repeat(2_000) + "a]", "more than 1000 values");
    assertRefused("wide.json", "[" + "1,".repeat(2_000) + "1]", "more than 1000 values");
    assertRefused(
        "long.yaml", "a".repeat(1_000_001), "has 1000001 characters, the limit is 1000000");
    Map<String, Object> map = new HashMap<>();
    for (int i = 0; i < 2_000; i++) {
      map.put("k" + i, new ArrayList<>());
    }
    Problems problems = new Problems();
    assertTrue(Documents.fromValue("claim", map, SMALL, problems).isEmpty());
  }

  @Test
  void manyKeysAreBoundedAlsoWhereTheirHashesAreTheSame() {
    StringBuilder keys = new StringBuilder();
    StringBuilder colliding = new StringBuilder("{");
    for (int i = 0; i < 1 << 13; i++) {
      keys.append("k").append(i).append(": v\n");
      for (int bit = 0; bit < 13; bit++) {
        colliding.append((i >> bit & 1) == 0 ? "Aa" : "BB");
      }
      colliding.append(": v, ");
    }
    assertRefused("keys.yaml", keys.toString(), "more than 1000 values");
    assertRefused("keys.yaml", colliding + "x: y}", "more than 1000 values");
    Problems problems = new Problems();
    assertTrue(
        Documents.read("keys.yaml", colliding + "x: y}", SourceLimits.DEFAULTS, problems)
            .isPresent(),
        problems::toString);
  }

  /** Each form of a text: plain, quoted, in blocks, and continued by a backslash. */
  @Test
  void giantScalarsAreBounded() {
    String giant = "a".repeat(2_000_000);
    for (String text :
        List.of(
            "a: " + giant,
            "a: '" + giant + "'",
            "a: \"" + giant + "\"",
            "a: |\n  " + giant,
            "a: >\n" + "  a\n".repeat(500_000),
            "a: \"" + "a\\\n  ".repeat(400_000) + "\"",
            "? " + giant + "\n: v")) {
      assertRefused("giant.yaml", text, "the limit is 1000000");
    }
    assertRefused("giant.json", "{\"a\":\"" + giant + "\"}", "the limit is 1000000");
  }

  @Test
  void longRunsOfMarksEndInTime() {
    assertRefused("x.yaml", "?".repeat(100_000), "");
    assertRefused("x.yaml", "&a ".repeat(50_000), "");
    assertRefused("x.yaml", "!".repeat(100_000), "");
    assertRefused("x.yaml", "{".repeat(10) + "\"" + "\\".repeat(100_001), "");
  }

  @Test
  void problemsAreCountedButNotAllKept() {
    Problems problems = new Problems();
    for (int i = 0; i < 5_000; i++) {
      problems.add(Position.none("x"), "wrong");
    }
    assertEquals(5_000, problems.count());
    assertEquals(1_000, problems.list().size());
    assertTrue(problems.toString().endsWith("and 4000 more\n"));
  }

  private static void assertRefused(String file, String text, String part) {
    Problems problems = new Problems();
    boolean refused = Documents.read(file, text, SMALL, problems).isEmpty();
    assertTrue(refused || text.startsWith("?"), "was read");
    assertTrue(problems.toString().contains(part), problems::toString);
  }
}

package io.signalbox.it.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every part of {@code docs/policy-semantics.md} names tests, and those are there. */
final class PolicySemanticsTest {
  private static final int CLAUSES = 14;
  private static final Path DOCS = Path.of(System.getProperty("signalbox.docs", "../docs"));
  private static final List<String> MODULES =
      List.of("acl-policies", "pki", "server", "integration-tests");

  /** {@code ## 3. Variables}. */
  private static final Pattern HEADING = Pattern.compile("## (\\d+)\\. .+");

  /** {@code | 3.1 | what is so | `DecisionsTest.binds` ... |}; A.1 is an attack. */
  private static final Pattern ROW =
      Pattern.compile("\\| (\\d+|A)\\.(\\d+) \\| [^|]+ \\| ([^|]*) \\|");

  private static final Pattern NAME = Pattern.compile("`(\\w+)\\.(\\w+)`");
  private static final Pattern METHOD = Pattern.compile(" +void (\\w+)\\(.*");

  /**
   * @param tests as {@code Class.method}
   */
  private record Part(String clause, int number, Set<String> tests) {
    String id() {
      return clause + "." + number;
    }
  }

  private static List<Part> parts() throws IOException {
    List<Part> parts = new ArrayList<>();
    for (String line : Files.readAllLines(DOCS.resolve("policy-semantics.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Set<String> tests = new HashSet<>();
        NAME.matcher(row.group(3))
            .results()
            .forEach(name -> tests.add(name.group(1) + "." + name.group(2)));
        parts.add(new Part(row.group(1), Integer.parseInt(row.group(2)), tests));
      }
    }
    return parts;
  }

  /** Names of all tests in the sources, as {@code Class.method}. */
  private static Set<String> tests() throws IOException {
    Set<String> tests = new HashSet<>();
    for (String module : MODULES) {
      Path sources = DOCS.resolveSibling(module).resolve("src/test/java");
      try (Stream<Path> files = Files.walk(sources)) {
        for (Path file : files.filter(each -> each.toString().endsWith("Test.java")).toList()) {
          String name = file.getFileName().toString().replace(".java", "");
          boolean annotated = false;
          for (String line : Files.readAllLines(file)) {
            annotated |= line.startsWith("  @Test") || line.startsWith("  @ParameterizedTest");
            Matcher method = METHOD.matcher(line);
            if (annotated && method.matches()) {
              tests.add(name + "." + method.group(1));
              annotated = false;
            }
          }
        }
      }
    }
    return tests;
  }

  @Test
  void clausesAndTheirPartsAreNumberedInOrder() throws IOException {
    List<Integer> headings =
        Files.readAllLines(DOCS.resolve("policy-semantics.md")).stream()
            .map(HEADING::matcher)
            .filter(Matcher::matches)
            .map(heading -> Integer.parseInt(heading.group(1)))
            .toList();
    assertEquals(IntStream.rangeClosed(1, CLAUSES).boxed().toList(), headings);
    Map<String, Integer> last = new HashMap<>();
    for (Part part : parts()) {
      assertEquals(last.getOrDefault(part.clause, 0) + 1, part.number, "after " + last);
      last.put(part.clause, part.number);
    }
    Set<String> clauses = new HashSet<>();
    headings.forEach(number -> clauses.add(String.valueOf(number)));
    clauses.add("A");
    assertEquals(clauses, last.keySet());
  }

  @Test
  void everyPartNamesTestsThatAreThere() throws IOException {
    Set<String> there = tests();
    for (Part part : parts()) {
      assertTrue(!part.tests.isEmpty(), () -> part.id() + " names no test");
      List<String> missing = part.tests.stream().filter(name -> !there.contains(name)).toList();
      assertEquals(List.of(), missing, () -> part.id() + " names tests that are not there");
    }
  }

  /** A patch of {@code build-tools/broken-rules} that breaks a part is seen by a test it names. */
  @Test
  void brokenRulesAreOfPartsAndTheirTests() throws IOException {
    Map<String, Set<String>> tests = new HashMap<>();
    parts().forEach(part -> tests.put(part.id(), part.tests));
    int patches = 0;
    try (Stream<Path> files = Files.list(DOCS.resolveSibling("build-tools/broken-rules"))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".patch")).toList()) {
        Map<String, String> head = new HashMap<>();
        for (String line : Files.readAllLines(file)) {
          if (line.isEmpty()) {
            break;
          }
          head.put(line.substring(0, line.indexOf(": ")), line.substring(line.indexOf(": ") + 2));
        }
        String rule = head.getOrDefault("Rule", "");
        if (rule.startsWith("policy ")) {
          patches++;
          String test = head.getOrDefault("Test", "");
          String name = test.substring(test.lastIndexOf('.') + 1) + ".";
          assertTrue(
              tests.getOrDefault(rule.substring("policy ".length()), Set.of()).stream()
                  .anyMatch(each -> each.startsWith(name)),
              () -> file.getFileName() + ": " + rule + " names no test of " + test);
        }
      }
    }
    assertTrue(patches > 0, "no patch breaks a part");
  }
}

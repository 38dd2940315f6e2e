package io.signalbox.it.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every numbered statement of both standards that concerns a server has a test with its id, or a
 * written reason why nobody can see it from outside.
 *
 * <p>{@code -Dconformance=write} writes the tests that the annotations name into the list, and the
 * table into README.md.
 */
final class SpecCoverageTest {
  private static final boolean WRITE = "write".equals(System.getProperty("conformance"));
  private static final List<String> VERSIONS = List.of("5.0", "3.1.1");

  private static final Path DOCS = Path.of(System.getProperty("signalbox.docs", "../docs"));
  private static final Path FILE = DOCS.resolve("conformance.csv");
  private static final Path README = DOCS.resolveSibling("README.md");

  /** Shown by the build after the tests. */
  private static final Path REPORT = Path.of("target", "conformance.txt");

  private final AnnotatedTests tests = AnnotatedTests.in(TestClasses.folders());

  private List<Statement> statements() {
    List<Statement> listed = Statements.read(FILE);
    if (!WRITE) {
      return listed;
    }
    List<Statement> updated =
        listed.stream().map(one -> one.testedBy(List.copyOf(tests.of(one)))).toList();
    Statements.write(FILE, updated);
    return updated;
  }

  private boolean isCovered(Statement statement) {
    return !tests.of(statement).isEmpty() || statement.verdict().startsWith(Statement.NOT_VISIBLE);
  }

  @Test
  void everyStatementOnServersHasATestOrAReason() throws IOException {
    List<Statement> ofServers = statements().stream().filter(Statement::concernsServers).toList();
    List<String> lines = new ArrayList<>();
    for (String version : VERSIONS) {
      List<Statement> ofVersion =
          ofServers.stream().filter(one -> one.version().equals(version)).toList();
      long covered = ofVersion.stream().filter(this::isCovered).count();
      long tested = ofVersion.stream().filter(one -> !tests.of(one).isEmpty()).count();
      lines.add(
          "MQTT %s: %d of %d server statements (%d by tests, %d with a reason why they cannot be seen)"
              .formatted(version, covered, ofVersion.size(), tested, covered - tested));
    }
    Files.createDirectories(REPORT.getParent());
    Files.write(REPORT, lines);
    assertNone("without test and reason", ofServers.stream().filter(one -> !isCovered(one)));
  }

  @Test
  void testsNameStatementsThatExist() {
    var unknown = new TreeSet<>(tests.statements());
    statements().forEach(one -> unknown.remove(one.key()));
    assertTrue(unknown.isEmpty(), () -> "no such statements: " + unknown);
    assertTrue(tests.problems().isEmpty(), () -> String.join("\n", tests.problems()));
  }

  @Test
  void theListNamesTestsThatExistAndProveIt() {
    List<Statement> statements = statements();
    assertNone(
        "tests are gone", statements.stream().filter(s -> !tests.of(s).containsAll(s.tests())));
    assertNone(
        "the verdict does not fit the tests",
        statements.stream().filter(one -> !one.isConsistent()));
  }

  @Test
  void eachStatementIsListedOnce() {
    List<String> keys = statements().stream().map(Statement::key).toList();
    assertEquals(keys.size(), new TreeSet<>(keys).size());
    assertEquals(251, keys.stream().filter(key -> key.startsWith("5.0 ")).count());
    assertEquals(141, keys.stream().filter(key -> key.startsWith("3.1.1 ")).count());
  }

  @Test
  void theReadmeShowsTheNumbers() throws IOException {
    String table = table(statements());
    String readme = Files.readString(README);
    if (WRITE) {
      readme = readme.replaceFirst("(?m)^\\| Chapter \\|(?:.*\\n\\|)+.*\\n", table);
      Files.writeString(README, readme);
    }
    assertTrue(readme.contains(table), () -> "README.md lacks:\n" + table);
  }

  private String table(List<Statement> statements) {
    var table = new StringBuilder("| Chapter | MQTT 5.0 | MQTT 3.1.1 |\n|---|---|---|\n");
    for (Chapter chapter : Chapter.values()) {
      table
          .append("| ")
          .append(chapter)
          .append(" | ")
          .append(
              VERSIONS.stream()
                  .map(version -> share(statements, version, s -> chapter.holds(s)))
                  .collect(Collectors.joining(" | ")))
          .append(" |\n");
    }
    return table
        .append("| All | ")
        .append(share(statements, "5.0", _ -> true))
        .append(" | ")
        .append(share(statements, "3.1.1", _ -> true))
        .append(" |\n")
        .toString();
  }

  private String share(List<Statement> statements, String version, Predicate<Statement> wanted) {
    List<Statement> chosen =
        statements.stream()
            .filter(s -> s.version().equals(version) && s.concernsServers() && wanted.test(s))
            .toList();
    long covered = chosen.stream().filter(this::isCovered).count();
    return chosen.isEmpty() ? "-" : covered + " / " + chosen.size();
  }

  private static void assertNone(String what, Stream<Statement> wrong) {
    String all = wrong.map(s -> s.key() + ": " + s.asks()).collect(Collectors.joining("\n"));
    assertTrue(all.isEmpty(), () -> what + ":\n" + all);
  }
}

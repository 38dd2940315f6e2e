package io.signalbox.it.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each patch of {@code build-tools/broken-rules} still has what it breaks in the source, and the
 * class that should notice is there.
 */
final class BrokenRulesTest {
  private static final Path TREE =
      Path.of(System.getProperty("signalbox.docs", "../docs")).resolveSibling("");

  static List<Path> patches() throws IOException {
    try (Stream<Path> files = Files.list(TREE.resolve("build-tools/broken-rules"))) {
      List<Path> patches = files.filter(f -> f.toString().endsWith(".patch")).sorted().toList();
      assertTrue(patches.size() > 10, "only " + patches.size());
      return patches;
    }
  }

  /** Lines of the source as a part of a patch wants to find them. */
  private record Part(Path source, List<String> lines) {
    boolean isThere() throws IOException {
      return Files.readString(TREE.resolve(source))
          .contains("\n" + String.join("\n", lines) + "\n");
    }
  }

  private static List<Part> parts(Path patch) throws IOException {
    List<Part> parts = new ArrayList<>();
    Path source = Path.of("");
    for (String line : Files.readAllLines(patch)) {
      if (line.startsWith("--- a/")) {
        source = Path.of(line.substring("--- a/".length()));
      } else if (line.startsWith("@@ ")) {
        parts.add(new Part(source, new ArrayList<>()));
      } else if (!parts.isEmpty() && (line.startsWith(" ") || line.startsWith("-"))) {
        parts.getLast().lines.add(line.substring(1));
      }
    }
    return parts;
  }

  @ParameterizedTest
  @MethodSource("patches")
  void applies(Path patch) throws IOException {
    List<Part> parts = parts(patch);
    assertTrue(!parts.isEmpty(), "changes nothing");
    for (Part part : parts) {
      assertTrue(
          part.isThere(),
          () ->
              part.source
                  + " has changed where the patch breaks it: break it there again, see"
                  + " \"A broken rule\" in CONTRIBUTING.md");
    }
  }

  @ParameterizedTest
  @MethodSource("patches")
  void namesAClassThatIsThere(Path patch) throws IOException {
    String test =
        Files.readAllLines(patch).stream()
            .filter(line -> line.startsWith("Test: "))
            .findFirst()
            .orElseThrow()
            .substring("Test: ".length());
    String file = "src/test/java/" + test.replace('.', '/') + ".java";
    assertTrue(
        Stream.of("acl-policies", "pki", "server", "integration-tests")
            .anyMatch(module -> Files.exists(TREE.resolve(module).resolve(file))),
        test);
  }
}

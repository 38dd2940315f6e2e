package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import picocli.CommandLine;

/**
 * The documents show commands that there are. A line of a block is parsed as it stands; of a
 * command in a sentence, which may be shortened, the words and the options must be known.
 */
final class DocumentsTest {
  private static final List<Path> FOLDERS =
      Stream.of(
              ".",
              "acl-policies",
              "docs",
              "pki",
              "terraform",
              "terraform/examples/quickstart",
              "terraform/modules/fleet",
              "terraform/modules/service")
          .map(Path.of("..")::resolve)
          .toList();

  /** Tells of versions that had other commands. */
  private static final String CHANGELOG = "CHANGELOG.md";

  private static final Pattern BLOCK =
      Pattern.compile("^```.*?^```$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern LINE =
      Pattern.compile("^(?:\\$ )?(?:[A-Z_]+=\\S* )*(?:\\./)?signalbox (.*)$", Pattern.MULTILINE);
  private static final Pattern SPAN =
      Pattern.compile("`(?:(?:sudo -u USER )?(?:\\./)?(signalbox) )?([^`\n]+)`");
  private static final Pattern WORD = Pattern.compile("(?:[^\\s\"']|\"[^\"]*\"|'[^']*')+");

  /**
   * Those that the first word names, or all; of its own for each test, for they keep what they
   * parse.
   */
  private static CommandLine commands(String... words) {
    return new Commands(
            new CommandsTest.FakeBrokers(),
            (_, _, _, _) -> new TokenFactory.Issued("", ""),
            new CommandsTest.Stores(),
            Map.of())
        .commandLine(words);
  }

  @TestFactory
  Stream<DynamicTest> everyCommandInABlockIsOne() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path document : documents()) {
      Matcher block = BLOCK.matcher(Files.readString(document));
      while (block.find()) {
        Matcher line = LINE.matcher(block.group());
        while (line.find()) {
          String[] words = words(line.group(1).replaceFirst("(^|\\s+)#.*$", ""));
          tests.add(
              DynamicTest.dynamicTest(
                  document.getFileName() + ": " + String.join(" ", words),
                  () -> assertDoesNotThrow(() -> commands(words).parseArgs(words))));
        }
      }
    }
    assertTrue(tests.size() > 50, () -> "found only " + tests.size());
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> everyCommandInASentenceIsOne() throws IOException {
    Set<String> names = commands().getSubcommands().keySet();
    List<DynamicTest> tests = new ArrayList<>();
    for (Path document : documents()) {
      Matcher span = SPAN.matcher(BLOCK.matcher(Files.readString(document)).replaceAll(""));
      while (span.find()) {
        String[] words = words(span.group(2));
        if (span.group(1) != null || (words.length > 1 && names.contains(words[0]))) {
          tests.add(
              DynamicTest.dynamicTest(
                  document.getFileName() + ": " + span.group(), () -> assertKnown(words)));
        }
      }
    }
    assertTrue(tests.size() > 50, () -> "found only " + tests.size());
    return tests.stream();
  }

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (Path folder : FOLDERS) {
      try (Stream<Path> files = Files.list(folder)) {
        files
            .filter(file -> file.toString().endsWith(".md") && !file.endsWith(CHANGELOG))
            .sorted()
            .forEach(documents::add);
      }
    }
    return documents;
  }

  /** As a shell would split them, with a number for the one placeholder that stands for one. */
  private static String[] words(String line) {
    return WORD.matcher(line)
        .results()
        .map(word -> word.group().replaceAll("[\"']", ""))
        .map(word -> word.equals("PID") ? "1" : word)
        .toArray(String[]::new);
  }

  private static void assertKnown(String... words) {
    CommandLine at = commands(words);
    for (String word : words) {
      if (word.startsWith("-")) {
        assertTrue(knows(at, word), at.getCommandSpec().qualifiedName() + " has no " + word);
      } else if (!at.getSubcommands().isEmpty()) {
        CommandLine group = at;
        for (String name : word.split("\\|", -1)) { // as in add|list|remove
          at = commandOf(group, name);
        }
      }
    }
  }

  private static CommandLine commandOf(CommandLine group, String name) {
    CommandLine command = group.getSubcommands().get(name);
    assertNotNull(command, () -> group.getCommandSpec().qualifiedName() + " has no " + name);
    return command;
  }

  /** What all commands of a group take may be told of the group. */
  private static boolean knows(CommandLine command, String option) {
    return command.getCommandSpec().findOption(option) != null
        || command.getSubcommands().values().stream().anyMatch(one -> knows(one, option));
  }
}

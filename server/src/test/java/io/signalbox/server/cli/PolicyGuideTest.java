package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the guide to access policies: of each section the files are written to a folder of their
 * own, and the commands run there. Output that the guide shows must be printed; a command that
 * shows none and is no question must find nothing.
 */
final class PolicyGuideTest {
  private static final Path GUIDE = Path.of("../acl-policies/README.md");
  private static final Pattern BLOCK =
      Pattern.compile("^```(\\w+)(?: (\\S+))?\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

  @TempDir Path folder;

  /**
   * What a section tells.
   *
   * @param files name to text
   * @param console commands, each after a dollar sign, with their output below
   */
  private record Section(String title, Map<String, String> files, String console) {}

  @TestFactory
  Stream<DynamicTest> everySectionOfTheGuideIsTrue() throws IOException {
    List<Section> sections = sections();
    assertTrue(sections.size() >= 5, "the examples of the guide were not found");
    return sections.stream().map(s -> DynamicTest.dynamicTest(s.title, () -> run(s)));
  }

  /**
   * A block that is no file and no command, or stands alone in its section, would be run by none.
   */
  @Test
  void everyBlockOfTheGuideIsRun() throws IOException {
    String guide = Files.readString(GUIDE);
    long blocks = guide.lines().filter(line -> line.startsWith("```")).count() / 2;
    long files = sections().stream().mapToLong(section -> section.files.size()).sum();
    long commands =
        sections().stream()
            .flatMap(section -> section.console.lines())
            .filter(line -> line.startsWith("$ "))
            .count();
    long consoles = guide.lines().filter("```console"::equals).count();
    assertEquals(blocks, files + consoles, "a block is neither a named file nor a console");
    assertEquals(
        guide.lines().filter(line -> line.startsWith("$ ")).count(),
        commands,
        "commands stand in a section without files");
  }

  private static List<Section> sections() throws IOException {
    List<Section> sections = new ArrayList<>();
    for (String text : Files.readString(GUIDE).split("(?m)^##+ ")) {
      Map<String, String> files = new TreeMap<>();
      StringBuilder console = new StringBuilder();
      Matcher block = BLOCK.matcher(text);
      while (block.find()) {
        if (block.group(1).equals("console")) {
          console.append(block.group(3));
        } else {
          files.put(block.group(2), block.group(3));
        }
      }
      if (!files.isEmpty()) {
        assertTrue(!console.isEmpty(), () -> "files without a command: " + files.keySet());
        sections.add(new Section(text.lines().findFirst().orElse(""), files, console.toString()));
      }
    }
    return sections;
  }

  private void run(Section section) throws IOException {
    Path here = Files.createDirectory(folder.resolve(section.title.replace(' ', '-')));
    for (Map.Entry<String, String> file : section.files.entrySet()) {
      Path path = here.resolve(file.getKey());
      Files.createDirectories(path.resolveSibling(""));
      Files.writeString(path, file.getValue());
    }
    for (String command : section.console.split("(?m)^\\$ signalbox ")) {
      if (!command.isEmpty()) {
        run(here, command);
      }
    }
  }

  private static void run(Path here, String command) {
    String line = command.lines().findFirst().orElseThrow();
    String shown = command.substring(line.length()).strip();
    List<String> words = new ArrayList<>();
    for (String word : line.split(" ")) {
      words.add(word.equals("policies") ? here.resolve(word).toString() : word);
    }
    Shell shell = new Shell();
    int exitCode = shell.run(words.toArray(String[]::new));
    String printed = shell.out().replace(here + "/", "").strip();
    boolean question = line.startsWith("policy explain") || line.startsWith("policy who-can");
    if (!question) {
      assertEquals(0, exitCode, () -> line + "\n" + printed + shell.err());
    }
    if (!question || !shown.isEmpty()) {
      assertEquals(shown, printed, line);
    }
  }
}

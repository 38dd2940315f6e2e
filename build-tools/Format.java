import com.google.googlejavaformat.java.Main;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks or mends the layout of every Java file: {@code check} (default), {@code fix} or {@code
 * skip}.
 */
final class Format {
  private Format() {}

  public static void main(String[] args) throws Exception {
    String mode = args.length == 0 ? "check" : args[0];
    if (mode.equals("skip")) {
      return;
    }
    List<String> arguments = new ArrayList<>();
    if (mode.equals("fix")) {
      arguments.add("--replace");
    } else {
      arguments.addAll(List.of("--dry-run", "--set-exit-if-changed"));
    }
    try (Stream<Path> files = Files.walk(Path.of("."))) {
      files
          .map(Path::toString)
          .filter(
              f -> f.endsWith(".java") && !f.contains("/target/") && !f.contains("/node_modules/"))
          .sorted()
          .forEach(arguments::add);
    }
    Main.main(
        arguments.toArray(
            String[]::new)); // exits with 1 and names the files when one is not laid out
  }
}

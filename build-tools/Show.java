import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Prints what tests left for people to read in the build's output, once: their own goes to files.
 */
final class Show {
  private Show() {}

  public static void main(String[] files) throws Exception {
    for (String name : files) {
      Path file = Path.of(name);
      if (Files.exists(file)) {
        System.out.print(Files.readString(file));
        Files.delete(file);
      }
    }
  }
}

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Builds the browser page where Node.js is present: {@code java Page.java SOURCES OUTPUT MODE},
 * MODE being {@code optional}, {@code required} or {@code skip}. Without Node.js an optional page
 * is left out, with one line that says so.
 */
final class Page {
  private static final int NODE_MINIMUM = 20;

  private final Path sources;
  private final Path output;

  private Page(Path sources, Path output) {
    this.sources = sources;
    this.output = output;
  }

  public static void main(String[] args) throws Exception {
    String mode = args[2];
    if (mode.equals("skip")) {
      return;
    }
    Page page = new Page(Path.of(args[0]), Path.of(args[1]));
    Optional<String> obstacle = page.build();
    if (obstacle.isPresent()) {
      System.out.println("[WARNING] no browser page in this build: " + obstacle.get());
      if (mode.equals("required")) {
        System.exit(1);
      }
    }
  }

  /** Returns why there is no page, nothing if there is one. */
  private Optional<String> build() throws IOException, InterruptedException {
    if (isFresh()) {
      return Optional.empty();
    }
    Optional<String> node = nodeObstacle();
    if (node.isPresent()) {
      return node;
    }
    Path installed = sources.resolve("node_modules/.package-lock.json");
    if (!Files.exists(installed) || isNewer(sources.resolve("package-lock.json"), installed)) {
      // Packages may not run scripts of their own on the machine that builds.
      Optional<String> failure = run(300, "npm", "ci", "--ignore-scripts", "--loglevel=error");
      if (failure.isPresent()) {
        return Optional.of("npm could not fetch its packages: " + failure.get());
      }
    }
    // From here on a failure is a mistake in the page's own sources.
    for (List<String> step :
        List.of(
            List.of("npm", "run", "--silent", "check"),
            List.of("node", "build.mjs", output.toAbsolutePath().toString()))) {
      Optional<String> failure = run(300, step.toArray(String[]::new));
      if (failure.isPresent()) {
        System.out.println("[ERROR] " + String.join(" ", step) + ":\n" + failure.get());
        System.exit(1);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> nodeObstacle() throws IOException, InterruptedException {
    String wanted = "install Node.js " + NODE_MINIMUM + " or newer with npm to have one";
    try {
      Process process = new ProcessBuilder("node", "--version").start();
      String version = new String(process.getInputStream().readAllBytes()).strip();
      process.waitFor();
      int major = Integer.parseInt(version.replaceAll("^v(\\d+).*", "$1"));
      return major >= NODE_MINIMUM
          ? Optional.empty()
          : Optional.of("Node.js is " + version + "; " + wanted);
    } catch (IOException | NumberFormatException e) {
      return Optional.of(wanted);
    }
  }

  /** Returns the output of a command that failed, nothing if it did not. */
  private Optional<String> run(int seconds, String... words)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile("signalbox-page", ".log");
    try {
      Process process =
          new ProcessBuilder(words)
              .directory(sources.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.of("no end after " + seconds + " seconds");
      }
      return process.exitValue() == 0
          ? Optional.empty()
          : Optional.of(Files.readString(log).strip());
    } catch (IOException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } finally {
      Files.delete(log);
    }
  }

  private boolean isFresh() throws IOException {
    Path built = output.resolve("licenses.txt"); // written last
    if (!Files.exists(built)) {
      return false;
    }
    List<Path> files = new ArrayList<>();
    try (Stream<Path> top = Files.list(sources);
        Stream<Path> src = Files.walk(sources.resolve("src"));
        Stream<Path> licenses = Files.walk(sources.resolve("licenses"))) {
      top.forEach(files::add);
      src.forEach(files::add);
      licenses.forEach(files::add);
    }
    for (Path file : files) {
      if (Files.isRegularFile(file) && isNewer(file, built)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNewer(Path file, Path than) throws IOException {
    return Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(than)) > 0;
  }
}

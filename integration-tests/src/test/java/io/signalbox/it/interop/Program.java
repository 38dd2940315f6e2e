package io.signalbox.it.interop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/** Finds programs that a test runs. */
public final class Program {
  private Program() {}

  /**
   * @param name of the executable
   * @param group what {@code -Drequire.GROUP=true} calls it
   * @return its path
   * @throws TestAbortedException when it is not there and not required
   */
  public static String find(String name, String group) {
    Stream<String> folders =
        Stream.concat(
            Stream.of(System.getenv("PATH").split(":")), Stream.of("/usr/bin", "/usr/sbin"));
    Stream<Path> programs = folders.map(folder -> Path.of(folder, name));
    return needed(programs.filter(Files::isExecutable).findFirst(), name, group).toString();
  }

  /** Like {@link #find}, of a library that is at one of these places. */
  public static Path library(String name, String group, String... places) {
    Stream<Path> libraries = Stream.of(places).map(Path::of);
    return needed(libraries.filter(Files::isReadable).findFirst(), name, group);
  }

  private static Path needed(Optional<Path> found, String name, String group) {
    if (found.isPresent()) {
      return found.get();
    }
    String message = name + " is not installed; tests with it are skipped";
    if (Boolean.getBoolean("require." + group)) {
      throw new AssertionError(name + " is not installed, but -Drequire." + group + " is set");
    }
    System.getLogger(Program.class.getName()).log(System.Logger.Level.WARNING, message);
    throw new TestAbortedException(message);
  }

  /** The words of a command line. */
  static List<String> words(String program, Object... arguments) {
    return Stream.concat(Stream.of(program), Stream.of(arguments).map(Object::toString)).toList();
  }
}

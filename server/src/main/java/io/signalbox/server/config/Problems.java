package io.signalbox.server.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** Gathers what is wrong with one configuration, so that all of it is told at once. */
final class Problems {
  private final String file;
  private final List<Problem> found = new ArrayList<>();

  /** Line and column count from 1; line 0 is for what does not stand in the file. */
  private record Problem(int line, int column, String text) {}

  Problems(String file) {
    this.file = file;
  }

  void add(Optional<Mark> mark, String text) {
    int line = mark.map(Mark::getLine).orElse(0) + 1;
    int column = mark.map(Mark::getColumn).orElse(0) + 1;
    found.add(new Problem(line, column, file + ":" + line + ":" + column + " " + text));
  }

  void addInEnvironment(String variable, String text) {
    found.add(new Problem(0, 0, "environment " + variable + " " + text));
  }

  /**
   * @throws ConfigException with all problems in the order of the file, those of the environment
   *     first; not if there are none
   */
  void throwIfAny() throws ConfigException {
    if (!found.isEmpty()) {
      throw new ConfigException(
          found.stream()
              .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
              .map(Problem::text)
              .distinct()
              .toList());
    }
  }
}

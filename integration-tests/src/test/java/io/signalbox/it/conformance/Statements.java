package io.signalbox.it.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads and writes {@code docs/conformance.csv} (RFC 4180, one row a line). */
final class Statements {
  private static final String HEADER =
      "id,version,section,applies to,asks,compared with,verdict,tests";

  private Statements() {}

  static List<Statement> read(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      if (lines.isEmpty() || !lines.getFirst().equals(HEADER)) {
        throw new IllegalArgumentException(file + " does not start with " + HEADER);
      }
      return lines.stream().skip(1).map(Statements::statement).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Statement statement(String line) {
    List<String> cells = cells(line);
    if (cells.size() != 8) {
      throw new IllegalArgumentException(cells.size() + " cells instead of 8: " + line);
    }
    List<String> tests = cells.get(7).isEmpty() ? List.of() : List.of(cells.get(7).split(" ", -1));
    return new Statement(
        cells.get(0),
        cells.get(1),
        cells.get(2),
        cells.get(3),
        cells.get(4),
        cells.get(5),
        cells.get(6),
        tests);
  }

  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    var cell = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        boolean doubled = quoted && i + 1 < line.length() && line.charAt(i + 1) == '"';
        if (doubled) {
          cell.append('"');
          i++;
        } else {
          quoted = !quoted;
        }
      } else if (c == ',' && !quoted) {
        cells.add(cell.toString());
        cell.setLength(0);
      } else {
        cell.append(c);
      }
    }
    cells.add(cell.toString());
    return cells;
  }

  static void write(Path file, List<Statement> statements) {
    String text =
        Stream.concat(Stream.of(HEADER), statements.stream().map(Statements::line))
            .collect(Collectors.joining("\n", "", "\n"));
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(Statement statement) {
    return Stream.of(
            statement.id(),
            statement.version(),
            statement.section(),
            statement.appliesTo(),
            statement.asks(),
            statement.comparedWith(),
            statement.verdict(),
            String.join(" ", statement.tests()))
        .map(cell -> cell.matches("[^\",]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"')
        .collect(Collectors.joining(","));
  }
}

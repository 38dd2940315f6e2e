package io.signalbox.acl.source;

import java.util.Comparator;

/**
 * A place in a document.
 *
 * @param file as the person named it: a path, or what stands for one ("acl claim of the token")
 * @param line from 1; 0 when the value did not come from text
 * @param column from 1, in characters; 0 when the value did not come from text
 */
public record Position(String file, int line, int column) implements Comparable<Position> {
  private static final Comparator<Position> ORDER =
      Comparator.comparing(Position::file)
          .thenComparingInt(Position::line)
          .thenComparingInt(Position::column);

  /** For values that were built in memory. */
  public static Position none(String file) {
    return new Position(file, 0, 0);
  }

  /** By file, then from top to bottom. */
  @Override
  public int compareTo(Position other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return line == 0 ? file : file + ":" + line + ":" + column;
  }
}

package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import java.util.List;

/**
 * A pattern as it is compiled: the same for all clients that differ in the texts of its slots only.
 *
 * <p>INVARIANT: in the one form of {@link Filter}; the text of a slot is not empty and no wildcard.
 */
record LevelPattern(List<Level> levels) {
  static final Level ANY = new Any();
  private static final Level REST = new Rest();
  private static final Level EMPTY = new Text("");

  /** What stands between two slashes. */
  sealed interface Level {
    static Level of(String text) {
      return switch (text) {
        case "+" -> ANY;
        case "#" -> REST;
        default -> new Text(text);
      };
    }
  }

  record Text(String text) implements Level {}

  record Any() implements Level {}

  record Rest() implements Level {}

  record Slot(int index) implements Level {}

  static LevelPattern of(List<Level> levels) {
    if (levels.size() == 2 && levels.get(1).equals(REST)) {
      if (levels.getFirst().equals(ANY)) {
        return new LevelPattern(List.of(REST));
      }
      if (levels.getFirst().equals(EMPTY)) {
        return new LevelPattern(List.of(EMPTY, ANY, REST));
      }
    }
    return new LevelPattern(List.copyOf(levels));
  }

  static LevelPattern of(Filter filter) {
    return of(filter.levels().stream().map(Level::of).toList());
  }
}

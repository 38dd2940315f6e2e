package io.signalbox.acl.filter;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A valid MQTT Topic Filter, seen as the set of Topic Names it matches (MQTT 5.0 section 4.7).
 *
 * <p>This is the readable form that tools and proofs compute with. The broker's own decisions walk
 * a trie of bytes; a test holds both to the same answers.
 *
 * <p>INVARIANT: at least one level; "#" only as the last one; one form for one set: "+/#" is kept
 * as "#", and "/#" as "/+/#", because the empty topic that it would match as well does not exist.
 *
 * @param levels between the slashes; "+" and "#" are the wildcards, "" is the empty level
 */
public record Filter(List<String> levels) {
  /** Everything that does not start with '$'. */
  public static final Filter ALL = new Filter(List.of("#"));

  /** Bytes in UTF-8; a longer one cannot be sent (MQTT 5.0 section 1.5.4). */
  public static final int BYTES_MAX = 65_535;

  public Filter {
    if (levels.isEmpty()) {
      throw new IllegalArgumentException("a topic filter has at least one level");
    }
    levels = List.copyOf(levels);
    if (levels.equals(List.of("+", "#"))) {
      levels = List.of("#");
    } else if (levels.equals(List.of("", "#"))) {
      levels = List.of("", "+", "#"); // no Topic Name is empty [MQTT-4.7.3-1]
    }
  }

  /** The one text for all filters that match the same topics. */
  public static String canonical(String filter) {
    return switch (filter) {
      case "+/#" -> "#";
      case "/#" -> "/+/#";
      default -> filter;
    };
  }

  /**
   * @throws IllegalArgumentException with what is wrong and where, fit to be shown
   */
  public static Filter of(String text) {
    String fault = fault(text);
    if (!fault.isEmpty()) {
      throw new IllegalArgumentException(fault);
    }
    return new Filter(split(text));
  }

  /** What is wrong with this text as a Topic Filter; empty when nothing is. */
  public static String fault(String text) {
    if (text.isEmpty()) {
      return "a topic filter is not empty";
    }
    if (text.indexOf('\0') >= 0) {
      return "a topic filter holds no NUL";
    }
    if (isTooLong(text)) {
      return "a topic filter has at most " + BYTES_MAX + " bytes";
    }
    if (text.indexOf('+') < 0 && text.indexOf('#') < 0) {
      return "";
    }
    List<String> levels = split(text);
    for (int i = 0; i < levels.size(); i++) {
      String level = levels.get(i);
      if (level.length() > 1 && (level.indexOf('+') >= 0 || level.indexOf('#') >= 0)) {
        return "a wildcard stands alone in its level, \"" + level + "\" does not";
      }
      if (level.equals("#") && i < levels.size() - 1) {
        return "\"#\" is only allowed as the last level";
      }
    }
    return "";
  }

  private static boolean isTooLong(String text) {
    int bytesAtMost = 3 * text.length(); // of one unit; a pair of them has 4
    return text.length() > BYTES_MAX
        || (bytesAtMost > BYTES_MAX && text.getBytes(StandardCharsets.UTF_8).length > BYTES_MAX);
  }

  /** What is wrong with this text as a Topic Name; empty when nothing is. */
  public static String topicFault(String text) {
    if (text.indexOf('+') >= 0 || text.indexOf('#') >= 0) {
      return "a topic name holds no wildcard";
    }
    return fault(text).replace("topic filter", "topic name");
  }

  /** The levels of a Topic Name or Topic Filter; "a//b" has three. */
  public static List<String> split(String text) {
    List<String> levels = new ArrayList<>();
    int start = 0;
    for (int slash = text.indexOf('/'); slash >= 0; slash = text.indexOf('/', start)) {
      levels.add(text.substring(start, slash));
      start = slash + 1;
    }
    levels.add(text.substring(start));
    return levels;
  }

  public boolean isMultiLevel() {
    return levels.getLast().equals("#");
  }

  public boolean hasWildcard() {
    return isMultiLevel() || levels.contains("+");
  }

  /** Whether the Topic Name is in this set. */
  public boolean matches(String topicName) {
    return contains(new Filter(split(topicName)));
  }

  /** Whether every Topic Name that {@code other} matches is matched by this one. */
  public boolean contains(Filter other) {
    List<String> theirs = other.levels;
    for (int i = 0; i < levels.size(); i++) {
      String mine = levels.get(i);
      if (mine.equals("#")) {
        return i > 0 || !startsWithDollar(theirs); // [MQTT-4.7.2-1]
      }
      if (i == theirs.size()) {
        return false;
      }
      String their = theirs.get(i);
      boolean covered =
          mine.equals("+")
              ? !their.equals("#") && !(i == 0 && their.startsWith("$"))
              : mine.equals(their);
      if (!covered) {
        return false;
      }
    }
    return levels.size() == theirs.size();
  }

  /** Whether some Topic Name is matched by both. */
  public boolean intersects(Filter other) {
    return intersection(other).isPresent();
  }

  /**
   * The set of Topic Names that both match, which is again a Topic Filter; empty when there is
   * none.
   */
  public Optional<Filter> intersection(Filter other) {
    List<String> theirs = other.levels;
    List<String> both = new ArrayList<>();
    for (int i = 0; ; i++) {
      String mine = i < levels.size() ? levels.get(i) : null;
      String their = i < theirs.size() ? theirs.get(i) : null;
      if (mine == null || their == null) {
        boolean ended =
            (mine == null && their == null)
                || (mine == null && "#".equals(their))
                || (their == null && "#".equals(mine));
        return ended ? Optional.of(new Filter(both)) : Optional.empty();
      }
      if (i == 0 && wildcardMeetsDollar(mine, their)) {
        return Optional.empty(); // [MQTT-4.7.2-1]
      }
      if (mine.equals("#") || their.equals("#")) {
        both.addAll(
            mine.equals("#") ? theirs.subList(i, theirs.size()) : levels.subList(i, levels.size()));
        return Optional.of(new Filter(both));
      }
      if (!mine.equals("+") && !their.equals("+") && !mine.equals(their)) {
        return Optional.empty();
      }
      both.add(mine.equals("+") ? their : mine);
    }
  }

  private static boolean wildcardMeetsDollar(String one, String other) {
    boolean oneWild = one.equals("+") || one.equals("#");
    boolean otherWild = other.equals("+") || other.equals("#");
    return (oneWild && other.startsWith("$")) || (otherWild && one.startsWith("$"));
  }

  private static boolean startsWithDollar(List<String> levels) {
    return levels.getFirst().startsWith("$");
  }

  @Override
  public String toString() {
    return String.join("/", levels);
  }
}

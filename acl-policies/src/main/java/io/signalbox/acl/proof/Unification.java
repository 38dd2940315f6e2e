package io.signalbox.acl.proof;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Values of variables that make a template fit. */
final class Unification {
  /** Ways to cut one text among several variables; more are too many to look at. */
  private static final int SOLUTIONS_MAX = 1_000;

  private Unification() {}

  static boolean isWildcard(Template level) {
    String text = level.toString();
    return text.equals("+") || text.equals("#");
  }

  /** What the template is for this client: one text for each choice among its usable values. */
  static List<String> texts(Template template, Subject subject) {
    return choices(template, subject).stream().map(template::substitute).toList();
  }

  /** Every choice of one usable value for each variable. */
  static List<Map<Attribute, String>> choices(Template template, Subject subject) {
    List<Map<Attribute, String>> choices = List.of(Map.of());
    for (Attribute variable : template.variables()) {
      List<String> values = variable.of(subject).stream().filter(Word::isUsable).toList();
      List<Map<Attribute, String>> longer = new ArrayList<>();
      for (Map<Attribute, String> choice : choices) {
        for (String value : values) {
          Map<Attribute, String> next = new LinkedHashMap<>(choice);
          next.put(variable, value);
          longer.add(next);
        }
      }
      choices = longer;
    }
    return choices;
  }

  /** All values of the variables for which the template is this text. */
  static List<Map<Attribute, String>> solutions(Template template, String text) {
    List<Map<Attribute, String>> solutions = new ArrayList<>();
    cut(template.parts(), text, new LinkedHashMap<>(), solutions);
    return solutions;
  }

  private static void cut(
      List<Template.Part> parts,
      String text,
      Map<Attribute, String> values,
      List<Map<Attribute, String>> solutions) {
    if (solutions.size() > SOLUTIONS_MAX) {
      throw new TooComplex("too many ways to read \"" + text + "\"");
    }
    if (parts.isEmpty()) {
      if (text.isEmpty()) {
        solutions.add(new LinkedHashMap<>(values));
      }
      return;
    }
    List<Template.Part> rest = parts.subList(1, parts.size());
    switch (parts.getFirst()) {
      case Template.Literal(String literal) -> {
        if (text.startsWith(literal)) {
          cut(rest, text.substring(literal.length()), values, solutions);
        }
      }
      case Template.Variable(Attribute attribute) -> {
        String known = values.get(attribute);
        for (int end = rest.isEmpty() ? text.length() : 1; end <= text.length(); end++) {
          String value = text.substring(0, end);
          if (known != null ? known.equals(value) : Word.isUsable(value)) {
            Map<Attribute, String> more = new LinkedHashMap<>(values);
            more.put(attribute, value);
            cut(rest, text.substring(end), more, solutions);
          }
        }
      }
    }
  }

  /**
   * All ways in which the pattern of an allow and the region share a topic: the values that
   * variables must have for it; a variable that is not named may have any.
   */
  static List<Map<Attribute, String>> meetings(TopicTemplate pattern, Filter region) {
    List<Map<Attribute, String>> ways = List.of(Map.of());
    List<String> theirs = region.levels();
    for (int i = 0; i < pattern.levels().size() && i < theirs.size(); i++) {
      Template mine = pattern.levels().get(i);
      String their = theirs.get(i);
      if (their.equals("#") || mine.toString().equals("#")) {
        break;
      }
      if (!isWildcard(mine) && !their.equals("+")) {
        ways = join(ways, solutions(mine, their));
      }
    }
    return ways.stream()
        .filter(way -> !putsDollarFirst(pattern, way) && pattern.widest(way).intersects(region))
        .toList();
  }

  /** The variable that the first level begins with: an allow is inert where its value has a '$'. */
  static Optional<Attribute> leading(TopicTemplate pattern) {
    return pattern.levels().getFirst().parts().getFirst()
            instanceof Template.Variable(var attribute)
        ? Optional.of(attribute)
        : Optional.empty();
  }

  private static boolean putsDollarFirst(TopicTemplate pattern, Map<Attribute, String> values) {
    return leading(pattern)
        .filter(first -> values.getOrDefault(first, "").startsWith("$"))
        .isPresent();
  }

  /** Each of the one with each of the other, where they do not contradict. */
  private static List<Map<Attribute, String>> join(
      List<Map<Attribute, String>> ones, List<Map<Attribute, String>> others) {
    List<Map<Attribute, String>> joined = new ArrayList<>();
    for (Map<Attribute, String> one : ones) {
      for (Map<Attribute, String> other : others) {
        boolean agree =
            other.entrySet().stream()
                .allMatch(e -> one.getOrDefault(e.getKey(), e.getValue()).equals(e.getValue()));
        if (agree) {
          Map<Attribute, String> both = new LinkedHashMap<>(one);
          both.putAll(other);
          joined.add(both);
        }
      }
    }
    if (joined.size() > SOLUTIONS_MAX) {
      throw new TooComplex("too many ways to fill in variables");
    }
    return joined;
  }

  /**
   * As {@link #meetings}, for requests that must be contained: the pattern matches all that the
   * filter matches.
   */
  static List<Map<Attribute, String>> coverings(TopicTemplate pattern, Filter filter) {
    for (int i = 0; i < pattern.levels().size() && i < filter.levels().size(); i++) {
      String their = filter.levels().get(i);
      if (!pattern.levels().get(i).isLiteral() && (their.equals("+") || their.equals("#"))) {
        return List.of(); // a variable is one level, never every level
      }
    }
    return meetings(pattern, filter).stream()
        .filter(way -> pattern.widest(way).contains(filter))
        .toList();
  }

  /** As {@link #meetings}, for a pattern that must be the very filter, wildcards and all. */
  static List<Map<Attribute, String>> readings(TopicTemplate pattern, Filter filter) {
    return coverings(pattern, filter).stream()
        .filter(way -> pattern.widest(way).equals(filter))
        .toList();
  }

  /** Whether there is a value, and all can stand for the variable; else a deny is wider. */
  static boolean isKnown(Attribute variable, Subject subject) {
    List<String> values = variable.of(subject);
    return !values.isEmpty() && values.stream().allMatch(Word::isUsable);
  }
}

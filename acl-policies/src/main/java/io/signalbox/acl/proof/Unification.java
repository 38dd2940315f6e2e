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
    List<Template> filledIn = List.of(template);
    for (Attribute variable : template.variables()) {
      List<Template> values =
          variable.of(subject).stream()
              .filter(Word::isUsable)
              .map(value -> new Template(List.of(new Template.Literal(value))))
              .toList();
      filledIn =
          filledIn.stream()
              .flatMap(some -> values.stream().map(value -> some.replacing(variable, value)))
              .toList();
    }
    return filledIn.stream().map(Template::toString).toList();
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
   * All ways in which the pattern and the region share a topic: the values that variables must have
   * for it; a variable that is not named may have any.
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
    return ways.stream().filter(way -> pattern.widest(way).intersects(region)).toList();
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

  /**
   * Whether the pattern, with the values of this client, shares a topic with the filter; a variable
   * without a usable value is any level.
   */
  static boolean meets(TopicTemplate pattern, Subject subject, Filter filter) {
    return meetings(pattern, filter).stream().anyMatch(way -> resolves(pattern, subject, way))
        || (hasUnresolved(pattern, subject)
            && pattern.widest(known(pattern, subject)).intersects(filter));
  }

  /** As {@link #meets}, when the pattern must be the very filter, if its variables have values. */
  static boolean equals(TopicTemplate pattern, Subject subject, Filter filter) {
    return meetings(pattern, filter).stream()
            .anyMatch(way -> pattern.widest(way).equals(filter) && resolves(pattern, subject, way))
        || (hasUnresolved(pattern, subject)
            && pattern.widest(known(pattern, subject)).intersects(filter));
  }

  /** As {@link #meets}, when the pattern must match all that the filter matches. */
  static boolean contains(TopicTemplate pattern, Subject subject, Filter filter) {
    return coverings(pattern, filter).stream().anyMatch(way -> resolves(pattern, subject, way))
        || (hasUnresolved(pattern, subject)
            && pattern.widest(known(pattern, subject)).contains(filter));
  }

  /** Whether the client has these values, and a usable one for every other variable. */
  static boolean resolves(TopicTemplate pattern, Subject subject, Map<Attribute, String> values) {
    return pattern.variables().stream()
        .allMatch(
            variable -> {
              List<String> has = variable.of(subject);
              String wanted = values.get(variable);
              return wanted == null ? has.stream().anyMatch(Word::isUsable) : has.contains(wanted);
            });
  }

  private static boolean hasUnresolved(TopicTemplate pattern, Subject subject) {
    return pattern.variables().stream().anyMatch(variable -> !isKnown(variable, subject));
  }

  /** Whether there is a value, and all can stand for the variable; else a deny is wider. */
  static boolean isKnown(Attribute variable, Subject subject) {
    List<String> values = variable.of(subject);
    return !values.isEmpty() && values.stream().allMatch(Word::isUsable);
  }

  /** Variables that leave no doubt. */
  private static Map<Attribute, String> known(TopicTemplate pattern, Subject subject) {
    Map<Attribute, String> known = new LinkedHashMap<>();
    for (Attribute variable : pattern.variables()) {
      List<String> has = variable.of(subject);
      if (has.size() == 1 && Word.isUsable(has.getFirst())) {
        known.put(variable, has.getFirst());
      }
    }
    return known;
  }
}

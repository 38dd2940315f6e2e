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
   * Whether the pattern, with the values of this client, matches the topic; unresolved is any
   * level.
   */
  static boolean matches(TopicTemplate pattern, Subject subject, String topic) {
    List<String> levels = Filter.split(topic);
    Filter literal = new Filter(levels);
    return meetings(pattern, literal).stream().anyMatch(way -> has(subject, way))
        || unresolvedMatch(pattern, subject, literal);
  }

  private static boolean has(Subject subject, Map<Attribute, String> values) {
    return values.entrySet().stream().allMatch(e -> e.getKey().of(subject).contains(e.getValue()));
  }

  private static boolean unresolvedMatch(TopicTemplate pattern, Subject subject, Filter topic) {
    boolean unresolved =
        pattern.variables().stream()
            .anyMatch(
                variable ->
                    variable.of(subject).isEmpty()
                        || !variable.of(subject).stream().allMatch(Word::isUsable));
    return unresolved && pattern.widest(Map.of()).contains(topic);
  }
}

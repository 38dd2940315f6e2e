package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts the values of one client into templates, and remembers what could not be put. One thread.
 *
 * <p>A value is usable when it can stand in one level without changing what the pattern means: not
 * empty, no '/', '+', '#', NUL or lone surrogate, and no '$' at the start of the topic.
 */
final class Substitution {
  /** Patterns that one template may become. */
  static final int EXPANSIONS_MAX = 64;

  private final Subject subject;
  private final Map<Attribute, Values> cache = new HashMap<>();
  private final Set<Unresolved> unresolved = new LinkedHashSet<>();

  Substitution(Subject subject) {
    this.subject = subject;
  }

  /**
   * @param usable each may be substituted
   * @param fault why there is none, or why some of them were left out; "" when all is well
   */
  private record Values(List<String> usable, String fault) {}

  /**
   * What a topic template becomes.
   *
   * @param filters one for each combination of usable values
   * @param widest what it could become with other values; the same as the only filter when resolved
   */
  record Topics(List<Filter> filters, Filter widest, boolean resolved) {}

  /** What names become; {@code resolved} is false when a value was missing or unusable. */
  record Names(List<NamePattern> patterns, boolean resolved) {}

  Set<Unresolved> unresolved() {
    return unresolved;
  }

  /**
   * @param ref of the statement, for {@link #unresolved()}
   */
  Topics topics(TopicTemplate template, Statement statement, String ref) {
    List<Attribute> variables = template.variables();
    Map<Attribute, String> known = new LinkedHashMap<>();
    boolean resolved = note(variables, known, statement, ref);
    List<Filter> filters = new ArrayList<>();
    for (Map<Attribute, String> values : combinations(variables)) {
      Filter filter = template.substitute(values);
      if (startsWithVariable(template) && filter.levels().getFirst().startsWith("$")) {
        resolved = false;
        known.clear();
        unresolved.add(
            new Unresolved(
                ref,
                statement.effect(),
                template.levels().getFirst().variables().getFirst().toString(),
                "would start the topic with \"$\""));
        if (!statement.isDeny()) {
          continue;
        }
      }
      filters.add(filter);
    }
    Filter widest = resolved && filters.size() == 1 ? filters.getFirst() : template.widest(known);
    return new Topics(filters, widest, resolved);
  }

  /** Client Identifiers or Share Names. */
  Names names(List<NameTemplate> templates, Statement statement, String ref) {
    List<NamePattern> patterns = new ArrayList<>();
    boolean resolved = true;
    for (NameTemplate name : templates) {
      List<Attribute> variables = name.template().variables();
      resolved &= note(variables, new LinkedHashMap<>(), statement, ref);
      for (Map<Attribute, String> values : combinations(variables)) {
        patterns.add(new NamePattern(name.template().substitute(values), name.prefix()));
      }
    }
    return new Names(patterns, resolved);
  }

  /** Collects variables with exactly one value, and reports faults; true when there are none. */
  private boolean note(
      List<Attribute> variables, Map<Attribute, String> known, Statement statement, String ref) {
    boolean resolved = true;
    long combinations = 1;
    for (Attribute variable : variables) {
      Values values = values(variable);
      combinations = Math.min(combinations * values.usable.size(), Integer.MAX_VALUE);
      if (!values.fault.isEmpty()) {
        resolved = false;
        unresolved.add(new Unresolved(ref, statement.effect(), variable.toString(), values.fault));
      } else if (values.usable.size() == 1) {
        known.put(variable, values.usable.getFirst());
      }
    }
    if (combinations > EXPANSIONS_MAX) {
      resolved = false;
      unresolved.add(
          new Unresolved(
              ref,
              statement.effect(),
              variables.getFirst().toString(),
              "makes %d patterns of one, the limit is %d".formatted(combinations, EXPANSIONS_MAX)));
    }
    return resolved;
  }

  /** Every choice of one usable value for each variable; none when there are too many. */
  private List<Map<Attribute, String>> combinations(List<Attribute> variables) {
    List<Map<Attribute, String>> combinations = List.of(Map.of());
    for (Attribute variable : variables) {
      List<String> usable = values(variable).usable;
      if ((long) combinations.size() * usable.size() > EXPANSIONS_MAX) {
        return List.of();
      }
      List<Map<Attribute, String>> longer = new ArrayList<>();
      for (Map<Attribute, String> combination : combinations) {
        for (String value : usable) {
          Map<Attribute, String> next = new LinkedHashMap<>(combination);
          next.put(variable, value);
          longer.add(next);
        }
      }
      combinations = longer;
    }
    return combinations;
  }

  private Values values(Attribute variable) {
    return cache.computeIfAbsent(variable, this::read);
  }

  private Values read(Attribute variable) {
    List<String> usable = new ArrayList<>();
    String fault = "";
    for (String value : new LinkedHashSet<>(variable.of(subject))) {
      String wrong = fault(value);
      if (wrong.isEmpty()) {
        usable.add(value);
      } else {
        fault = wrong;
      }
    }
    return new Values(usable, usable.isEmpty() && fault.isEmpty() ? "has no value" : fault);
  }

  private static String fault(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '/', '+', '#' -> {
          return "holds \"" + c + "\"";
        }
        case '\0' -> {
          return "holds a NUL";
        }
        default -> {
          if (Character.isSurrogate(c)) {
            if (Character.isLowSurrogate(c)
                || i + 1 == value.length()
                || !Character.isLowSurrogate(value.charAt(i + 1))) {
              return "holds half a surrogate pair";
            }
            i++;
          }
        }
      }
    }
    return "";
  }

  private static boolean startsWithVariable(TopicTemplate template) {
    return template.levels().getFirst().parts().getFirst() instanceof Template.Variable;
  }
}

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
   * What a topic template becomes.
   *
   * @param choices values for its variables, one for each pattern it becomes
   * @param known variables with exactly one value; the others may be anything
   */
  record Topics(
      TopicTemplate template,
      List<Map<Attribute, String>> choices,
      Map<Attribute, String> known,
      boolean resolved) {
    List<Filter> filters() {
      return choices.stream().map(template::substitute).toList();
    }
  }

  /** A name and values for its variables. */
  record Name(NameTemplate template, Map<Attribute, String> values) {
    String text() {
      return template.template().substitute(values);
    }
  }

  /** What names become; {@code resolved} is false when a value was missing or unusable. */
  record Names(List<Name> names, boolean resolved) {}

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
    List<Map<Attribute, String>> choices = new ArrayList<>();
    for (Map<Attribute, String> values : combinations(variables)) {
      if (startsWithVariable(template)
          && template.levels().getFirst().substitute(values).startsWith("$")) {
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
      choices.add(values);
    }
    return new Topics(template, choices, known, resolved);
  }

  /** Client Identifiers or Share Names. */
  Names names(List<NameTemplate> templates, Statement statement, String ref) {
    List<Name> substituted = new ArrayList<>();
    boolean resolved = true;
    for (NameTemplate name : templates) {
      List<Attribute> variables = name.template().variables();
      resolved &= note(variables, new LinkedHashMap<>(), statement, ref);
      for (Map<Attribute, String> values : combinations(variables)) {
        substituted.add(new Name(name, values));
      }
    }
    return new Names(substituted, resolved);
  }

  /** Collects variables with exactly one value, and reports faults; true when there are none. */
  private boolean note(
      List<Attribute> variables, Map<Attribute, String> known, Statement statement, String ref) {
    boolean resolved = true;
    long combinations = 1;
    for (Attribute variable : variables) {
      Values values = values(variable);
      combinations = Math.min(combinations * values.usable().size(), Integer.MAX_VALUE);
      if (!values.fault().isEmpty()) {
        resolved = false;
        unresolved.add(
            new Unresolved(ref, statement.effect(), variable.toString(), values.fault()));
      } else if (values.usable().size() == 1) {
        known.put(variable, values.usable().getFirst());
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
      List<String> usable = values(variable).usable();
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
    return cache.computeIfAbsent(variable, attribute -> Values.of(attribute, subject));
  }

  private static boolean startsWithVariable(TopicTemplate template) {
    return template.levels().getFirst().parts().getFirst() instanceof Template.Variable;
  }
}

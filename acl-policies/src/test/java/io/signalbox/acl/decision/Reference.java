package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.RetainRule;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where.Truth;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The semantics written down a second time, for one client and with no regard to speed: lists are
 * walked, variables put in anew for each question. Shares with the engine the model, {@link Filter}
 * and what a client has for an attribute, which have tests of their own.
 */
final class Reference {
  private static final int EXPANSIONS_MAX = 64;

  private final List<Statement> statements = new ArrayList<>();
  private final Subject subject;

  /**
   * @param policies those that do not match the client bind nobody
   */
  Reference(List<Policy> policies, Subject subject) {
    this.subject = subject;
    for (Policy policy : policies) {
      if (policy.match().filter(match -> match.holdsFor(subject)).isPresent()) {
        statements.addAll(policy.statements());
      }
    }
  }

  /** Of a claim: its statements bind whoever has it. */
  static Reference ofClaim(Policy claim, Subject subject) {
    var reference = new Reference(List.of(), subject);
    reference.statements.addAll(claim.statements());
    return reference;
  }

  void add(Reference other) {
    statements.addAll(other.statements);
  }

  boolean speaksOfConnect() {
    return statements.stream()
        .filter(s -> !s.isDeny() || s.where().holdsFor(subject) != Truth.NO)
        .anyMatch(s -> s.actions().contains(Action.CONNECT));
  }

  boolean connect() {
    Predicate<Statement> names = s -> names(s.clientIds(), s.isDeny(), subject.clientId());
    return denies(Action.CONNECT).noneMatch(names) && allows(Action.CONNECT).anyMatch(names);
  }

  boolean publish(String topic, int qos, boolean retain, int payload) {
    boolean denied =
        denies(Action.PUBLISH)
            .filter(s -> s.where().retain() != RetainRule.ONLY || retain)
            .anyMatch(s -> matches(s, topic));
    return !denied
        && allows(Action.PUBLISH)
            .filter(s -> retain ? s.where().retain() != RetainRule.FORBID : !isOnly(s))
            .filter(s -> qos <= s.where().maxQos() && payload <= s.where().maxPayloadBytes())
            .anyMatch(s -> matches(s, topic));
  }

  private static boolean isOnly(Statement statement) {
    return statement.where().retain() == RetainRule.ONLY;
  }

  /** The granted QoS; empty: refused. */
  OptionalInt subscribe(Filter filter, int qos, @Nullable String group) {
    for (Statement deny : denies(Action.SUBSCRIBE).toList()) {
      boolean ofGroups = !deny.shareGroups().isEmpty();
      if (ofGroups && (group == null || !names(deny.shareGroups(), true, group))) {
        continue;
      }
      boolean whole = deny.overlap() == Overlap.FILTER && group == null;
      if (patterns(deny.topics(), true).stream()
          .anyMatch(p -> whole ? p.contains(filter) : p.intersects(filter))) {
        return OptionalInt.empty();
      }
      if (exactly(deny, filter)) {
        return OptionalInt.empty();
      }
    }
    if (group != null && receivesPartOf(filter)) {
      return OptionalInt.empty();
    }
    return allows(Action.SUBSCRIBE)
        .filter(s -> group == null || names(s.shareGroups(), false, group))
        .filter(
            s ->
                exactly(s, filter)
                    || patterns(s.topics(), false).stream().anyMatch(p -> p.contains(filter)))
        .mapToInt(s -> Math.min(qos, s.where().maxQos()))
        .max();
  }

  /** Of literal filters; what is unresolved in a deny is a pattern. */
  private boolean exactly(Statement statement, Filter filter) {
    for (TopicTemplate literal : statement.literalFilters()) {
      Expansion expansion = expand(literal, statement.isDeny());
      boolean met = statement.isDeny() && !expansion.resolved;
      if (expansion.filters.contains(filter) || (met && expansion.widest.intersects(filter))) {
        return true;
      }
    }
    return false;
  }

  /** Whether messages of a granted subscription have to be looked at. */
  boolean receivesPartOf(Filter filter) {
    return receiveDenies().stream().anyMatch(pattern -> pattern.intersects(filter));
  }

  boolean receive(String topic) {
    return receiveDenies().stream().noneMatch(pattern -> pattern.matches(topic));
  }

  private List<Filter> receiveDenies() {
    List<Filter> patterns = new ArrayList<>();
    denies(Action.RECEIVE).forEach(s -> patterns.addAll(patterns(s.topics(), true)));
    denies(Action.SUBSCRIBE)
        .filter(s -> s.overlap() == Overlap.FILTER)
        .forEach(s -> patterns.addAll(patterns(s.topics(), true)));
    return patterns;
  }

  /** As if it had been subscribed to this topic; literal filters are no patterns of messages. */
  boolean delivery(String topic) {
    return receive(topic)
        && denies(Action.SUBSCRIBE)
            .filter(s -> s.shareGroups().isEmpty())
            .noneMatch(s -> matches(s, topic) || unresolvedLiteral(s, topic))
        && allows(Action.SUBSCRIBE).anyMatch(s -> matches(s, topic));
  }

  private boolean unresolvedLiteral(Statement deny, String topic) {
    return deny.literalFilters().stream()
        .map(template -> expand(template, true))
        .anyMatch(each -> !each.resolved && each.widest.matches(topic));
  }

  private boolean matches(Statement statement, String topic) {
    return patterns(statement.topics(), statement.isDeny()).stream()
        .anyMatch(pattern -> pattern.matches(topic));
  }

  private Stream<Statement> denies(Action action) {
    return statements.stream()
        .filter(s -> s.isDeny() && s.actions().contains(action))
        .filter(s -> s.where().holdsFor(subject) != Truth.NO);
  }

  private Stream<Statement> allows(Action action) {
    return statements.stream()
        .filter(s -> !s.isDeny() && s.actions().contains(action))
        .filter(s -> s.where().holdsFor(subject) == Truth.YES);
  }

  // ---- variables

  /**
   * @param filters one for each choice of usable values
   * @param widest every level that is not known is any
   */
  private record Expansion(List<Filter> filters, Filter widest, boolean resolved) {}

  private List<Filter> patterns(List<TopicTemplate> templates, boolean deny) {
    List<Filter> patterns = new ArrayList<>();
    for (TopicTemplate template : templates) {
      Expansion expansion = expand(template, deny);
      patterns.addAll(expansion.filters);
      if (deny && !expansion.resolved) {
        patterns.add(expansion.widest);
      }
    }
    return patterns;
  }

  private Expansion expand(TopicTemplate template, boolean deny) {
    Map<Attribute, String> known = new HashMap<>();
    boolean resolved = true;
    List<Map<Attribute, String>> choices = List.of(Map.of());
    for (Attribute variable : template.variables()) {
      Set<String> usable = usable(variable);
      boolean good = !usable.isEmpty() && usable.size() == distinct(variable).size();
      resolved &= good;
      if (good && usable.size() == 1) {
        known.put(variable, usable.iterator().next());
      }
      choices = times(choices, variable, usable);
    }
    if (choices.size() > EXPANSIONS_MAX) {
      choices = List.of();
      resolved = false;
    }
    List<Filter> filters = new ArrayList<>();
    boolean dollar = false;
    for (Map<Attribute, String> choice : choices) {
      Filter filter = new Filter(levels(template, choice));
      boolean fixed = template.levels().getFirst().parts().getFirst() instanceof Template.Literal;
      if (!fixed && filter.levels().getFirst().startsWith("$")) {
        dollar = true;
        if (!deny) {
          continue;
        }
      }
      filters.add(filter);
    }
    Filter widest = new Filter(levels(template, dollar ? Map.of() : known));
    return new Expansion(filters, widest, resolved && !dollar);
  }

  private static List<String> levels(TopicTemplate template, Map<Attribute, String> values) {
    List<String> levels = new ArrayList<>();
    for (Template level : template.levels()) {
      StringBuilder text = new StringBuilder();
      for (Template.Part part : level.parts()) {
        switch (part) {
          case Template.Literal(String literal) -> text.append(literal);
          case Template.Variable(Attribute variable) -> text.append(values.get(variable));
        }
      }
      levels.add(values.keySet().containsAll(level.variables()) ? text.toString() : "+");
    }
    return levels;
  }

  private static List<Map<Attribute, String>> times(
      List<Map<Attribute, String>> choices, Attribute variable, Set<String> values) {
    List<Map<Attribute, String>> product = new ArrayList<>();
    for (Map<Attribute, String> choice : choices) {
      for (String value : values) {
        Map<Attribute, String> longer = new HashMap<>(choice);
        longer.put(variable, value);
        product.add(longer);
      }
    }
    return product;
  }

  private boolean names(List<NameTemplate> templates, boolean deny, String name) {
    for (NameTemplate template : templates) {
      List<Attribute> variables = template.template().variables();
      List<Map<Attribute, String>> choices = List.of(Map.of());
      for (Attribute variable : variables) {
        Set<String> usable = usable(variable);
        if (deny && (usable.isEmpty() || usable.size() < distinct(variable).size())) {
          return true;
        }
        choices = times(choices, variable, usable);
      }
      if (choices.size() > EXPANSIONS_MAX) {
        if (deny) {
          return true;
        }
        continue;
      }
      for (Map<Attribute, String> choice : choices) {
        String text = template.template().substitute(choice);
        if (template.prefix() ? name.startsWith(text) : name.equals(text)) {
          return true;
        }
      }
    }
    return false;
  }

  private Set<String> distinct(Attribute variable) {
    return new LinkedHashSet<>(variable.of(subject));
  }

  private Set<String> usable(Attribute variable) {
    Set<String> usable = distinct(variable);
    usable.removeIf(value -> value.isEmpty() || value.matches("(?s).*[/+#\0].*"));
    return usable;
  }
}

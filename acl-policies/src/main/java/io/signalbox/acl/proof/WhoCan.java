package io.signalbox.acl.proof;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.StatementView.Pattern;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.RetainRule;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where.Truth;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who can publish to a topic, or subscribe to a filter: the statements that give it, with the
 * values that variables must have for it, less the denies that may be in the way. Rows to which no
 * client at all could fit are left out. QoS and payload limits are not looked at; acl claims of
 * tokens neither, which take away, or give where their issuer may: see {@link #NOTE}.
 *
 * @param action PUBLISH or SUBSCRIBE
 * @param request Topic Name or Topic Filter
 * @param grants rows of allows
 * @param denials rows of denies
 */
public record WhoCan(Action action, Filter request, List<Row> grants, List<Row> denials) {
  /** What an answer leaves open; policies do not say whether an issuer may grant. */
  public static final String NOTE =
      "an issuer with \"acl-claim: grant\" may give more by the acl claim of a token";

  /**
   * One way in which a statement speaks of the request.
   *
   * @param literal the pattern is one of {@code literalFilters}
   * @param values what variables must be; another variable may have any value
   * @param binding whom the policy binds, in words
   * @param example a client to whom it happens; empty in denials, and when it is not known whether
   *     there is one
   */
  public record Row(
      Policy policy,
      Statement statement,
      TopicTemplate pattern,
      boolean literal,
      Map<Attribute, String> values,
      String binding,
      Optional<Witness> example) {
    public String ref() {
      return policy.ref(statement);
    }

    /** {@code any client with device.id = p7, bound to file:pump#commands (group = pumps)}. */
    public String text() {
      String with =
          values.isEmpty()
              ? ""
              : values.entrySet().stream()
                  .map(value -> value.getKey() + " = " + value.getValue())
                  .collect(Collectors.joining(", ", " with ", ""));
      String where = MatchText.of(statement.where());
      return "any client%s, bound to %s (%s)%s%s"
          .formatted(
              with,
              ref(),
              binding,
              where.isEmpty() ? "" : ", on " + where,
              statement.where().retain() == RetainRule.ONLY ? ", with RETAIN" : "");
    }
  }

  public WhoCan {
    grants = List.copyOf(grants);
    denials = List.copyOf(denials);
  }

  /**
   * After half a minute of searches at worst, the rows that are left have no example.
   *
   * @param action PUBLISH or SUBSCRIBE
   * @param request Topic Name or Topic Filter without {@code $share}
   */
  public static WhoCan of(PolicyBundle bundle, Action action, Filter request) {
    return of(bundle, action, request, Effort.ofOneAnswer());
  }

  static WhoCan of(PolicyBundle bundle, Action action, Filter request, Effort effort) {
    List<Row> grants = new ArrayList<>();
    List<Row> denials = new ArrayList<>();
    Reach reach = new Reach(bundle, request, effort);
    for (Policy policy : bundle.policies()) {
      for (Statement statement : policy.statements()) {
        if (statement.actions().contains(action)) {
          for (Row row : rows(bundle, policy, statement, action, request)) {
            if (statement.isDeny()) {
              denials.add(row);
            } else {
              withExample(reach, row, action, request).ifPresent(grants::add);
            }
          }
        }
      }
    }
    return new WhoCan(action, request, grants, denials);
  }

  private static List<Row> rows(
      PolicyBundle bundle, Policy policy, Statement statement, Action action, Filter request) {
    List<Row> rows = new ArrayList<>();
    String binding = MatchText.binding(bundle, policy);
    for (TopicTemplate pattern : statement.topics()) {
      if (statement.isDeny()) {
        if (pattern.widest(Map.of()).intersects(request)) {
          rows.add(row(policy, statement, pattern, false, Map.of(), binding));
        }
      } else {
        for (Map<Attribute, String> way : Unification.coverings(pattern, request)) {
          rows.add(row(policy, statement, pattern, false, way, binding));
        }
      }
    }
    if (action == Action.SUBSCRIBE) {
      for (TopicTemplate pattern : statement.literalFilters()) {
        if (statement.isDeny()) {
          if (pattern.widest(Map.of()).intersects(request)
              && (!pattern.isLiteral() || pattern.widest(Map.of()).equals(request))) {
            rows.add(row(policy, statement, pattern, true, Map.of(), binding));
          }
          continue;
        }
        for (Map<Attribute, String> way : Unification.readings(pattern, request)) {
          rows.add(row(policy, statement, pattern, true, way, binding));
        }
      }
    }
    return rows;
  }

  private static Row row(
      Policy policy,
      Statement statement,
      TopicTemplate pattern,
      boolean literal,
      Map<Attribute, String> values,
      String binding) {
    return new Row(policy, statement, pattern, literal, values, binding, Optional.empty());
  }

  /** Empty when it is proved that no client fits. */
  private static Optional<Row> withExample(Reach reach, Row row, Action action, Filter request) {
    Optional<Witness> example;
    try {
      boolean whole = action == Action.SUBSCRIBE;
      example =
          reach.find(
              row.policy,
              row.statement,
              row.pattern,
              row.literal,
              new Reach.Question(action, request, List.of(), false, whole));
      if (example.isEmpty()) {
        return Optional.empty();
      }
    } catch (TooComplex e) {
      example = Optional.empty();
    }
    return Optional.of(
        new Row(
            row.policy, row.statement, row.pattern, row.literal, row.values, row.binding, example));
  }

  /** Whether this client is one of them, judged by these rows alone. */
  public boolean admits(Subject subject, PolicyBundle bundle) {
    List<Policy> bound = bundle.boundTo(subject);
    for (boolean retain : action == Action.PUBLISH ? List.of(false, true) : List.of(false)) {
      boolean granted = grants.stream().anyMatch(row -> grants(row, subject, bound, retain));
      boolean denied = denials.stream().anyMatch(row -> denies(row, subject, bound, retain));
      if (granted && !denied) {
        return true;
      }
    }
    return false;
  }

  private boolean grants(Row row, Subject subject, List<Policy> bound, boolean retain) {
    return bound.contains(row.policy)
        && row.statement.where().holdsFor(subject) == Truth.YES
        && (action == Action.SUBSCRIBE || row.statement.where().retain().admits(retain))
        && Pattern.of(row.pattern, row.statement, subject).choices().stream()
            .anyMatch(choice -> choice.entrySet().containsAll(row.values.entrySet()));
  }

  private boolean denies(Row row, Subject subject, List<Policy> bound, boolean retain) {
    return bound.contains(row.policy)
        && row.statement.where().holdsFor(subject) != Truth.NO
        && (action == Action.SUBSCRIBE || row.statement.where().retain().admits(retain))
        && row.statement.shareGroups().isEmpty()
        && meets(row, subject);
  }

  private boolean meets(Row row, Subject subject) {
    Pattern pattern = Pattern.of(row.pattern, row.statement, subject);
    if (row.literal) {
      return pattern.filters().contains(request)
          || pattern.widest().filter(request::intersects).isPresent();
    }
    boolean whole = row.statement.overlap() == Overlap.FILTER;
    return Stream.concat(pattern.filters().stream(), pattern.widest().stream())
        .anyMatch(filter -> whole ? filter.contains(request) : filter.intersects(request));
  }

  /** A row a line, each with an example, and the denies. */
  public String text() {
    StringBuilder text = new StringBuilder();
    if (grants.isEmpty()) {
      text.append("no client can %s \"%s\"%n".formatted(action.word(), request));
    }
    for (Row row : grants) {
      text.append(row.text()).append('\n');
      row.example().ifPresent(e -> text.append("    for example ").append(e).append('\n'));
    }
    List<String> less = denials.stream().map(Row::text).distinct().toList();
    if (!grants.isEmpty()) {
      less.forEach(denial -> text.append("  less ").append(denial).append('\n'));
    }
    return text.append("note: ").append(NOTE).append('\n').toString();
  }
}

package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where.Truth;
import java.util.List;
import java.util.Optional;

/**
 * A statement as it stands for one client: for tools that show and explain, not for deciding.
 *
 * @param ref {@code namespace:policy#statement}
 * @param where whether the connection is as it asks
 * @param clientIds each with {@code *} at the end when any rest is meant; in a deny with an
 *     unresolved variable only that
 * @param shareGroups likewise
 */
public record StatementView(
    Policy policy,
    Statement statement,
    String ref,
    Truth where,
    List<Pattern> topics,
    List<Pattern> literalFilters,
    List<String> clientIds,
    List<String> shareGroups) {
  /**
   * What became of a template.
   *
   * @param filters one for each value
   * @param widest what a deny takes instead of values that are missing; empty when none is
   */
  public record Pattern(TopicTemplate template, List<Filter> filters, Optional<Filter> widest) {
    public boolean resolved() {
      return widest.isEmpty();
    }
  }

  /** Whether it can have any effect for this client. */
  public boolean applies() {
    return where == Truth.YES || (statement.isDeny() && where == Truth.UNKNOWN);
  }

  static StatementView of(
      Policy policy, Statement statement, Truth where, Substitution substitution) {
    String ref = policy.ref(statement);
    return new StatementView(
        policy,
        statement,
        ref,
        where,
        patterns(statement.topics(), statement, ref, substitution),
        patterns(statement.literalFilters(), statement, ref, substitution),
        names(substitution.names(statement.clientIds(), statement, ref), statement),
        names(substitution.names(statement.shareGroups(), statement, ref), statement));
  }

  private static List<Pattern> patterns(
      List<TopicTemplate> templates, Statement statement, String ref, Substitution substitution) {
    return templates.stream()
        .map(
            template -> {
              var topics = substitution.topics(template, statement, ref);
              Optional<Filter> widest =
                  topics.resolved() ? Optional.empty() : Optional.of(topics.widest());
              return new Pattern(template, topics.filters(), widest);
            })
        .toList();
  }

  private static List<String> names(Substitution.Names names, Statement statement) {
    if (!names.resolved() && statement.isDeny()) {
      return List.of("*");
    }
    return names.names().stream()
        .map(name -> name.template().prefix() ? name.text() + "*" : name.text())
        .toList();
  }
}

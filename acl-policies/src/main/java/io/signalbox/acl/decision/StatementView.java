package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where.Truth;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.List;
import java.util.Map;
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
   * @param choices values for its variables, one for each pattern that it becomes
   * @param known what a deny that is unresolved still knows of its values: its other levels are any
   *     level; empty when nothing is missing
   */
  public record Pattern(
      TopicTemplate template,
      List<Map<Attribute, String>> choices,
      Optional<Map<Attribute, String>> known) {
    /** What the template of a statement becomes for a client, as decisions take it. */
    public static Pattern of(TopicTemplate template, Statement statement, Subject subject) {
      return of(template, statement, "", new Substitution(subject));
    }

    private static Pattern of(
        TopicTemplate template, Statement statement, String ref, Substitution substitution) {
      var topics = substitution.topics(template, statement, ref);
      return new Pattern(
          template,
          topics.choices(),
          topics.resolved() ? Optional.empty() : Optional.of(topics.known()));
    }

    public boolean resolved() {
      return known.isEmpty();
    }

    /** One for each choice. */
    public List<Filter> filters() {
      return choices.stream().map(template::substitute).toList();
    }

    /** What a deny takes beside the filters; empty when nothing is missing. */
    public Optional<Filter> widest() {
      return known.map(template::widest);
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
        .map(template -> Pattern.of(template, statement, ref, substitution))
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

package io.signalbox.acl.tool;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.Reception;
import io.signalbox.acl.decision.StatementView;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Match;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Where;
import io.signalbox.acl.proof.MatchText;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Why a decision is as it is: every policy, whether it binds, and of the bound ones every statement
 * and what it says of the request.
 *
 * @param decision the answer, of the same engine that the server asks
 * @param lines in the order of the policies
 */
public record Explanation(Decision decision, List<Line> lines) {
  /**
   * @param ref policy, or statement of a policy that binds
   * @param speaks whether the statement takes part in this decision
   * @param why half a sentence
   */
  public record Line(String ref, boolean speaks, String why) {}

  public Explanation {
    lines = List.copyOf(lines);
  }

  /** For a client and a request; of a CONNECT the request is the Client Identifier. */
  public static Explanation of(PolicyBundle bundle, Subject client, AccessRequest request) {
    Subject subject =
        request.action() == Action.CONNECT
            ? client.with().clientId(request.request()).build()
            : client;
    List<Line> lines = new ArrayList<>();
    List<StatementView> views = bundle.view(subject);
    List<Policy> bound = bundle.boundTo(subject);
    for (Policy policy : bundle.policies()) {
      if (!bound.contains(policy)) {
        lines.add(new Line(policy.ref(), false, "does not bind: " + unbound(policy, subject)));
        continue;
      }
      lines.add(new Line(policy.ref(), false, "binds: " + MatchText.binding(bundle, policy)));
      views.stream()
          .filter(view -> view.policy().equals(policy))
          .forEach(view -> lines.add(new StatementReading(view, subject, request).line()));
    }
    BoundPolicies policies = bundle.bind(subject);
    policies.claimProblems().forEach(p -> lines.add(new Line("token", true, p.toString())));
    return new Explanation(decide(policies, request), lines);
  }

  static Decision decide(BoundPolicies bound, AccessRequest request) {
    return switch (request.action()) {
      case CONNECT -> bound.decideConnect();
      case PUBLISH ->
          bound.decidePublish(
              request.request(), request.qos(), request.retain(), request.payloadBytes());
      case SUBSCRIBE ->
          bound.decideSubscribe(request.request(), request.qos(), request.shareGroup()).decision();
      case RECEIVE -> Reception.of(bound, request.request(), 0, null).decision();
    };
  }

  /** The first test that does not hold. */
  private static String unbound(Policy policy, Subject subject) {
    Optional<Match> match = policy.match();
    if (match.isEmpty()) {
      return "it has no match and is not attached to this client";
    }
    for (Condition condition : match.get().all()) {
      for (Test test : condition.tests()) {
        if (!test.holdsFor(subject)) {
          return missed(test, subject);
        }
      }
    }
    for (Condition condition : match.get().not()) {
      if (condition.holdsFor(subject)) {
        return "excluded by " + MatchText.of(condition);
      }
    }
    return match.get().any().stream()
        .flatMap(
            condition ->
                condition.tests().stream().filter(test -> !test.holdsFor(subject)).limit(1))
        .map(test -> missed(test, subject))
        .collect(Collectors.joining(", and "));
  }

  private static String missed(Test test, Subject subject) {
    List<String> values = test.attribute().of(subject);
    return "wants %s, client has %s"
        .formatted(MatchText.of(test), values.isEmpty() ? "none" : String.join(", ", values));
  }

  /** The decision, then a line for every policy and statement; {@code *} marks those that count. */
  public String text() {
    StringBuilder text = new StringBuilder(decision.text()).append('\n');
    for (Line line : lines) {
      boolean statement = line.ref.indexOf('#') >= 0;
      text.append(statement ? "  " : "")
          .append(line.speaks ? "* " : "  ")
          .append(line.ref)
          .append(": ")
          .append(line.why)
          .append('\n');
    }
    return text.toString();
  }

  /** One statement, held against one request. */
  private record StatementReading(StatementView view, Subject subject, AccessRequest request) {
    Line line() {
      String why = why();
      boolean speaks = why.startsWith("allows") || why.startsWith("denies");
      return new Line(view.ref(), speaks, why);
    }

    private String why() {
      Statement statement = view.statement();
      if (!speaksOf(statement)) {
        return "is about " + words(statement) + ", not " + request.action().word();
      }
      if (!view.applies()) {
        return "the connection is not as asked: " + MatchText.of(statement.where());
      }
      if (request.action() == Action.CONNECT) {
        return names(view.clientIds())
            ? effect(statement) + " clientIds " + view.clientIds()
            : "clientIds " + view.clientIds() + " do not match" + unresolved();
      }
      Optional<String> pattern = matching(statement);
      if (pattern.isEmpty()) {
        return "no pattern %s \"%s\": %s%s"
            .formatted(relation(statement), request.request(), patterns(), unresolved());
      }
      String limit = statement.isDeny() ? "" : beyondLimit(statement.where());
      return limit.isEmpty()
          ? "%s: \"%s\" %s it".formatted(effect(statement), pattern.get(), relation(statement))
          : "\"%s\" %s it, but %s".formatted(pattern.get(), relation(statement), limit);
    }

    private boolean speaksOf(Statement statement) {
      if (request.action() == Action.RECEIVE) {
        return statement.actions().contains(Action.RECEIVE)
            || statement.actions().contains(Action.SUBSCRIBE);
      }
      return statement.actions().contains(request.action());
    }

    private static String words(Statement statement) {
      return statement.actions().stream()
          .map(Action::word)
          .sorted()
          .collect(Collectors.joining(", "));
    }

    private static String effect(Statement statement) {
      return statement.isDeny() ? "denies" : "allows";
    }

    private boolean intersecting(Statement statement) {
      return request.action() == Action.SUBSCRIBE
          && statement.isDeny()
          && statement.overlap() == Overlap.REFUSE;
    }

    private String relation(Statement statement) {
      if (intersecting(statement)) {
        return "overlaps";
      }
      return request.action() == Action.SUBSCRIBE ? "contains" : "matches";
    }

    private boolean names(List<String> patterns) {
      return patterns.stream()
          .anyMatch(
              pattern ->
                  pattern.endsWith("*")
                      ? request.request().startsWith(pattern.substring(0, pattern.length() - 1))
                      : request.request().equals(pattern));
    }

    private Optional<String> matching(Statement statement) {
      Filter filter = new Filter(Filter.split(request.request()));
      for (StatementView.Pattern pattern : view.topics()) {
        List<Filter> filters = new ArrayList<>(pattern.filters());
        if (statement.isDeny()) {
          pattern.widest().ifPresent(filters::add);
        }
        for (Filter candidate : filters) {
          if (intersecting(statement) ? candidate.intersects(filter) : candidate.contains(filter)) {
            return Optional.of(candidate.toString());
          }
        }
      }
      return request.action() == Action.SUBSCRIBE
          ? view.literalFilters().stream()
              .flatMap(pattern -> pattern.filters().stream())
              .filter(filter::equals)
              .map(Filter::toString)
              .findFirst()
          : Optional.empty();
    }

    private String beyondLimit(Where where) {
      if (request.action() == Action.PUBLISH) {
        if (!where.retain().admits(request.retain())) {
          return "retain is " + where.retain().word();
        }
        if (request.qos() > where.maxQos()) {
          return "maxQos is " + where.maxQos();
        }
        if (request.payloadBytes() > where.maxPayloadBytes()) {
          return "maxPayload is " + where.maxPayloadBytes();
        }
      }
      String group = request.shareGroup();
      if (group != null && request.action() == Action.SUBSCRIBE) {
        boolean named =
            view.shareGroups().stream()
                .anyMatch(
                    p ->
                        p.endsWith("*")
                            ? group.startsWith(p.substring(0, p.length() - 1))
                            : group.equals(p));
        return named ? "" : "shareGroups " + view.shareGroups() + " do not name \"" + group + "\"";
      }
      return "";
    }

    private String patterns() {
      List<String> all = new ArrayList<>();
      view.topics().forEach(pattern -> pattern.filters().forEach(f -> all.add(f.toString())));
      view.literalFilters().forEach(p -> p.filters().forEach(f -> all.add("exactly " + f)));
      return String.join(", ", all);
    }

    private String unresolved() {
      List<String> templates = new ArrayList<>();
      view.topics().stream()
          .filter(pattern -> !pattern.resolved())
          .forEach(pattern -> templates.add(pattern.template().toString()));
      return templates.isEmpty()
          ? ""
          : "; inert, because a variable has no usable value: " + String.join(", ", templates);
    }
  }
}

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
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Why a decision is as it is: every policy, whether it binds, and of the bound ones every statement
 * and what it says of the request.
 *
 * @param decision the answer, of the same engine that the server asks
 * @param lines in the order of the policies; then of the acl claim of the token
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
    BoundPolicies policies = bundle.bind(subject);
    Decision decision = decide(policies, request);
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
          .forEach(
              view -> lines.add(new StatementReading(view, policies, request, decision).line()));
    }
    addClaim(bundle, subject, policies, request, decision, lines);
    policies.claimProblems().forEach(p -> lines.add(new Line("token", true, p.toString())));
    if (request.action() == Action.PUBLISH && request.request().startsWith("$")) {
      lines.add(
          new Line(
              "server",
              true,
              "refuses it whatever policies say: topics that start with \"$\" are the server's"));
    }
    return new Explanation(decision, lines);
  }

  private static void addClaim(
      PolicyBundle bundle,
      Subject subject,
      BoundPolicies policies,
      AccessRequest request,
      Decision decision,
      List<Line> lines) {
    Optional<List<StatementView>> claim = PolicyBundle.viewClaim(subject);
    TokenAttributes token = subject.token();
    if (claim.isEmpty() || token == null) {
      return;
    }
    if (token.aclClaim() == AclClaim.GRANT) {
      lines.add(new Line("token:acl", false, "the acl claim, which counts as one more policy"));
    } else {
      boolean denies =
          !decision.allowed()
              && decide(bundle.bind(withoutClaim(subject, token)), request).allowed();
      String narrows = "the acl claim narrows: policies and it must both allow";
      lines.add(
          new Line(
              "token:acl",
              denies,
              denies ? narrows + "; the policies do, and it does not" : narrows));
    }
    for (StatementView view : claim.get()) {
      lines.add(new StatementReading(view, policies, request, decision).line());
    }
  }

  private static Subject withoutClaim(Subject subject, TokenAttributes token) {
    Map<String, @Nullable Object> claims = new LinkedHashMap<>(token.claims());
    claims.remove("acl");
    TokenAttributes less =
        new TokenAttributes(token.issuer(), token.sub(), token.aud(), claims, token.aclClaim());
    return subject.with().token(less).build();
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

  /**
   * One statement, held against one request by the rules that the engine decides by.
   *
   * @param bound the client, to ask what a filter would give
   * @param decision about the request
   */
  private record StatementReading(
      StatementView view, BoundPolicies bound, AccessRequest request, Decision decision) {
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
        return names(view.clientIds(), request.request())
            ? (statement.isDeny() ? "denies" : "allows") + " clientIds " + view.clientIds()
            : "clientIds " + view.clientIds() + " do not match" + inert();
      }
      if (statement.isDeny() && !statement.shareGroups().isEmpty() && !isNamedGroup()) {
        return "is about shared subscriptions in groups " + view.shareGroups();
      }
      Filter filter = new Filter(Filter.split(request.request()));
      return switch (request.action()) {
        case CONNECT, PUBLISH -> ofPublish(filter);
        case SUBSCRIBE ->
            statement.isDeny() ? denialOfSubscribe(filter) : allowanceOfSubscribe(filter);
        case RECEIVE -> statement.isDeny() ? denialOfReceive(filter) : allowanceOfReceive(filter);
      };
    }

    private boolean speaksOf(Statement statement) {
      boolean subscribes = statement.actions().contains(Action.SUBSCRIBE);
      return switch (request.action()) {
        case CONNECT, PUBLISH -> statement.actions().contains(request.action());
        case SUBSCRIBE, RECEIVE -> subscribes || statement.actions().contains(Action.RECEIVE);
      };
    }

    private static String words(Statement statement) {
      return statement.actions().stream()
          .map(Action::word)
          .sorted()
          .collect(Collectors.joining(", "));
    }

    private static boolean names(List<String> patterns, String name) {
      return patterns.stream()
          .anyMatch(
              pattern ->
                  pattern.endsWith("*")
                      ? name.startsWith(pattern.substring(0, pattern.length() - 1))
                      : name.equals(pattern));
    }

    private boolean isNamedGroup() {
      String group = request.shareGroup();
      return request.action() == Action.SUBSCRIBE
          && group != null
          && names(view.shareGroups(), group);
    }

    private String ofPublish(Filter topic) {
      Optional<Filter> pattern = first(view.topics(), topic, Filter::contains);
      if (pattern.isEmpty()) {
        return noPattern("matches");
      }
      String limit = beyondLimit(view.statement().where());
      String effect = view.statement().isDeny() ? "denies" : "allows";
      return limit.isEmpty()
          ? "%s: \"%s\" matches it".formatted(effect, pattern.get())
          : "\"%s\" matches it, but %s".formatted(pattern.get(), limit);
    }

    private String beyondLimit(Where where) {
      if (!where.retain().admits(request.retain())) {
        return "retain is " + where.retain().word();
      }
      if (request.qos() > where.maxQos()) {
        return "maxQos is " + where.maxQos();
      }
      return request.payloadBytes() > where.maxPayloadBytes()
          ? "maxPayload is " + where.maxPayloadBytes()
          : "";
    }

    private String allowanceOfSubscribe(Filter filter) {
      Optional<Filter> pattern =
          first(view.topics(), filter, Filter::contains)
              .or(() -> first(view.literalFilters(), filter, Filter::equals));
      if (pattern.isEmpty()) {
        return noPattern("contains");
      }
      return request.shareGroup() == null || isNamedGroup()
          ? "allows: \"%s\" contains it".formatted(pattern.get())
          : "\"%s\" contains it, but shareGroups %s do not name \"%s\""
              .formatted(pattern.get(), view.shareGroups(), request.shareGroup());
    }

    private String denialOfSubscribe(Filter filter) {
      boolean subscribes = view.statement().actions().contains(Action.SUBSCRIBE);
      boolean filters = subscribes && view.statement().overlap() == Overlap.FILTER;
      Optional<Filter> part = first(view.topics(), filter, Filter::intersects);
      if (subscribes && !filters && part.isPresent()) {
        return "denies: \"%s\" overlaps it".formatted(part.get());
      }
      Optional<Filter> whole =
          (filters ? first(view.topics(), filter, Filter::contains) : Optional.<Filter>empty())
              .or(() -> first(view.literalFilters(), filter, Filter::equals));
      if (whole.isPresent()) {
        return "denies: \"%s\" contains it".formatted(whole.get());
      }
      Optional<Filter> unknown = unknownText(filter, Filter::intersects);
      if (unknown.isPresent()) {
        return "denies: \"%s\" overlaps it".formatted(unknown.get());
      }
      if (part.isEmpty()) {
        return noPattern(filters ? "contains" : "overlaps");
      }
      return request.shareGroup() == null
          ? "\"%s\" overlaps it, and drops messages at delivery".formatted(part.get())
          : "denies: \"%s\" overlaps it, and what it dropped would be lost for the group"
              .formatted(part.get());
    }

    /** Any allow is enough: the filter that brings the message need not be the topic. */
    private String allowanceOfReceive(Filter topic) {
      Optional<Filter> pattern = first(view.topics(), topic, Filter::contains);
      if (pattern.isPresent()) {
        return "allows: \"%s\" matches it".formatted(pattern.get());
      }
      Optional<Filter> literal = first(view.literalFilters(), topic, Filter::contains);
      if (literal.isEmpty()) {
        return noPattern("matches");
      }
      Decision subscribe = bound.decideSubscribe(literal.get().toString(), 0, null).decision();
      return subscribe.allowed()
          ? "allows: the filter \"%s\" brings it".formatted(literal.get())
          : "the filter \"%s\" would bring it, but is %s"
              .formatted(literal.get(), subscribe.text());
    }

    private String denialOfReceive(Filter topic) {
      Optional<Filter> pattern =
          first(view.topics(), topic, Filter::contains)
              .or(() -> unknownText(topic, Filter::contains));
      if (pattern.isPresent()) {
        return "denies: \"%s\" matches it".formatted(pattern.get());
      }
      if (first(view.literalFilters(), topic, Filter::equals).isEmpty()) {
        return noPattern("matches");
      }
      return decision.statement().equals(view.ref())
          ? "denies the filter \"%s\", and no wider one is allowed".formatted(topic)
          : "refuses the filter \"%s\", which leaves wider ones".formatted(topic);
    }

    /** Of a deny by text with a variable that has no value: it refuses whatever it meets. */
    private Optional<Filter> unknownText(Filter filter, BiPredicate<Filter, Filter> relation) {
      return view.literalFilters().stream()
          .flatMap(pattern -> pattern.widest().stream())
          .filter(widest -> relation.test(widest, filter))
          .findFirst();
    }

    /** The first filter of these patterns that relates so to the request. */
    private Optional<Filter> first(
        List<StatementView.Pattern> patterns, Filter filter, BiPredicate<Filter, Filter> relation) {
      boolean texts = patterns == view.literalFilters();
      return patterns.stream()
          .flatMap(pattern -> filters(pattern, !texts).stream())
          .filter(candidate -> relation.test(candidate, filter))
          .findFirst();
    }

    private List<Filter> filters(StatementView.Pattern pattern, boolean withWidest) {
      List<Filter> filters = new ArrayList<>(pattern.filters());
      if (withWidest && view.statement().isDeny()) {
        pattern.widest().ifPresent(filters::add);
      }
      return filters;
    }

    private String noPattern(String relation) {
      List<String> all = new ArrayList<>();
      view.topics().forEach(pattern -> filters(pattern, true).forEach(f -> all.add(f.toString())));
      view.literalFilters().forEach(p -> p.filters().forEach(f -> all.add("exactly " + f)));
      return "no pattern %s \"%s\": %s%s"
          .formatted(relation, request.request(), String.join(", ", all), inert());
    }

    /** Of an allow; a deny grows wide instead. */
    private String inert() {
      List<String> templates =
          Stream.concat(view.topics().stream(), view.literalFilters().stream())
              .filter(pattern -> !pattern.resolved())
              .map(pattern -> pattern.template().toString())
              .toList();
      return templates.isEmpty() || view.statement().isDeny()
          ? ""
          : "; inert, because a variable has no usable value: " + String.join(", ", templates);
    }
  }
}

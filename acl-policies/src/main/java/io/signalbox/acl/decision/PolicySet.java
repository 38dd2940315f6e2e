package io.signalbox.acl.decision;

import io.signalbox.acl.model.OnDenied;
import io.signalbox.acl.model.OnRevoke;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where.Truth;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Policies that are bound together, as far as they are the same for every client: made once and
 * shared by all clients with these policies. Immutable but for caches of equal values.
 *
 * <p>Most clients with the same policies differ in the texts of their variables only, and then
 * share their compiled rules as well.
 */
final class PolicySet {
  /** More statements without variables than that are compiled once, apart from the others. */
  private static final int APART_MIN = 256;

  /** Rule books that are kept; beyond, all are made anew. */
  private static final int BOOKS_MAX = 64;

  private record Ranked(Policy policy, Statement statement) {
    String ref() {
      return policy.ref(statement);
    }
  }

  private final List<Policy> policies;
  private final List<Ranked> statements;

  /** Denies have the ranks below this one. */
  private final int denies;

  private final String bundle;
  private final Effects effects;

  /** Of statements that ask nothing of the client, if they are many. */
  private final @Nullable Rules shared;

  /** Ranks that each book holds. */
  private final int[] ranks;

  /** Those of them that ask something of the connection. */
  private final int[] asking;

  /** All that any statement has as variables. */
  private final List<Attribute> attributes;

  private final Map<String, RuleBook> books = new ConcurrentHashMap<>(2);
  private final Decision unmatched;
  private final @Nullable Decision[] allowed;
  private final @Nullable Decision[] denied;
  private final @Nullable SubscribeDecision[] @Nullable [] granted;

  /**
   * @param policies each once, in the order of their names
   * @param effects of these policies
   * @param bundle hash for the decisions
   * @param unmatched the reason when no statement speaks of a request
   */
  PolicySet(List<Policy> policies, Effects effects, String bundle, Reason unmatched) {
    this.unmatched = new Decision(false, unmatched, "", bundle);
    this.policies = List.copyOf(policies);
    this.bundle = bundle;
    this.statements = rank(this.policies);
    this.effects = effects;
    if (statements.size() > Rule.RANK_MAX) {
      throw new IllegalArgumentException(
          "more than " + Rule.RANK_MAX + " statements bind together");
    }
    int count = 0;
    while (count < statements.size() && statements.get(count).statement.isDeny()) {
      count++;
    }
    denies = count;
    allowed = new Decision[statements.size()];
    denied = new Decision[statements.size()];
    granted = new SubscribeDecision[statements.size()][];
    List<Integer> same = new ArrayList<>();
    List<Integer> personal = new ArrayList<>();
    Set<Attribute> variables = new LinkedHashSet<>();
    for (int rank = 0; rank < statements.size(); rank++) {
      Statement statement = statements.get(rank).statement;
      (isShared(statement) ? same : personal).add(rank);
      templates(statement).forEach(template -> variables.addAll(template.variables()));
    }
    attributes = List.copyOf(variables);
    asking =
        personal.stream()
            .mapToInt(Integer::intValue)
            .filter(rank -> statements.get(rank).statement.where().asksOfConnection())
            .toArray();
    if (same.size() < APART_MIN) {
      shared = null;
      personal.addAll(same);
    } else {
      Substitution none = new Substitution(Subject.builder("").build());
      Rules.Builder builder = new Rules.Builder(none, new Slots.Builder(List.of(), new Values[0]));
      for (int rank : same) {
        Ranked ranked = statements.get(rank);
        builder.add(rank, ranked.statement, ranked.ref(), Truth.YES);
      }
      shared = builder.build();
    }
    ranks = personal.stream().mapToInt(Integer::intValue).sorted().toArray();
  }

  /**
   * Denies first, so that a smaller score is a stronger answer; else by name, for a stable answer.
   */
  private static List<Ranked> rank(List<Policy> policies) {
    List<Ranked> denies = new ArrayList<>();
    List<Ranked> allows = new ArrayList<>();
    for (Policy policy : policies) {
      for (Statement statement : policy.statements()) {
        (statement.isDeny() ? denies : allows).add(new Ranked(policy, statement));
      }
    }
    denies.addAll(allows);
    return denies;
  }

  private static boolean isShared(Statement statement) {
    return !statement.where().asksOfConnection()
        && templates(statement).stream().allMatch(Template::isLiteral);
  }

  private static List<Template> templates(Statement statement) {
    List<Template> templates = new ArrayList<>();
    for (TopicTemplate topic : statement.topics()) {
      templates.addAll(topic.levels());
    }
    for (TopicTemplate filter : statement.literalFilters()) {
      templates.addAll(filter.levels());
    }
    statement.clientIds().forEach(name -> templates.add(name.template()));
    statement.shareGroups().forEach(name -> templates.add(name.template()));
    return templates;
  }

  List<Policy> policies() {
    return policies;
  }

  /** Hash of the bundle that they are of. */
  String bundle() {
    return bundle;
  }

  /** Whether the statements of both decide alike. */
  boolean sameEffect(PolicySet other) {
    return this == other || effects.same(policies, other.policies, other.effects);
  }

  /** What is compiled for one client, and the texts that it is to be asked with. */
  record Bound(RuleBook book, byte[] texts) {}

  Bound bind(Subject subject) {
    Values[] values = new Values[attributes.size()];
    StringBuilder shape = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      values[i] = Values.of(attributes.get(i), subject);
      describe(values[i], shape);
    }
    for (int rank : asking) {
      shape.append(statements.get(rank).statement.where().holdsFor(subject).name().charAt(0));
    }
    RuleBook book = books.get(shape.toString());
    if (book == null) {
      book = compile(subject, values);
      if (books.size() >= BOOKS_MAX) {
        books.clear();
      }
      books.put(shape.toString(), book);
    }
    return new Bound(book, book.slots().texts(values));
  }

  /** All that makes a difference to compiled rules. */
  private static void describe(Values values, StringBuilder shape) {
    shape.append(values.usable().size()).append(values.fault());
    for (String value : values.usable()) {
      shape.append(value.startsWith("$") ? '$' : '.');
    }
    shape.append(';');
  }

  private RuleBook compile(Subject subject, Values[] values) {
    Substitution substitution = new Substitution(subject);
    Slots.Builder slots = new Slots.Builder(attributes, values);
    Rules.Builder rules = new Rules.Builder(substitution, slots);
    for (int rank : ranks) {
      Ranked ranked = statements.get(rank);
      Truth where = ranked.statement.where().holdsFor(subject);
      rules.add(rank, ranked.statement, ranked.ref(), where);
    }
    return new RuleBook(
        this, shared, rules.build(), slots.build(), List.copyOf(substitution.unresolved()));
  }

  boolean isDeny(int rank) {
    return rank < denies;
  }

  // Decisions are shared objects, made when first needed; a race makes two equal ones, which is
  // harmless.

  Decision allowed(int rank) {
    Decision decision = allowed[rank];
    if (decision == null) {
      decision = new Decision(true, Reason.ALLOWED, statements.get(rank).ref(), bundle);
      allowed[rank] = decision;
    }
    return decision;
  }

  Decision denied(int rank, Reason reason) {
    Decision decision = denied[rank];
    if (decision == null || decision.reason() != reason) {
      decision = new Decision(false, reason, statements.get(rank).ref(), bundle);
      denied[rank] = decision;
    }
    return decision;
  }

  Decision unmatched() {
    return unmatched;
  }

  Decision denied(Reason reason) {
    return new Decision(false, reason, "", bundle);
  }

  SubscribeDecision granted(int rank, int qos, boolean receiveCheck) {
    @Nullable SubscribeDecision[] ofRank = granted[rank];
    if (ofRank == null) {
      ofRank = new SubscribeDecision[6];
      granted[rank] = ofRank;
    }
    int slot = qos * 2 + (receiveCheck ? 1 : 0);
    SubscribeDecision decision = ofRank[slot];
    if (decision == null) {
      decision = new SubscribeDecision(allowed(rank), qos, receiveCheck);
      ofRank[slot] = decision;
    }
    return decision;
  }

  /** The strictest that any policy asks for. */
  Optional<OnDenied> onDenied() {
    return policies.stream().flatMap(p -> p.onDenied().stream()).max(Comparator.naturalOrder());
  }

  /** The strictest that any policy asks for. */
  Optional<OnRevoke> onRevoke() {
    return policies.stream().flatMap(p -> p.onRevoke().stream()).max(Comparator.naturalOrder());
  }
}

package io.signalbox.acl.decision;

import io.signalbox.acl.model.OnDenied;
import io.signalbox.acl.model.OnRevoke;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where.Truth;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Policies that are bound together, as far as they are the same for every client: made once and
 * shared by all clients with these policies. Immutable but for a cache of equal values.
 */
final class PolicySet {
  /** A statement and its place in the fixed order. */
  private record Ranked(Policy policy, Statement statement, String ref) {}

  private final List<Policy> policies;
  private final List<Ranked> statements;
  private final String bundle;
  private final String effect;

  /** Of statements that ask nothing of the client. */
  private final Rules shared;

  /** Ranks of the others: they have variables or conditions on the connection. */
  private final int[] personal;

  private final Decision unmatched;
  private final Decision[] allowed;
  private final @Nullable SubscribeDecision[] granted;

  /**
   * @param policies each once, in the order of their names
   * @param effect equal for two sets whose statements decide alike
   * @param bundle hash for the decisions
   * @param unmatched the reason when no statement speaks of a request
   */
  PolicySet(List<Policy> policies, String effect, String bundle, Reason unmatched) {
    this.unmatched = new Decision(false, unmatched, "", bundle);
    this.policies = List.copyOf(policies);
    this.bundle = bundle;
    this.statements = rank(this.policies);
    this.effect = effect;
    if (statements.size() > Rule.RANK_MAX) {
      throw new IllegalArgumentException(
          "more than " + Rule.RANK_MAX + " statements bind together");
    }
    Rules.Builder builder = new Rules.Builder();
    List<Integer> rest = new ArrayList<>();
    Substitution none = new Substitution(Subject.builder("").build());
    allowed = new Decision[statements.size()];
    granted = new SubscribeDecision[statements.size() * 6];
    for (int rank = 0; rank < statements.size(); rank++) {
      Ranked ranked = statements.get(rank);
      allowed[rank] = new Decision(true, Reason.ALLOWED, ranked.ref, bundle);
      if (isShared(ranked.statement)) {
        builder.add(rank, ranked.statement, ranked.ref, Truth.YES, none);
      } else {
        rest.add(rank);
      }
    }
    shared = builder.build();
    personal = rest.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Denies first, so that a smaller score is a stronger answer; else by name, for a stable answer.
   */
  private static List<Ranked> rank(List<Policy> policies) {
    List<Ranked> denies = new ArrayList<>();
    List<Ranked> allows = new ArrayList<>();
    for (Policy policy : policies) {
      for (Statement statement : policy.statements()) {
        (statement.isDeny() ? denies : allows)
            .add(new Ranked(policy, statement, policy.ref(statement)));
      }
    }
    denies.addAll(allows);
    return denies;
  }

  private static boolean isShared(Statement statement) {
    return !statement.where().asksOfConnection()
        && statement.topics().stream().allMatch(TopicTemplate::isLiteral)
        && statement.literalFilters().stream().allMatch(TopicTemplate::isLiteral)
        && statement.clientIds().stream().allMatch(name -> name.template().isLiteral())
        && statement.shareGroups().stream().allMatch(name -> name.template().isLiteral());
  }

  List<Policy> policies() {
    return policies;
  }

  /** Equal for two sets whose statements decide alike. */
  String effect() {
    return effect;
  }

  Rules shared() {
    return shared;
  }

  /** The rules that only this client has. */
  Rules personal(Subject subject, Substitution substitution) {
    if (personal.length == 0) {
      return Rules.EMPTY;
    }
    Rules.Builder builder = new Rules.Builder();
    for (int rank : personal) {
      Ranked ranked = statements.get(rank);
      Truth where = ranked.statement.where().holdsFor(subject);
      builder.add(rank, ranked.statement, ranked.ref, where, substitution);
    }
    return builder.build();
  }

  boolean isDeny(int rank) {
    return statements.get(rank).statement.isDeny();
  }

  Decision allowed(int rank) {
    return allowed[rank];
  }

  Decision denied(int rank, Reason reason) {
    return new Decision(false, reason, statements.get(rank).ref, bundle);
  }

  Decision unmatched() {
    return unmatched;
  }

  Decision denied(Reason reason) {
    return new Decision(false, reason, "", bundle);
  }

  /** Shared objects, made when first needed; a race makes two equal ones, which is harmless. */
  SubscribeDecision granted(int rank, int qos, boolean receiveCheck) {
    int slot = rank * 6 + qos * 2 + (receiveCheck ? 1 : 0);
    SubscribeDecision decision = granted[slot];
    if (decision == null) {
      decision = new SubscribeDecision(allowed[rank], qos, receiveCheck);
      granted[slot] = decision;
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

package io.signalbox.acl.proof;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.proof.Formula.Or;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * When each policy of a bundle binds, by itself or by attachment. All attachments of one kind are
 * one fact, however many they are. One thread.
 */
final class Bindings {
  /** By policy, then by kind, the targets. */
  private final Map<String, Map<Attachment.Kind, List<Glob>>> attached = new HashMap<>();

  /** By policy; asked for again and again, and then the same object. */
  private final Map<String, Formula> formulas = new HashMap<>();

  /** By reference, as decisions name them. */
  private final Map<String, Spoken> statements = new HashMap<>();

  /** A statement and whose it is. */
  record Spoken(Policy policy, Statement statement) {}

  Bindings(PolicyBundle bundle) {
    for (Policy policy : bundle.policies()) {
      for (Statement statement : policy.statements()) {
        statements.putIfAbsent(policy.ref(statement), new Spoken(policy, statement));
      }
    }
    for (Attachment attachment : bundle.attachments()) {
      attached
          .computeIfAbsent(attachment.policy(), _ -> new EnumMap<>(Attachment.Kind.class))
          .computeIfAbsent(attachment.kind(), _ -> new ArrayList<>())
          .add(new Glob(attachment.target()));
    }
  }

  /** The statement of a decision; empty if no statement decided. */
  Optional<Spoken> statement(String ref) {
    return Optional.ofNullable(statements.get(ref));
  }

  Formula of(Policy policy) {
    return formulas.computeIfAbsent(policy.ref(), _ -> make(policy));
  }

  private Formula make(Policy policy) {
    List<Formula> ways = new ArrayList<>();
    policy.match().ifPresent(match -> ways.add(Formula.of(match)));
    attached
        .getOrDefault(policy.ref(), Map.of())
        .forEach((kind, targets) -> ways.add(Formula.of(kind.attribute(), targets)));
    return new Or(ways);
  }
}

package io.signalbox.acl.proof;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Where;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Conditions in words. */
public final class MatchText {
  private MatchText() {}

  /** {@code cert.ca = factory and cert.ou = pumps or valves}. */
  public static String of(Condition condition) {
    return condition.tests().isEmpty()
        ? "everyone"
        : condition.tests().stream().map(MatchText::of).collect(Collectors.joining(" and "));
  }

  /** {@code group = pumps}. */
  public static String of(Test test) {
    return test.attribute()
        + " = "
        + test.anyOf().stream().map(Glob::text).collect(Collectors.joining(" or "));
  }

  /** Whom a match binds. */
  public static String of(Match match) {
    List<String> parts = new ArrayList<>();
    match.all().forEach(condition -> parts.add(of(condition)));
    if (!match.any().isEmpty()) {
      parts.add(
          match.any().stream()
              .map(MatchText::of)
              .collect(Collectors.joining(", or ", "either ", "")));
    }
    match.not().forEach(condition -> parts.add("not (" + of(condition) + ")"));
    return parts.isEmpty() ? "everyone" : String.join(" and ", parts);
  }

  /** Whom a policy binds, by itself and by attachment. */
  public static String binding(PolicyBundle bundle, Policy policy) {
    List<String> ways = new ArrayList<>();
    policy.match().ifPresent(match -> ways.add(of(match)));
    for (Attachment attachment : bundle.attachments()) {
      if (attachment.policy().equals(policy.ref())) {
        ways.add("attached to " + attachment.kind().word() + " " + attachment.target());
      }
    }
    return ways.isEmpty() ? "nobody" : String.join(", or ", ways);
  }

  /** What is asked of the connection; "" when nothing is. */
  public static String of(Where where) {
    List<String> parts = new ArrayList<>();
    add(parts, "transport", where.transports().stream().map(t -> t.word()).toList());
    add(parts, "listener", where.listeners().stream().map(Glob::text).toList());
    add(parts, "source", where.sources().stream().map(Object::toString).toList());
    add(parts, "TLS version", where.tlsVersions().stream().map(v -> v.word()).toList());
    add(parts, "auth", where.authMethods().stream().map(a -> a.word()).toList());
    return String.join(" and ", parts);
  }

  private static void add(List<String> parts, String name, List<String> values) {
    if (!values.isEmpty()) {
      parts.add(name + " = " + String.join(" or ", values));
    }
  }
}

package io.signalbox.acl.decision;

import io.signalbox.acl.subject.Subject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All rules for one client: those it shares with others and its own. Each question walks both and
 * takes the smaller score. Immutable.
 */
final class RuleBook {
  private final PolicySet set;
  private final Rules shared;
  private final Rules own;

  RuleBook(PolicySet set, Subject subject, Substitution substitution) {
    this.set = set;
    this.shared = set.shared();
    this.own = set.personal(subject, substitution);
  }

  PolicySet set() {
    return set;
  }

  boolean hasStatementsOnConnect() {
    return !shared.connects().isEmpty() || !own.connects().isEmpty();
  }

  Decision connect(String clientId) {
    int best = Rule.NONE;
    Reason inert = null;
    for (Rules rules : List.of(shared, own)) {
      for (Rules.ConnectRule rule : rules.connects()) {
        if (rule.names(clientId)) {
          if (rule.inert() == null) {
            best = Math.min(best, rule.rank());
          } else if (inert == null) {
            inert = rule.inert();
          }
        }
      }
    }
    if (best != Rule.NONE) {
      return set.isDeny(best) ? set.denied(best, Reason.EXPLICIT_DENY) : set.allowed(best);
    }
    return inert == null ? set.unmatched() : set.denied(inert);
  }

  Decision publish(byte[] topic, int from, int to, int qos, boolean retained, int payloadBytes) {
    int score =
        Math.min(
            shared.publish().match(topic, from, to, qos, retained, payloadBytes),
            own.publish().match(topic, from, to, qos, retained, payloadBytes));
    return decision(score);
  }

  /**
   * Of denies and missing allows the one is named that a person would mend first: a deny of the
   * whole filter, then that nothing allows it, then a deny of a part.
   *
   * @param filter canonical, and the same as {@code utf8[0..length)}
   */
  SubscribeDecision subscribe(
      String filter, byte[] utf8, int length, int requestedQos, @Nullable String shareGroup) {
    int whole = denyOfWhole(filter, utf8, length, shareGroup);
    if (whole != Rule.NONE) {
      return SubscribeDecision.refused(set.denied(Rule.rank(whole), Reason.EXPLICIT_DENY));
    }
    int allow =
        Math.min(
            Math.min(
                shared.subscribeAllow().cover(utf8, length, shareGroup),
                own.subscribeAllow().cover(utf8, length, shareGroup)),
            Math.min(
                literal(shared.literalAllow(), filter, shareGroup),
                literal(own.literalAllow(), filter, shareGroup)));
    if (!Rule.applies(allow)) {
      boolean part = allow == Rule.NONE && intersectsAllow(utf8, length);
      return SubscribeDecision.refused(part ? set.denied(Reason.NOT_CONTAINED) : decision(allow));
    }
    int receive = intersectsReceive(utf8, length, shareGroup);
    int part =
        Math.min(
            shared.subscribeDeny().intersect(utf8, length, shareGroup),
            own.subscribeDeny().intersect(utf8, length, shareGroup));
    if (shareGroup != null) {
      // A message dropped for one member of a share group would be lost for the whole group.
      part = Math.min(part, receive);
    }
    if (part != Rule.NONE) {
      return SubscribeDecision.refused(set.denied(Rule.rank(part), Reason.EXPLICIT_DENY));
    }
    int qos = Math.min(requestedQos, Rule.grantedQos(allow));
    return set.granted(Rule.rank(allow), qos, receive != Rule.NONE);
  }

  /** Denies of all that the filter matches. */
  private int denyOfWhole(String filter, byte[] utf8, int length, @Nullable String shareGroup) {
    int deny =
        Math.min(
            shared.subscribeDeny().cover(utf8, length, shareGroup),
            own.subscribeDeny().cover(utf8, length, shareGroup));
    deny = Math.min(deny, shared.subscribeFilter().cover(utf8, length, shareGroup));
    deny = Math.min(deny, own.subscribeFilter().cover(utf8, length, shareGroup));
    deny = Math.min(deny, literal(shared.literalDeny(), filter, shareGroup));
    return Math.min(deny, literal(own.literalDeny(), filter, shareGroup));
  }

  private int intersectsReceive(byte[] utf8, int length, @Nullable String shareGroup) {
    return Math.min(
        Math.min(
            shared.receiveDeny().intersect(utf8, length, shareGroup),
            own.receiveDeny().intersect(utf8, length, shareGroup)),
        Math.min(
            shared.subscribeFilter().intersect(utf8, length, shareGroup),
            own.subscribeFilter().intersect(utf8, length, shareGroup)));
  }

  private boolean intersectsAllow(byte[] utf8, int length) {
    return Rule.applies(shared.subscribeAllow().intersect(utf8, length, null))
        || Rule.applies(own.subscribeAllow().intersect(utf8, length, null));
  }

  /** Whether some message may have to be dropped at delivery. */
  boolean hasReceiveDenies() {
    return !(shared.receiveDeny().isEmpty()
        && own.receiveDeny().isEmpty()
        && shared.subscribeFilter().isEmpty()
        && own.subscribeFilter().isEmpty());
  }

  /** Null when nothing denies it. */
  @Nullable Decision receiveDeny(byte[] topic, int from, int to) {
    int deny =
        Math.min(
            Math.min(
                shared.receiveDeny().match(topic, from, to, 0, false, 0),
                own.receiveDeny().match(topic, from, to, 0, false, 0)),
            Math.min(
                shared.subscribeFilter().match(topic, from, to, 0, false, 0),
                own.subscribeFilter().match(topic, from, to, 0, false, 0)));
    return deny == Rule.NONE ? null : set.denied(Rule.rank(deny), Reason.EXPLICIT_DENY);
  }

  /** As if the client had subscribed to exactly this topic. */
  Decision delivery(byte[] topic, int from, int to) {
    Decision denied = receiveDeny(topic, from, to);
    if (denied != null) {
      return denied;
    }
    int deny =
        Math.min(
            shared.subscribeDeny().match(topic, from, to, 0, false, 0),
            own.subscribeDeny().match(topic, from, to, 0, false, 0));
    if (deny != Rule.NONE) {
      return set.denied(Rule.rank(deny), Reason.EXPLICIT_DENY);
    }
    return decision(
        Math.min(
            shared.subscribeAllow().match(topic, from, to, 0, false, 0),
            own.subscribeAllow().match(topic, from, to, 0, false, 0)));
  }

  private static int literal(
      Map<String, List<Rule>> literals, String filter, @Nullable String shareGroup) {
    int best = Rule.NONE;
    if (!literals.isEmpty()) {
      for (Rule rule : literals.getOrDefault(filter, List.of())) {
        best = Math.min(best, rule.subscribeScore(shareGroup));
      }
    }
    return best;
  }

  private Decision decision(int score) {
    if (score == Rule.NONE) {
      return set.unmatched();
    }
    int rank = Rule.rank(score);
    if (!Rule.applies(score)) {
      return set.denied(rank, Rule.reason(score));
    }
    return set.isDeny(rank) ? set.denied(rank, Reason.EXPLICIT_DENY) : set.allowed(rank);
  }
}

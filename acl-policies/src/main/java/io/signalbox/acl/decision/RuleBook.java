package io.signalbox.acl.decision;

import io.signalbox.acl.decision.FilterWalk.Relation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All rules for clients that differ in the texts of their slots only. Immutable.
 *
 * <p>What a decision about a PUBLISH reads lies in this object and in one array.
 */
final class RuleBook {
  private final byte[] code;
  private final int publish;

  /** Rules without slots that are kept apart, because there are many; null when there are few. */
  private final @Nullable Rules shared;

  private final PolicySet set;
  private final Rules own;
  private final Slots slots;
  private final List<Unresolved> unresolved;

  RuleBook(
      PolicySet set, @Nullable Rules shared, Rules own, Slots slots, List<Unresolved> unresolved) {
    this.set = set;
    this.shared = shared;
    this.own = own;
    this.slots = slots;
    this.unresolved = unresolved;
    this.code = own.code();
    this.publish = own.publish();
  }

  PolicySet set() {
    return set;
  }

  Slots slots() {
    return slots;
  }

  List<Unresolved> unresolved() {
    return unresolved;
  }

  boolean hasStatementsOnConnect() {
    return !own.connects().isEmpty() || (shared != null && !shared.connects().isEmpty());
  }

  Decision connect(String clientId, byte[] texts) {
    int best = Rule.NONE;
    Reason inert = null;
    for (Rules rules : shared == null ? List.of(own) : List.of(shared, own)) {
      for (Rules.ConnectRule rule : rules.connects()) {
        if (rule.names(clientId, texts)) {
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

  /** The score that {@link #decision} explains. */
  int publish(
      byte[] texts, byte[] topic, int from, int to, int qos, boolean retained, int payloadBytes) {
    int score = RuleTrie.match(code, publish, texts, topic, from, to, qos, retained, payloadBytes);
    if (shared == null) {
      return score;
    }
    return Math.min(
        score,
        RuleTrie.match(
            shared.code(), shared.publish(), texts, topic, from, to, qos, retained, payloadBytes));
  }

  /** Whether a request with this score is allowed, without reading why. */
  boolean allows(int score) {
    return Rule.applies(score) && !set.isDeny(Rule.rank(score));
  }

  /**
   * Of denies and missing allows the one is named that a person would mend first: a deny of the
   * whole filter, then that nothing allows it, then a deny of a part.
   *
   * @param utf8 Topic Filter, canonical, {@code [0..length)}
   */
  SubscribeDecision subscribe(
      byte[] texts, byte[] utf8, int length, int requestedQos, @Nullable String shareGroup) {
    Question question = new Question(texts, utf8, length, shareGroup);
    int whole =
        Math.min(
            question.cover(Tree.SUBSCRIBE_DENY),
            Math.min(question.cover(Tree.SUBSCRIBE_FILTER), question.exact(Tree.LITERAL_DENY)));
    if (whole != Rule.NONE) {
      return SubscribeDecision.refused(set.denied(Rule.rank(whole), Reason.EXPLICIT_DENY));
    }
    int allow = Math.min(question.cover(Tree.SUBSCRIBE_ALLOW), question.exact(Tree.LITERAL_ALLOW));
    if (!Rule.applies(allow)) {
      boolean part =
          allow == Rule.NONE
              && Rule.applies(
                  new Question(texts, utf8, length, null).intersect(Tree.SUBSCRIBE_ALLOW));
      return SubscribeDecision.refused(part ? set.denied(Reason.NOT_CONTAINED) : decision(allow));
    }
    int receive =
        Math.min(question.intersect(Tree.RECEIVE_DENY), question.intersect(Tree.SUBSCRIBE_FILTER));
    int part = question.intersect(Tree.SUBSCRIBE_DENY);
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

  /**
   * Whether a deny names this very filter.
   *
   * @param utf8 Topic Filter, canonical, {@code [0..length)}
   */
  boolean refusesText(byte[] texts, byte[] utf8, int length, @Nullable String shareGroup) {
    return new Question(texts, utf8, length, shareGroup).exact(Tree.LITERAL_DENY) != Rule.NONE;
  }

  /** A tree of {@link Rules}. */
  private enum Tree {
    SUBSCRIBE_ALLOW,
    SUBSCRIBE_DENY,
    SUBSCRIBE_FILTER,
    RECEIVE_DENY,
    LITERAL_ALLOW,
    LITERAL_DENY;

    int root(Rules rules) {
      return switch (this) {
        case SUBSCRIBE_ALLOW -> rules.subscribeAllow();
        case SUBSCRIBE_DENY -> rules.subscribeDeny();
        case SUBSCRIBE_FILTER -> rules.subscribeFilter();
        case RECEIVE_DENY -> rules.receiveDeny();
        case LITERAL_ALLOW -> rules.literalAllow();
        case LITERAL_DENY -> rules.literalDeny();
      };
    }
  }

  /** What is asked of several trees; does not outlive the decision. */
  private final class Question {
    private final byte[] texts;
    private final byte[] filter;
    private final int length;
    private final @Nullable String shareGroup;

    Question(byte[] texts, byte[] filter, int length, @Nullable String shareGroup) {
      this.texts = texts;
      this.filter = filter;
      this.length = length;
      this.shareGroup = shareGroup;
    }

    int cover(Tree tree) {
      return walk(Relation.COVER, tree);
    }

    int intersect(Tree tree) {
      return walk(Relation.INTERSECT, tree);
    }

    int exact(Tree tree) {
      return walk(Relation.EXACT, tree);
    }

    private int walk(Relation relation, Tree tree) {
      int score = FilterWalk.walk(relation, own, tree.root(own), texts, filter, length, shareGroup);
      return shared == null
          ? score
          : Math.min(
              score,
              FilterWalk.walk(
                  relation, shared, tree.root(shared), texts, filter, length, shareGroup));
    }
  }

  /** Whether some message may have to be dropped at delivery. */
  boolean hasReceiveDenies() {
    return own.receiveDeny() != 0
        || own.subscribeFilter() != 0
        || (shared != null && (shared.receiveDeny() != 0 || shared.subscribeFilter() != 0));
  }

  /** Null when nothing denies it. */
  @Nullable Decision receiveDeny(byte[] texts, byte[] topic, int from, int to) {
    int deny =
        Math.min(
            match(Tree.RECEIVE_DENY, texts, topic, from, to),
            match(Tree.SUBSCRIBE_FILTER, texts, topic, from, to));
    return deny == Rule.NONE ? null : set.denied(Rule.rank(deny), Reason.EXPLICIT_DENY);
  }

  /** As if the client had subscribed to exactly this topic. */
  Decision delivery(byte[] texts, byte[] topic, int from, int to) {
    Decision denied = receiveDeny(texts, topic, from, to);
    if (denied != null) {
      return denied;
    }
    int deny = match(Tree.SUBSCRIBE_DENY, texts, topic, from, to);
    if (deny != Rule.NONE) {
      return set.denied(Rule.rank(deny), Reason.EXPLICIT_DENY);
    }
    return decision(match(Tree.SUBSCRIBE_ALLOW, texts, topic, from, to));
  }

  private int match(Tree tree, byte[] texts, byte[] topic, int from, int to) {
    int score = RuleTrie.match(code, tree.root(own), texts, topic, from, to, 0, false, 0);
    return shared == null
        ? score
        : Math.min(
            score,
            RuleTrie.match(shared.code(), tree.root(shared), texts, topic, from, to, 0, false, 0));
  }

  Decision decision(int score) {
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

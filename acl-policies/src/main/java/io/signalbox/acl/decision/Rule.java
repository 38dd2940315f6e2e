package io.signalbox.acl.decision;

import io.signalbox.acl.model.RetainRule;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Where;
import org.jspecify.annotations.Nullable;

/**
 * One pattern of one statement, as it stands in the code of a {@link RuleTrie}: a long.
 *
 * <p>Rules answer with a score, an int that is the better the smaller it is, so that a decision is
 * the minimum over all matching rules and needs no object. Laid out as
 *
 * <pre>
 *   bit 30     1: does not apply, because of ...
 *   bits 24-29    ... this Reason; else 2 minus the QoS that an allowed SUBSCRIBE may have
 *   bits 0-23  rank of the statement; denies rank before allows
 * </pre>
 *
 * <p>A rule is laid out as
 *
 * <pre>
 *   bits 0-23  rank
 *   bits 24-25 the highest QoS
 *   bits 26-27 RetainRule
 *   bit 28     a deny
 *   bit 29     inert for this client, and bits 32-63 are its score
 *   bit 30     is asked about PUBLISH, and bits 32-63 are the largest payload; else about SUBSCRIBE
 *              and delivery, and they are the index of its share groups, 0 for none
 * </pre>
 */
final class Rule {
  /** No rule matched. */
  static final int NONE = Integer.MAX_VALUE;

  static final int RANK_MAX = (1 << 24) - 1;
  private static final int FAILED = 1 << 30;

  private static final int DENY = 1 << 28;
  private static final int INERT = 1 << 29;
  private static final int PUBLISH = 1 << 30;

  private static final Reason[] REASONS = Reason.values();
  private static final RetainRule[] RETAIN = RetainRule.values();

  private Rule() {}

  /** As PUBLISH asks it. */
  static long ofPublish(int rank, Statement statement, @Nullable Reason inert) {
    return word(rank, statement, inert) | PUBLISH | payload(rank, statement, inert);
  }

  /**
   * As SUBSCRIBE and delivery ask it.
   *
   * @param groups index of its share groups, 0 when it has none
   * @param inert why this allow never applies for this client, null when it may
   */
  static long ofSubscribe(int rank, Statement statement, int groups, @Nullable Reason inert) {
    long high = inert == null ? groups : failed(rank, inert);
    return word(rank, statement, inert) | high << 32;
  }

  private static long payload(int rank, Statement statement, @Nullable Reason inert) {
    long high = inert == null ? statement.where().maxPayloadBytes() : failed(rank, inert);
    return high << 32;
  }

  @SuppressWarnings("EnumOrdinal") // lives as long as this process, never stored
  private static int word(int rank, Statement statement, @Nullable Reason inert) {
    Where where = statement.where();
    return rank
        | where.maxQos() << 24
        | where.retain().ordinal() << 26
        | (statement.isDeny() ? DENY : 0)
        | (inert == null ? 0 : INERT);
  }

  static boolean applies(int score) {
    return score < FAILED;
  }

  static int rank(int score) {
    return score & RANK_MAX;
  }

  /** Why the rule with this score does not apply. */
  static Reason reason(int score) {
    return REASONS[(score >> 24) & 0x3F];
  }

  static int grantedQos(int score) {
    return 2 - (score >> 24);
  }

  @SuppressWarnings("EnumOrdinal") // lives in one int for one decision, never stored
  private static int failed(int rank, Reason reason) {
    return FAILED | reason.ordinal() << 24 | rank;
  }

  /** Of a PUBLISH, or of a message to be delivered, whose topic matches. */
  static int publishScore(long rule, int qos, boolean retained, int payloadBytes) {
    int word = (int) rule;
    int high = (int) (rule >> 32);
    if ((word & (PUBLISH | INERT)) != PUBLISH) {
      // Of delivery. A deny with groups speaks of shared subscriptions only.
      return (word & INERT) != 0 ? high : (word & DENY) != 0 && high != 0 ? NONE : rank(word);
    }
    if (!RETAIN[(word >> 26) & 3].admits(retained)) {
      return (word & DENY) != 0 ? NONE : failed(rank(word), Reason.RETAIN);
    }
    if (qos > ((word >> 24) & 3)) {
      return failed(rank(word), Reason.MAX_QOS);
    }
    if (payloadBytes > high) {
      return failed(rank(word), Reason.MAX_PAYLOAD);
    }
    return rank(word);
  }

  /**
   * Of a SUBSCRIBE whose filter is contained (allow) or met (deny).
   *
   * @param shareGroup null for a subscription that is not shared
   * @param groups by the rule's index
   * @param texts of the client
   */
  static int subscribeScore(
      long rule, @Nullable String shareGroup, NamePattern[][] groups, byte[] texts) {
    int word = (int) rule;
    int high = (int) (rule >> 32);
    if ((word & DENY) != 0) {
      return high == 0 || names(shareGroup, groups[high], texts) ? rank(word) : NONE;
    }
    if ((word & INERT) != 0) {
      return high;
    }
    if (shareGroup != null && !names(shareGroup, groups[high], texts)) {
      return failed(rank(word), Reason.SHARE_GROUP);
    }
    return (2 - ((word >> 24) & 3)) << 24 | rank(word);
  }

  private static boolean names(@Nullable String shareGroup, NamePattern[] groups, byte[] texts) {
    if (shareGroup != null) {
      for (NamePattern pattern : groups) {
        if (pattern.matches(shareGroup, texts)) {
          return true;
        }
      }
    }
    return false;
  }
}

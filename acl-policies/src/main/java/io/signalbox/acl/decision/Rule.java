package io.signalbox.acl.decision;

import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Where;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One pattern of one statement, as it stands at a node of a {@link RuleTrie}.
 *
 * <p>Rules answer with a score, an int that is the better the smaller it is, so that a decision is
 * the minimum over all matching rules and needs no object. Laid out as
 *
 * <pre>
 *   bit 30     1: does not apply, because of ...
 *   bits 24-29    ... this Reason; else 2 minus the QoS that an allowed SUBSCRIBE may have
 *   bits 0-23  rank of the statement; denies rank before allows
 * </pre>
 */
final class Rule {
  /** No rule matched. */
  static final int NONE = Integer.MAX_VALUE;

  static final int RANK_MAX = (1 << 24) - 1;
  private static final int FAILED = 1 << 30;

  private final int rank;
  private final boolean deny;
  private final Where where;
  private final List<NamePattern> shareGroups;
  private final @Nullable Reason inert;

  /** Whether RETAIN, QoS and payload of a message matter: not for subscribing and receiving. */
  private final boolean packetMatters;

  /**
   * @param publish whether it is asked about PUBLISH, and not about SUBSCRIBE or delivery
   * @param inert why this allow never applies for this client, null when it may
   */
  Rule(
      int rank,
      Statement statement,
      boolean publish,
      List<NamePattern> shareGroups,
      @Nullable Reason inert) {
    this.rank = rank;
    this.deny = statement.isDeny();
    this.where = statement.where();
    this.shareGroups = shareGroups;
    this.inert = inert;
    this.packetMatters = publish;
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

  private static final Reason[] REASONS = Reason.values();

  @SuppressWarnings("EnumOrdinal") // lives in one int for one decision, never stored
  private int failed(Reason reason) {
    return FAILED | reason.ordinal() << 24 | rank;
  }

  /** Of a PUBLISH, or of a message to be delivered, whose topic matches. */
  int publishScore(int qos, boolean retained, int payloadBytes) {
    if (inert != null) {
      return failed(inert);
    }
    if (deny && !shareGroups.isEmpty()) {
      return NONE; // it speaks of shared subscriptions only
    }
    if (!packetMatters) {
      return rank;
    }
    if (!where.retain().admits(retained)) {
      return deny ? NONE : failed(Reason.RETAIN);
    }
    if (qos > where.maxQos()) {
      return failed(Reason.MAX_QOS);
    }
    if (payloadBytes > where.maxPayloadBytes()) {
      return failed(Reason.MAX_PAYLOAD);
    }
    return rank;
  }

  /**
   * Of a SUBSCRIBE whose filter is contained (allow) or met (deny).
   *
   * @param shareGroup null for a subscription that is not shared
   */
  int subscribeScore(@Nullable String shareGroup) {
    if (deny) {
      return shareGroups.isEmpty() || names(shareGroup) ? rank : NONE;
    }
    if (inert != null) {
      return failed(inert);
    }
    if (shareGroup != null && !names(shareGroup)) {
      return failed(Reason.SHARE_GROUP);
    }
    return (2 - where.maxQos()) << 24 | rank;
  }

  private boolean names(@Nullable String shareGroup) {
    if (shareGroup != null) {
      for (NamePattern pattern : shareGroups) {
        if (pattern.matches(shareGroup)) {
          return true;
        }
      }
    }
    return false;
  }
}

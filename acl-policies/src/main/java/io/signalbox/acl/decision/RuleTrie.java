package io.signalbox.acl.decision;

import static io.signalbox.acl.decision.RuleCode.BELOW;
import static io.signalbox.acl.decision.RuleCode.HERE;
import static io.signalbox.acl.decision.RuleCode.PLUS;
import static io.signalbox.acl.decision.RuleCode.RULE_BYTES;
import static io.signalbox.acl.decision.RuleCode.SLOTS;
import static io.signalbox.acl.decision.RuleCode.SLOT_BYTES;
import static io.signalbox.acl.decision.RuleCode.TABLE;
import static io.signalbox.acl.decision.RuleCode.TEXTS;
import static io.signalbox.acl.decision.RuleCode.afterCount;
import static io.signalbox.acl.decision.RuleCode.count;
import static io.signalbox.acl.decision.RuleCode.intAt;
import static io.signalbox.acl.decision.RuleCode.longAt;

/**
 * Walks patterns as a tree of levels ({@link RuleCode}) by the bytes of a Topic Name. Without
 * state.
 *
 * <p>A walk answers the smallest score of the rules it meets ({@link Rule}) and allocates nothing.
 * A node is visited at most once in a walk and the recursion goes no deeper than the longest
 * pattern (TopicTemplate.LEVELS_MAX), however long the topic is.
 */
final class RuleTrie {
  private RuleTrie() {}

  /**
   * Of rules whose pattern matches the Topic Name in {@code topic[from..to)}.
   *
   * @param root of the tree, 0 for the empty one
   * @param texts of the client
   */
  static int match(
      byte[] code,
      int root,
      byte[] texts,
      byte[] topic,
      int from,
      int to,
      int qos,
      boolean retained,
      int payloadBytes) {
    if (root == 0) {
      return Rule.NONE;
    }
    boolean dollar = from < to && topic[from] == '$';
    long packet = (long) payloadBytes << 32 | (retained ? 4 : 0) | qos;
    return match(code, root, texts, topic, from, to, dollar, packet);
  }

  /**
   * @param from start of the level that is next; past {@code to} when there is none
   * @param dollar the next level starts with '$' and is the first: no wildcard covers it
   * @param packet payload bytes, RETAIN, QoS
   */
  private static int match(
      byte[] code,
      int start,
      byte[] texts,
      byte[] topic,
      int from,
      int to,
      boolean dollar,
      long packet) {
    int best = Rule.NONE;
    int node = start;
    int level = from;
    boolean wild = !dollar;
    while (true) {
      int flags = code[node];
      int at = node + 1;
      if ((flags & BELOW) != 0) {
        int rules = count(code, at);
        at = afterCount(code, at);
        if (wild) {
          best = Math.min(best, score(code, at, rules, packet));
        }
        at += rules * RULE_BYTES;
      }
      if ((flags & HERE) != 0) {
        int rules = count(code, at);
        at = afterCount(code, at);
        if (level > to) {
          best = Math.min(best, score(code, at, rules, packet));
        }
        at += rules * RULE_BYTES;
      }
      if (level > to || (flags & (PLUS | SLOTS | TEXTS | TABLE)) == 0) {
        return best;
      }
      int end = level;
      while (end < to && topic[end] != '/') {
        end++;
      }
      // All but the last of the nodes to go on with are walked by recursion.
      int next = 0;
      if ((flags & PLUS) != 0) {
        next = wild ? intAt(code, at) : 0;
        at += 4;
      }
      if ((flags & SLOTS) != 0) {
        int slots = count(code, at);
        at = afterCount(code, at);
        for (int stop = at + slots * SLOT_BYTES; at < stop; at += SLOT_BYTES) {
          if (Slots.equal(texts, intAt(code, at), topic, level, end)) {
            if (next != 0) {
              best = Math.min(best, match(code, next, texts, topic, end + 1, to, false, packet));
            }
            next = intAt(code, at + 4);
          }
        }
      }
      if ((flags & (TEXTS | TABLE)) != 0) {
        int child = RuleCode.find(code, at, (flags & TABLE) != 0, topic, level, end);
        if (child != 0) {
          if (next != 0) {
            best = Math.min(best, match(code, next, texts, topic, end + 1, to, false, packet));
          }
          next = child;
        }
      }
      if (next == 0) {
        return best;
      }
      node = next;
      level = end + 1;
      wild = true;
    }
  }

  private static int score(byte[] code, int at, int rules, long packet) {
    int best = Rule.NONE;
    for (int i = 0; i < rules; i++) {
      long rule = longAt(code, at + i * RULE_BYTES);
      best =
          Math.min(
              best,
              Rule.publishScore(rule, (int) packet & 3, (packet & 4) != 0, (int) (packet >> 32)));
    }
    return best;
  }
}

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

import org.jspecify.annotations.Nullable;

/**
 * Walks patterns by the bytes of a Topic Filter, which is canonical. Without state.
 *
 * <p>As in {@link RuleTrie}, a node is visited at most once in a walk, nothing is allocated, and
 * the recursion goes no deeper than the longest pattern.
 */
final class FilterWalk {
  /** How a filter and a pattern must relate for the pattern's rules to count. */
  enum Relation {
    /** The pattern contains the filter. */
    COVER,
    /** They share a topic. */
    INTERSECT,
    /** They are the same text. */
    EXACT
  }

  private FilterWalk() {}

  /**
   * @param root of the tree, 0 for the empty one
   * @param texts of the client
   * @param filter of {@code length} bytes
   * @param shareGroup null for a subscription that is not shared
   * @return the smallest score
   */
  static int walk(
      Relation relation,
      Rules rules,
      int root,
      byte[] texts,
      byte[] filter,
      int length,
      @Nullable String shareGroup) {
    if (root == 0) {
      return Rule.NONE;
    }
    boolean dollar = relation != Relation.EXACT && length > 0 && filter[0] == '$';
    return walk(relation, rules, root, texts, filter, 0, length, dollar, shareGroup);
  }

  /**
   * @param from start of the level that is next; past {@code to} when there is none
   * @param dollar the next level starts with '$' and is the first: no wildcard covers it
   */
  private static int walk(
      Relation relation,
      Rules rules,
      int node,
      byte[] texts,
      byte[] filter,
      int from,
      int to,
      boolean dollar,
      @Nullable String shareGroup) {
    byte[] code = rules.code();
    int end = from;
    while (end < to && filter[end] != '/') {
      end++;
    }
    boolean rest = end - from == 1 && filter[from] == '#';
    boolean any = end - from == 1 && filter[from] == '+';
    if (rest && relation == Relation.INTERSECT) {
      return everything(rules, node, texts, from == 0, shareGroup);
    }
    int best = Rule.NONE;
    int flags = code[node];
    int at = node + 1;
    if ((flags & BELOW) != 0) {
      int count = count(code, at);
      at = afterCount(code, at);
      if (relation == Relation.EXACT ? rest : !dollar) {
        best = score(rules, at, count, texts, shareGroup);
      }
      at += count * RULE_BYTES;
    }
    if ((flags & HERE) != 0) {
      int count = count(code, at);
      at = afterCount(code, at);
      if (from > to) {
        best = Math.min(best, score(rules, at, count, texts, shareGroup));
      }
      at += count * RULE_BYTES;
    }
    if (from > to || rest) {
      return best;
    }
    if ((flags & PLUS) != 0) {
      if (relation == Relation.EXACT ? any : !dollar) {
        int next = intAt(code, at);
        best =
            Math.min(
                best, walk(relation, rules, next, texts, filter, end + 1, to, false, shareGroup));
      }
      at += 4;
    }
    if (any && relation != Relation.INTERSECT) {
      return best; // no fixed level contains it
    }
    if ((flags & SLOTS) != 0) {
      int slots = count(code, at);
      at = afterCount(code, at);
      for (int stop = at + slots * SLOT_BYTES; at < stop; at += SLOT_BYTES) {
        int slot = intAt(code, at);
        if (any
            ? from > 0 || !Slots.startsWithDollar(texts, slot)
            : Slots.equal(texts, slot, filter, from, end)) {
          int next = intAt(code, at + 4);
          best =
              Math.min(
                  best, walk(relation, rules, next, texts, filter, end + 1, to, false, shareGroup));
        }
      }
    }
    if (any) {
      for (var text = new TextEdges(code, at, flags); text.next(); ) {
        if (from > 0 || !text.startsWithDollar()) {
          best =
              Math.min(
                  best,
                  walk(
                      relation, rules, text.node(), texts, filter, end + 1, to, false, shareGroup));
        }
      }
      return best;
    }
    if ((flags & (TEXTS | TABLE)) != 0) {
      int next = RuleCode.find(code, at, (flags & TABLE) != 0, filter, from, end);
      if (next != 0) {
        best =
            Math.min(
                best, walk(relation, rules, next, texts, filter, end + 1, to, false, shareGroup));
      }
    }
    return best;
  }

  /** Of all rules from this node down. */
  private static int everything(
      Rules rules, int node, byte[] texts, boolean first, @Nullable String shareGroup) {
    byte[] code = rules.code();
    int best = Rule.NONE;
    int flags = code[node];
    int at = node + 1;
    for (int kind = BELOW; kind <= HERE; kind <<= 1) {
      if ((flags & kind) != 0) {
        int count = count(code, at);
        at = afterCount(code, at);
        best = Math.min(best, score(rules, at, count, texts, shareGroup));
        at += count * RULE_BYTES;
      }
    }
    if ((flags & PLUS) != 0) {
      best = Math.min(best, everything(rules, intAt(code, at), texts, false, shareGroup));
      at += 4;
    }
    if ((flags & SLOTS) != 0) {
      int slots = count(code, at);
      at = afterCount(code, at);
      for (int stop = at + slots * SLOT_BYTES; at < stop; at += SLOT_BYTES) {
        if (!first || !Slots.startsWithDollar(texts, intAt(code, at))) {
          best = Math.min(best, everything(rules, intAt(code, at + 4), texts, false, shareGroup));
        }
      }
    }
    for (var text = new TextEdges(code, at, flags); text.next(); ) {
      if (!first || !text.startsWithDollar()) {
        best = Math.min(best, everything(rules, text.node(), texts, false, shareGroup));
      }
    }
    return best;
  }

  private static int score(
      Rules rules, int at, int count, byte[] texts, @Nullable String shareGroup) {
    int best = Rule.NONE;
    for (int i = 0; i < count; i++) {
      long rule = longAt(rules.code(), at + i * RULE_BYTES);
      best = Math.min(best, Rule.subscribeScore(rule, shareGroup, rules.groups(), texts));
    }
    return best;
  }

  /** The fixed levels of a node, one after the other: for filters with wildcards. One thread. */
  private static final class TextEdges {
    private final byte[] code;
    private final boolean table;

    /** Of the next entry, or of the next place in the table. */
    private int at;

    private int left;
    private int entry;

    TextEdges(byte[] code, int at, int flags) {
      this.code = code;
      this.table = (flags & TABLE) != 0;
      if (table) {
        this.left = intAt(code, at) + 1;
        this.at = at + 4;
      } else if ((flags & TEXTS) != 0) {
        this.left = count(code, at);
        this.at = afterCount(code, at);
      }
    }

    boolean next() {
      while (left > 0) {
        left--;
        if (!table) {
          entry = at;
          at = afterCount(code, entry) + 4 + count(code, entry);
          return true;
        }
        entry = intAt(code, at);
        at += 4;
        if (entry != 0) {
          return true;
        }
      }
      return false;
    }

    int node() {
      return intAt(code, afterCount(code, entry));
    }

    boolean startsWithDollar() {
      return count(code, entry) > 0 && code[afterCount(code, entry) + 4] == '$';
    }
  }
}

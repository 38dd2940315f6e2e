package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Patterns as a tree of levels, walked by the bytes of a Topic Name or Topic Filter. Immutable.
 *
 * <p>Every walk answers the smallest score of the rules it meets ({@link Rule}) and allocates
 * nothing. A node is visited at most once in a walk and the recursion goes no deeper than the
 * longest pattern (TopicTemplate.LEVELS_MAX), however long the topic is.
 */
final class RuleTrie {
  private static final Rule[] NO_RULES = {};
  static final RuleTrie EMPTY = new Builder().build();

  private final Node root;
  private final boolean empty;

  private RuleTrie(Node root) {
    this.root = root;
    this.empty = root.children == null && root.plus == null && root.below.length == 0;
  }

  boolean isEmpty() {
    return empty;
  }

  /** Of rules whose pattern matches the Topic Name in {@code topic[from..to)}. */
  int match(byte[] topic, int from, int to, int qos, boolean retained, int payloadBytes) {
    if (empty) {
      return Rule.NONE;
    }
    boolean dollar = from < to && topic[from] == '$';
    return match(root, topic, from, to, dollar, qos, retained, payloadBytes);
  }

  /** Of rules whose pattern contains the Topic Filter, which is canonical. */
  int cover(byte[] filter, int length, @Nullable String shareGroup) {
    return empty
        ? Rule.NONE
        : cover(root, filter, 0, length, length > 0 && filter[0] == '$', shareGroup);
  }

  /** Of rules whose pattern shares a topic with the Topic Filter, which is canonical. */
  int intersect(byte[] filter, int length, @Nullable String shareGroup) {
    return empty
        ? Rule.NONE
        : intersect(root, filter, 0, length, length > 0 && filter[0] == '$', shareGroup);
  }

  /**
   * @param at start of the level that is next; past {@code to} when there is none
   * @param dollar the next level starts with '$' and is the first: no wildcard covers it
   */
  private static int match(
      Node node,
      byte[] topic,
      int at,
      int to,
      boolean dollar,
      int qos,
      boolean retained,
      int bytes) {
    int best = dollar ? Rule.NONE : publishScore(node.below, qos, retained, bytes);
    if (at > to) {
      return Math.min(best, publishScore(node.here, qos, retained, bytes));
    }
    LevelTable children = node.children;
    if (children == null && node.plus == null) {
      return best;
    }
    int end = at;
    int hash = 0;
    while (end < to && topic[end] != '/') {
      hash = 31 * hash + topic[end++];
    }
    Node child = children == null ? null : children.get(topic, at, end, hash);
    if (child != null) {
      best = Math.min(best, match(child, topic, end + 1, to, false, qos, retained, bytes));
    }
    if (node.plus != null && !dollar) {
      best = Math.min(best, match(node.plus, topic, end + 1, to, false, qos, retained, bytes));
    }
    return best;
  }

  private static int cover(
      Node node, byte[] filter, int at, int to, boolean dollar, @Nullable String shareGroup) {
    int best = dollar ? Rule.NONE : subscribeScore(node.below, shareGroup);
    if (at > to) {
      return Math.min(best, subscribeScore(node.here, shareGroup));
    }
    int end = levelEnd(filter, at, to);
    if (isWildcard(filter, at, end, '#')) {
      return best;
    }
    Node child = node.children == null ? null : node.children.get(filter, at, end);
    if (child != null) {
      best = Math.min(best, cover(child, filter, end + 1, to, false, shareGroup));
    }
    if (node.plus != null && !dollar) {
      best = Math.min(best, cover(node.plus, filter, end + 1, to, false, shareGroup));
    }
    return best;
  }

  private static int intersect(
      Node node, byte[] filter, int at, int to, boolean dollar, @Nullable String shareGroup) {
    int best = dollar ? Rule.NONE : subscribeScore(node.below, shareGroup);
    if (at > to) {
      return Math.min(best, subscribeScore(node.here, shareGroup));
    }
    int end = levelEnd(filter, at, to);
    if (isWildcard(filter, at, end, '#')) {
      return Math.min(best, everything(node, at == 0, shareGroup));
    }
    if (isWildcard(filter, at, end, '+')) {
      if (node.children != null) {
        for (LevelTable.Slot slot : node.children.slots()) {
          if (at > 0 || !slot.startsWithDollar()) {
            best = Math.min(best, intersect(slot.node(), filter, end + 1, to, false, shareGroup));
          }
        }
      }
    } else {
      Node child = node.children == null ? null : node.children.get(filter, at, end);
      if (child != null) {
        best = Math.min(best, intersect(child, filter, end + 1, to, false, shareGroup));
      }
    }
    if (node.plus != null && !dollar) {
      best = Math.min(best, intersect(node.plus, filter, end + 1, to, false, shareGroup));
    }
    return best;
  }

  /** Of all rules from this node down. */
  private static int everything(Node node, boolean first, @Nullable String shareGroup) {
    int best =
        Math.min(subscribeScore(node.here, shareGroup), subscribeScore(node.below, shareGroup));
    if (node.children != null) {
      for (LevelTable.Slot slot : node.children.slots()) {
        if (!first || !slot.startsWithDollar()) {
          best = Math.min(best, everything(slot.node(), false, shareGroup));
        }
      }
    }
    return node.plus == null ? best : Math.min(best, everything(node.plus, false, shareGroup));
  }

  private static int publishScore(Rule[] rules, int qos, boolean retained, int payloadBytes) {
    int best = Rule.NONE;
    for (Rule rule : rules) {
      best = Math.min(best, rule.publishScore(qos, retained, payloadBytes));
    }
    return best;
  }

  private static int subscribeScore(Rule[] rules, @Nullable String shareGroup) {
    int best = Rule.NONE;
    for (Rule rule : rules) {
      best = Math.min(best, rule.subscribeScore(shareGroup));
    }
    return best;
  }

  private static int levelEnd(byte[] filter, int at, int to) {
    int end = at;
    while (end < to && filter[end] != '/') {
      end++;
    }
    return end;
  }

  private static boolean isWildcard(byte[] filter, int at, int end, char wildcard) {
    return end - at == 1 && filter[at] == wildcard;
  }

  /** Where patterns part. */
  static final class Node {
    /** Rules whose pattern ends here. */
    final Rule[] here;

    /** Rules whose pattern goes on with "#" and ends. */
    final Rule[] below;

    /** Where patterns go on with "+". */
    final @Nullable Node plus;

    /** Where patterns go on with a fixed level. */
    final @Nullable LevelTable children;

    private Node(Builder builder) {
      here = builder.here.toArray(NO_RULES);
      below = builder.below.toArray(NO_RULES);
      plus = builder.plus == null ? null : builder.plus.node();
      children = builder.children.isEmpty() ? null : LevelTable.of(builder.children);
    }
  }

  /** A node that still grows. One thread. */
  static final class Builder {
    private final List<Rule> here = new ArrayList<>(1);
    private final List<Rule> below = new ArrayList<>(1);
    private final Map<String, Builder> children = new HashMap<>(2);
    private @Nullable Builder plus;

    void add(Filter pattern, Rule rule) {
      Builder node = this;
      for (String level : pattern.levels()) {
        if (level.equals("#")) {
          node.below.add(rule);
          return;
        }
        if (level.equals("+")) {
          if (node.plus == null) {
            node.plus = new Builder();
          }
          node = node.plus;
        } else {
          node = node.children.computeIfAbsent(level, _ -> new Builder());
        }
      }
      node.here.add(rule);
    }

    boolean isEmpty() {
      return below.isEmpty() && children.isEmpty() && plus == null;
    }

    RuleTrie build() {
      return new RuleTrie(node());
    }

    Node node() {
      return new Node(this);
    }
  }
}

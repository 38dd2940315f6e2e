package io.signalbox.acl.source;

import io.signalbox.acl.source.Node.Entry;
import io.signalbox.acl.source.Node.ListNode;
import io.signalbox.acl.source.Node.MapNode;
import io.signalbox.acl.source.Node.ScalarNode;
import io.signalbox.acl.source.Node.ScalarType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts nodes together while a reader walks a text, and holds what every format has in common: the
 * limits, and that no key stands twice. One document, one thread.
 */
final class NodeBuilder {
  private final SourceLimits limits;
  private final Problems problems;
  private final Deque<Open> open = new ArrayDeque<>();
  private int nodes;
  private @Nullable Node root;

  NodeBuilder(SourceLimits limits, Problems problems) {
    this.limits = limits;
    this.problems = problems;
  }

  void startMap(Position position) throws SourceException {
    start(new Open(position, true));
  }

  void startList(Position position) throws SourceException {
    start(new Open(position, false));
  }

  void end() {
    Open done = open.pop();
    add(
        done.isMap
            ? new MapNode(done.position, done.entries)
            : new ListNode(done.position, done.items));
  }

  /** The next thing in a map is a key. */
  boolean expectsKey() {
    Open top = open.peek();
    return top != null && top.isMap && top.key == null;
  }

  void key(Position position, String key) throws SourceException {
    count(position);
    Open top = open.element();
    top.key = key;
    top.keyPosition = position;
    Position first = top.first(key);
    if (first != null) {
      problems.add(
          position,
          "key \"%s\" stands twice in this map%s; keep one"
              .formatted(key, first.line() == 0 ? "" : ", first in line " + first.line()));
    }
  }

  void scalar(Position position, String text, ScalarType type) throws SourceException {
    count(position);
    add(new ScalarNode(position, text, type));
  }

  /** The finished document. */
  Node root(Position start) throws SourceException {
    if (root == null) {
      throw new SourceException(start, "the document is empty");
    }
    return root;
  }

  private void start(Open next) throws SourceException {
    count(next.position);
    if (open.size() == limits.depthMax()) {
      throw new SourceException(
          next.position, "lists and maps are nested deeper than " + limits.depthMax());
    }
    open.push(next);
  }

  private void count(Position position) throws SourceException {
    if (++nodes > limits.nodesMax()) {
      throw new SourceException(
          position, "the document has more than %d values".formatted(limits.nodesMax()));
    }
  }

  private void add(Node node) {
    Open top = open.peek();
    if (top == null) {
      root = node;
    } else if (top.key == null || top.keyPosition == null) {
      top.items.add(node);
    } else {
      top.entries.add(new Entry(top.keyPosition, top.key, node));
      top.key = null;
    }
  }

  /** A list or map that is not finished yet. */
  private static final class Open {
    /** Up to here looking at every entry is cheaper than hashing. */
    private static final int FEW_ENTRIES = 16;

    final Position position;
    final boolean isMap;
    final List<Node> items;
    final List<Entry> entries;
    @Nullable String key;
    @Nullable Position keyPosition;
    private @Nullable Map<String, Position> seen;

    Open(Position position, boolean isMap) {
      this.position = position;
      this.isMap = isMap;
      this.items = isMap ? List.of() : new ArrayList<>(4);
      this.entries = isMap ? new ArrayList<>(8) : List.of();
    }

    /** Where a key stands among the finished entries. */
    @Nullable Position first(String wanted) {
      if (entries.size() <= FEW_ENTRIES) {
        for (int i = 0; i < entries.size(); i++) {
          if (entries.get(i).key().equals(wanted)) {
            return entries.get(i).keyPosition();
          }
        }
        return null;
      }
      Map<String, Position> known = seen;
      if (known == null) {
        known = new HashMap<>();
        for (Entry entry : entries) {
          known.putIfAbsent(entry.key(), entry.keyPosition());
        }
        seen = known;
      } else {
        known.putIfAbsent(entries.getLast().key(), entries.getLast().keyPosition());
      }
      return known.get(wanted);
    }
  }
}

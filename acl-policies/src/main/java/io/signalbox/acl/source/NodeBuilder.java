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
    start(new Open(position, new HashMap<>()));
  }

  void startList(Position position) throws SourceException {
    start(new Open(position, null));
  }

  void end() {
    Open done = open.pop();
    add(
        done.seen == null
            ? new ListNode(done.position, done.items)
            : new MapNode(done.position, done.entries));
  }

  /** The next thing in a map is a key. */
  boolean expectsKey() {
    Open top = open.peek();
    return top != null && top.seen != null && top.key == null;
  }

  void key(Position position, String key) throws SourceException {
    count(position);
    Open top = open.element();
    top.key = key;
    top.keyPosition = position;
    Map<String, Position> seen = top.seen;
    if (seen != null) {
      Position first = seen.putIfAbsent(key, position);
      if (first != null) {
        problems.add(
            position,
            "key \"%s\" stands twice in this map%s; keep one"
                .formatted(key, first.line() == 0 ? "" : ", first in line " + first.line()));
      }
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

  /** A list (seen is null) or map that is not finished yet. */
  private static final class Open {
    final Position position;
    final @Nullable Map<String, Position> seen;
    final List<Node> items = new ArrayList<>();
    final List<Entry> entries = new ArrayList<>();
    @Nullable String key;
    @Nullable Position keyPosition;

    Open(Position position, @Nullable Map<String, Position> seen) {
      this.position = position;
      this.seen = seen;
    }
  }
}

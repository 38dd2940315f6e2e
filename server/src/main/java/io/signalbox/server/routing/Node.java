package io.signalbox.server.routing;

import io.signalbox.server.topic.TopicName;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A node of the {@link SubscriptionTrie}: the filters that share the levels from the root to here.
 *
 * <p>Its label is one level or several ({@code a/+/c}): a chain of levels that nothing branches off
 * is one node. Labels never hold {@code #}; a filter that ends in {@code /#} is kept at the node
 * before it, which is also the parent level that it matches. Label and hash never change; the rest
 * is changed by one writer at a time and read by everybody.
 */
final class Node implements Children {
  private static final byte[] NO_LABEL = {};

  private final byte[] label;
  private final int hash; // of the label's first level
  private final char
      furtherLevels; // of the label; 65,535 bytes have at most 65,535 beyond the first
  private final boolean labelHasPlus;

  private volatile @Nullable Children children;
  private volatile @Nullable Node plus;
  private volatile @Nullable Audience here;
  private volatile @Nullable Audience below;

  /** A root, or a node with a label of one level or more. */
  Node(byte[] label) {
    this.label = label;
    this.hash = TopicName.hash(label, 0, levelEnd(label, 0, label.length));
    int slashes = 0;
    boolean hasPlus = false;
    for (byte b : label) {
      if (b == '/') {
        slashes++;
      } else if (b == '+') {
        hasPlus = true; // a filter has it as a whole level only
      }
    }
    this.furtherLevels = (char) slashes;
    this.labelHasPlus = hasPlus;
  }

  static Node root() {
    return new Node(NO_LABEL);
  }

  /**
   * This node under another label. Readers that are in the old one still find all that was there
   * when they came.
   */
  private Node relabelled(byte[] newLabel) {
    var copy = new Node(newLabel);
    copy.children = children;
    copy.plus = plus;
    copy.here = here;
    copy.below = below;
    return copy;
  }

  /** Offset of the next slash, or {@code to}. */
  static int levelEnd(byte[] utf8, int from, int to) {
    int i = from;
    while (i < to && utf8[i] != '/') {
      i++;
    }
    return i;
  }

  int hash() {
    return hash;
  }

  int labelLength() {
    return label.length;
  }

  /** Levels of the label of any node but a root. */
  int levels() {
    return 1 + furtherLevels;
  }

  @Nullable Audience here() {
    return here;
  }

  @Nullable Audience below() {
    return below;
  }

  @Nullable Node plus() {
    return plus;
  }

  /** Subscribers to the filter that ends at this node, or to that filter with {@code /#}. */
  @Nullable Audience audience(boolean multiLevel) {
    return multiLevel ? below : here;
  }

  void audience(boolean multiLevel, @Nullable Audience changed) {
    if (multiLevel) {
      below = changed;
    } else {
      here = changed;
    }
  }

  /** The child whose label starts with a literal level. Any thread. */
  @Nullable Node child(byte[] utf8, int from, int to) {
    Children some = children;
    if (some == null) {
      return null;
    }
    int levelHash = TopicName.hash(utf8, from, to - from);
    if (some instanceof ChildTable table) {
      return table.find(utf8, from, to, levelHash);
    }
    Node lone = (Node) some;
    return lone.startsWith(utf8, from, to, levelHash) ? lone : null;
  }

  /** Whether the label's first level is this one. */
  boolean startsWith(byte[] utf8, int from, int to, int levelHash) {
    int length = to - from;
    return hash == levelHash
        && (label.length == length || (label.length > length && label[length] == '/'))
        && Arrays.equals(label, 0, length, utf8, from, to);
  }

  /** Whether the levels of a name from {@code level} on start with this label. Any thread. */
  boolean matches(TopicName name, int level) {
    int last = level + furtherLevels;
    if (last >= name.levelCount()) {
      return false;
    }
    int from = name.levelStart(level);
    int to = name.levelEnd(last);
    return labelHasPlus
        ? matchesWithPlus(name.utf8(), from, to)
        : Arrays.equals(label, 0, label.length, name.utf8(), from, to);
  }

  private boolean matchesWithPlus(byte[] utf8, int from, int to) {
    int i = from;
    for (byte b : label) {
      if (b == '+') {
        i = levelEnd(utf8, i, to);
      } else if (i < to && utf8[i] == b) {
        i++;
      } else {
        return false;
      }
    }
    return i == to;
  }

  // The rest is for the writer.

  /**
   * Bytes of the whole levels that the label has in common with a filter from {@code from} on; at
   * least the first level is.
   */
  int commonLength(byte[] utf8, int from, int to) {
    int mismatch = Arrays.mismatch(label, 0, label.length, utf8, from, to);
    if (mismatch < 0) {
      return label.length;
    }
    boolean labelEnds = mismatch == label.length || label[mismatch] == '/';
    boolean filterEnds = from + mismatch == to || utf8[from + mismatch] == '/';
    if (labelEnds && filterEnds) {
      return mismatch;
    }
    int slash = mismatch - 1;
    while (label[slash] != '/') {
      slash--;
    }
    return slash;
  }

  /**
   * Two nodes in the place of this one: the first with so many bytes of the label, the second below
   * it with the rest.
   */
  Node split(int length) {
    var upper = new Node(Arrays.copyOf(label, length));
    upper.attach(relabelled(Arrays.copyOfRange(label, length + 1, label.length)));
    return upper;
  }

  /** One node in the place of this one and its only child. */
  Node joinedWith(Node only) {
    byte[] joined = Arrays.copyOf(label, label.length + 1 + only.label.length);
    joined[label.length] = '/';
    System.arraycopy(only.label, 0, joined, label.length + 1, only.label.length);
    return only.relabelled(joined);
  }

  private boolean startsWithPlus() {
    return label.length > 0 && label[0] == '+';
  }

  /** Adds a child whose first level no other child has. */
  void attach(Node child) {
    if (child.startsWithPlus()) {
      plus = child;
      return;
    }
    switch (children) {
      case null -> children = child;
      case Node lone -> {
        var table = new ChildTable();
        table.put(lone);
        table.put(child);
        children = table;
      }
      case ChildTable table -> table.put(child);
    }
  }

  /** Puts a node in the place of a child with the same first level. */
  void replace(Node child, Node replacement) {
    if (plus == child) {
      plus = replacement;
    } else if (children instanceof ChildTable table) {
      table.replace(child, replacement);
    } else {
      children = replacement;
    }
  }

  void detach(Node child) {
    if (plus == child) {
      plus = null;
    } else if (children instanceof ChildTable table) {
      table.remove(child);
      if (table.size() == 1) {
        children = table.lone();
      }
    } else {
      children = null;
    }
  }

  boolean isAudienceEmpty() {
    return here == null && below == null;
  }

  boolean isLeaf() {
    return children == null && plus == null;
  }

  /** The child of a node that has one and no more, or null. */
  @Nullable Node onlyChild() {
    if (plus != null) {
      return children == null ? plus : null;
    }
    return children instanceof Node lone ? lone : null;
  }
}

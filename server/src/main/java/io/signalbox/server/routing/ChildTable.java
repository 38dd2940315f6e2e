package io.signalbox.server.routing;

import org.jspecify.annotations.Nullable;

/** Two and more children of a node, by the first level of their labels. */
final class ChildTable extends Table<Node> implements Children {

  @Override
  int hash(Node child) {
    return child.hash();
  }

  /** Any thread. */
  @Nullable Node find(byte[] utf8, int from, int to, int hash) {
    @Nullable Object[] slots = slots();
    int mask = slots.length - 1;
    for (int i = hash & mask; ; i = (i + 1) & mask) {
      Object slot = slot(slots, i);
      if (slot == null) {
        return null;
      }
      if (isElement(slot)) {
        Node child = (Node) slot;
        if (child.startsWith(utf8, from, to, hash)) {
          return child;
        }
      }
    }
  }
}

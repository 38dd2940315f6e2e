package io.signalbox.server.routing;

import org.jspecify.annotations.Nullable;

/** Two and more groups that share one filter, by Share Name. */
final class GroupTable extends Table<SharedGroup> implements SharedGroups {

  @Override
  int hash(SharedGroup group) {
    return group.nameHash();
  }

  /** The group in a slot, or null when the slot holds none. Any thread. */
  static @Nullable SharedGroup group(@Nullable Object[] slots, int index) {
    Object slot = slot(slots, index);
    return isElement(slot) ? (SharedGroup) slot : null;
  }

  @Nullable SharedGroup find(String shareName) {
    @Nullable Object[] slots = slots();
    int mask = slots.length - 1;
    for (int i = SharedGroup.nameHash(shareName) & mask; ; i = (i + 1) & mask) {
      Object slot = slot(slots, i);
      if (slot == null) {
        return null;
      }
      if (isElement(slot) && ((SharedGroup) slot).shareName().equals(shareName)) {
        return (SharedGroup) slot;
      }
    }
  }
}

package io.signalbox.acl.decision;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Fixed levels by their UTF-8 bytes: open addressing, at most half full. The keys come from
 * policies, so nobody who sends topics can make them collide.
 */
final class LevelTable {
  /** One level and where it leads. */
  record Slot(byte[] level, int hash, RuleTrie.Node node) {
    boolean startsWithDollar() {
      return level.length > 0 && level[0] == '$';
    }
  }

  private static final @Nullable Slot[] NO_TABLE = {};

  /** Empty when there is one level only. */
  private final @Nullable Slot[] table;

  // The only level, which is what most nodes have: not behind a table, for each step to an object
  // that is not in the processor's cache costs as much as all the rest of the look-up.
  private final byte[] level;
  private final RuleTrie.Node node;

  private final Slot[] slots;

  private LevelTable(Slot[] slots) {
    this.slots = slots;
    this.level = slots[0].level;
    this.node = slots[0].node;
    if (slots.length == 1) {
      table = NO_TABLE;
      return;
    }
    int size = Integer.highestOneBit(slots.length) << 2;
    table = new @Nullable Slot[size];
    for (Slot slot : slots) {
      int i = slot.hash & (size - 1);
      while (table[i] != null) {
        i = (i + 1) & (size - 1);
      }
      table[i] = slot;
    }
  }

  static LevelTable of(Map<String, RuleTrie.Builder> children) {
    Slot[] slots = new Slot[children.size()];
    int i = 0;
    for (Map.Entry<String, RuleTrie.Builder> child : children.entrySet()) {
      byte[] level = child.getKey().getBytes(StandardCharsets.UTF_8);
      slots[i++] = new Slot(level, hash(level, 0, level.length), child.getValue().node());
    }
    return new LevelTable(slots);
  }

  Slot[] slots() {
    return slots;
  }

  RuleTrie.@Nullable Node get(byte[] text, int from, int to) {
    return get(text, from, to, hash(text, from, to));
  }

  RuleTrie.@Nullable Node get(byte[] text, int from, int to, int hash) {
    if (table.length == 0) {
      return Arrays.equals(level, 0, level.length, text, from, to) ? node : null;
    }
    int mask = table.length - 1;
    int i = hash & mask;
    for (int probes = 0; probes <= mask; probes++) {
      Slot slot = table[i];
      if (slot == null) {
        return null;
      }
      if (slot.hash == hash && Arrays.equals(slot.level, 0, slot.level.length, text, from, to)) {
        return slot.node;
      }
      i = (i + 1) & mask;
    }
    return null;
  }

  private static int hash(byte[] text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text[i];
    }
    return hash;
  }
}

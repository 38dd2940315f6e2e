package io.signalbox.acl.decision;

import io.signalbox.acl.decision.LevelPattern.Any;
import io.signalbox.acl.decision.LevelPattern.Level;
import io.signalbox.acl.decision.LevelPattern.Rest;
import io.signalbox.acl.decision.LevelPattern.Slot;
import io.signalbox.acl.decision.LevelPattern.Text;
import io.signalbox.acl.decision.RuleCode.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tree of patterns that still grows, and in the end is written as {@link RuleCode}. One thread.
 */
final class TrieBuilder {
  private static final long[] NO_RULES = {};

  private long[] here = NO_RULES;
  private long[] below = NO_RULES;
  private int hereCount;
  private int belowCount;
  private final Map<String, TrieBuilder> texts = new LinkedHashMap<>(2);
  private final Map<Integer, TrieBuilder> slots = new LinkedHashMap<>(2);
  private @Nullable TrieBuilder plus;

  void add(LevelPattern pattern, long rule) {
    TrieBuilder node = this;
    for (Level level : pattern.levels()) {
      switch (level) {
        case Rest() -> {
          node.below = room(node.below, node.belowCount);
          node.below[node.belowCount++] = rule;
          return;
        }
        case Any() -> {
          if (node.plus == null) {
            node.plus = new TrieBuilder();
          }
          node = node.plus;
        }
        case Text(String text) -> node = node.texts.computeIfAbsent(text, _ -> new TrieBuilder());
        case Slot(int slot) -> node = node.slots.computeIfAbsent(slot, _ -> new TrieBuilder());
      }
    }
    node.here = room(node.here, node.hereCount);
    node.here[node.hereCount++] = rule;
  }

  private static long[] room(long[] rules, int count) {
    return count < rules.length ? rules : Arrays.copyOf(rules, Math.max(1, 2 * count));
  }

  boolean isEmpty() {
    return belowCount == 0 && texts.isEmpty() && slots.isEmpty() && plus == null;
  }

  /** Answers where its root is, 0 when it is empty. */
  int write(Writer code) {
    return isEmpty() ? 0 : writeNode(code);
  }

  private int writeNode(Writer code) {
    int start = code.end();
    boolean table = texts.size() > RuleCode.TEXTS_MAX;
    code.flags(
        (belowCount > 0 ? RuleCode.BELOW : 0)
            | (hereCount > 0 ? RuleCode.HERE : 0)
            | (plus != null ? RuleCode.PLUS : 0)
            | (slots.isEmpty() ? 0 : RuleCode.SLOTS)
            | (texts.isEmpty() || table ? 0 : RuleCode.TEXTS)
            | (table ? RuleCode.TABLE : 0));
    writeRules(code, below, belowCount);
    writeRules(code, here, hereCount);
    // Where children go is known once they are written, right behind, in the order they are tried.
    List<Integer> places = new ArrayList<>();
    List<TrieBuilder> children = new ArrayList<>();
    if (plus != null) {
      places.add(code.number(0));
      children.add(plus);
    }
    if (!slots.isEmpty()) {
      code.count(slots.size());
      slots.forEach(
          (slot, child) -> {
            code.number(slot);
            places.add(code.number(0));
            children.add(child);
          });
    }
    if (table) {
      writeTable(code, places);
    } else if (!texts.isEmpty()) {
      code.count(texts.size());
      texts.keySet().forEach(text -> places.add(writeEntry(code, utf8(text))));
    }
    children.addAll(texts.values());
    for (int i = 0; i < children.size(); i++) {
      code.set(places.get(i), children.get(i).writeNode(code));
    }
    return start;
  }

  private static void writeRules(Writer code, long[] rules, int count) {
    if (count > 0) {
      code.count(count);
      for (int i = 0; i < count; i++) {
        code.rule(rules[i]);
      }
    }
  }

  private void writeTable(Writer code, List<Integer> places) {
    int size = Integer.highestOneBit(texts.size()) << 2;
    code.number(size - 1);
    int table = code.end();
    for (int i = 0; i < size; i++) {
      code.number(0);
    }
    for (String text : texts.keySet()) {
      byte[] utf8 = utf8(text);
      int i = RuleCode.hash(utf8, 0, utf8.length) & (size - 1);
      while (code.get(table + 4 * i) != 0) {
        i = (i + 1) & (size - 1);
      }
      code.set(table + 4 * i, code.end());
      places.add(writeEntry(code, utf8));
    }
  }

  /** Answers where its node is to be written. */
  private static int writeEntry(Writer code, byte[] text) {
    code.count(text.length);
    int place = code.number(0);
    code.bytes(text);
    return place;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

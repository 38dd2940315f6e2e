package io.signalbox.acl.decision;

import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.Template.Literal;
import io.signalbox.acl.model.Template.Part;
import io.signalbox.acl.model.Template.Variable;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.subject.Attribute;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The places of compiled rules that hold another text for each client: every level and name with a
 * variable in it. Equal templates with equal values share one. Immutable.
 *
 * <p>The texts of one client are one array: for each slot the int offset of its text, one more for
 * the end, then the UTF-8 of all of them. That is all that is kept for each of many clients.
 */
final class Slots {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
  private static final byte[] NO_TEXTS = {};

  /** Of clients without any: shared. */
  static final Slots NONE = new Slots(List.of());

  /**
   * @param parts of the level or name
   * @param attributes for each part which attribute stands there; -1 for a literal
   * @param values for each part which of the attribute's usable values
   */
  private record Slot(List<Part> parts, int[] attributes, int[] values) {}

  private final List<Slot> slots;

  private Slots(List<Slot> slots) {
    this.slots = slots;
  }

  /**
   * Texts for a client with as many values as the one that the slots were made for.
   *
   * @param values of all attributes, in the order that {@link Builder} was given
   */
  byte[] texts(Values[] values) {
    if (slots.isEmpty()) {
      return NO_TEXTS;
    }
    int end = 4 * (slots.size() + 1);
    byte[] texts = new byte[end + 24 * slots.size()];
    for (int i = 0; i < slots.size(); i++) {
      INT.set(texts, 4 * i, end);
      byte[] text = text(slots.get(i), values).getBytes(StandardCharsets.UTF_8);
      if (end + text.length > texts.length) {
        texts = Arrays.copyOf(texts, end + text.length + 24 * (slots.size() - i));
      }
      System.arraycopy(text, 0, texts, end, text.length);
      end += text.length;
    }
    INT.set(texts, 4 * slots.size(), end);
    return Arrays.copyOf(texts, end);
  }

  private static String text(Slot slot, Values[] values) {
    if (slot.parts.size() == 1) {
      return values[slot.attributes[0]].usable().get(slot.values[0]);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < slot.attributes.length; i++) {
      text.append(
          slot.parts.get(i) instanceof Literal(String literal)
              ? literal
              : values[slot.attributes[i]].usable().get(slot.values[i]));
    }
    return text.toString();
  }

  /** Whether the slot's text is {@code with[from..to)}. */
  static boolean equal(byte[] texts, int slot, byte[] with, int from, int to) {
    int start = start(texts, slot);
    int end = end(texts, slot);
    return end - start == to - from && Arrays.equals(texts, start, end, with, from, to);
  }

  static int start(byte[] texts, int slot) {
    return (int) INT.get(texts, 4 * slot);
  }

  static int end(byte[] texts, int slot) {
    return (int) INT.get(texts, 4 * slot + 4);
  }

  static boolean startsWithDollar(byte[] texts, int slot) {
    return texts[start(texts, slot)] == '$'; // no slot is empty
  }

  /** Collects slots while patterns and names are compiled. One thread. */
  static final class Builder {
    private record Key(Template template, Map<Attribute, String> values) {}

    private final Map<Key, Integer> indexes = new HashMap<>();
    private final List<Slot> slots = new ArrayList<>();
    private final List<Attribute> attributes;
    private final Values[] values;

    /**
     * @param attributes all that any template may have as variables
     * @param values of one client, for each of them
     */
    Builder(List<Attribute> attributes, Values[] values) {
      this.attributes = attributes;
      this.values = values;
    }

    LevelPattern pattern(TopicTemplate template, Map<Attribute, String> values) {
      List<LevelPattern.Level> levels = new ArrayList<>();
      for (Template level : template.levels()) {
        if (level.isLiteral()) {
          levels.add(LevelPattern.Level.of(level.toString()));
        } else if (values.keySet().containsAll(level.variables())) {
          levels.add(new LevelPattern.Slot(slot(level, values)));
        } else {
          levels.add(LevelPattern.ANY);
        }
      }
      return LevelPattern.of(levels);
    }

    NamePattern name(NameTemplate template, Map<Attribute, String> values) {
      return template.template().isLiteral()
          ? NamePattern.literal(template.template().toString(), template.prefix())
          : new NamePattern("", slot(template.template(), values), template.prefix());
    }

    Slots build() {
      return slots.isEmpty() ? NONE : new Slots(List.copyOf(slots));
    }

    private int slot(Template template, Map<Attribute, String> given) {
      Map<Attribute, String> own = new LinkedHashMap<>(given);
      own.keySet().retainAll(template.variables());
      return indexes.computeIfAbsent(
          new Key(template, own),
          _ -> {
            slots.add(slot(template.parts(), own));
            return slots.size() - 1;
          });
    }

    private Slot slot(List<Part> parts, Map<Attribute, String> own) {
      int[] at = new int[parts.size()];
      int[] which = new int[parts.size()];
      for (int i = 0; i < at.length; i++) {
        at[i] = -1;
        if (parts.get(i) instanceof Variable(Attribute attribute)) {
          at[i] = attributes.indexOf(attribute);
          which[i] = values[at[i]].usable().indexOf(own.get(attribute));
        }
      }
      return new Slot(parts, at, which);
    }
  }
}

package io.signalbox.server.registry;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a JSON object one by one. What somebody sent is checked as a whole: each
 * problem is noted with its place, and unknown fields are problems. A row of ours is believed:
 * limits may have been lowered since it was written.
 */
public final class Fields {
  private final JsonObject object;
  private final String pointer;
  private final List<FieldProblem> problems;
  private final boolean believed;
  private final Set<String> asked = new HashSet<>();

  private Fields(JsonObject object, String pointer, List<FieldProblem> problems, boolean believed) {
    this.object = object;
    this.pointer = pointer;
    this.problems = problems;
    this.believed = believed;
  }

  /** What somebody sent. */
  public static Fields of(JsonObject object) {
    return new Fields(object, "", new ArrayList<>(), false);
  }

  /** Part of something larger that somebody sent, at this place of it. */
  public static Fields of(JsonObject object, String pointer) {
    return new Fields(object, pointer, new ArrayList<>(), false);
  }

  /** A row of ours. */
  static Fields ofRow(JsonObject object) {
    return new Fields(object, "", new ArrayList<>(), true);
  }

  /** Whether these fields come from the store and may hold what callers cannot set. */
  boolean isRow() {
    return believed;
  }

  public boolean has(String name) {
    asked.add(name);
    JsonElement value = object.get(name);
    return value != null && !value.isJsonNull();
  }

  /** Notes a problem with one field. */
  public void problem(String name, String detail) {
    if (!believed) {
      problems.add(new FieldProblem(pointer + "/" + escaped(name), detail));
    }
  }

  private void broken(String name, String wanted) {
    if (believed) {
      throw new IllegalStateException("field " + pointer + "/" + name + " must be " + wanted);
    }
    problem(name, "must be " + wanted);
  }

  private static String escaped(String name) {
    String shown = name.length() > 64 ? name.substring(0, 64) + "..." : name;
    return shown.replace("~", "~0").replace("/", "~1");
  }

  /** Fields that a caller may send back and that change nothing. */
  public void ignore(String... names) {
    asked.addAll(List.of(names));
  }

  /**
   * Ends the reading.
   *
   * @throws RegistryException with every problem found
   */
  public void end() throws RegistryException {
    noteUnknown();
    if (!problems.isEmpty()) {
      throw RegistryException.invalid(problems);
    }
  }

  private void noteUnknown() {
    for (String name : object.keySet()) {
      if (!asked.contains(name)) {
        problem(name, "is no known field");
      }
    }
  }

  // ---- single values

  public @Nullable String optional(String name, int charsMax) {
    if (!has(name)) {
      return null;
    }
    if (!(object.get(name) instanceof JsonPrimitive value) || !value.isString()) {
      broken(name, "a text");
      return null;
    }
    String text = value.getAsString();
    if (text.length() > charsMax) {
      problem(name, "has " + text.length() + " characters, at most " + charsMax + " are allowed");
    }
    return text;
  }

  public String text(String name, String otherwise, int charsMax) {
    String text = optional(name, charsMax);
    return text == null ? otherwise : text;
  }

  public String required(String name, int charsMax) {
    String text = optional(name, charsMax);
    if (text == null || text.isEmpty()) {
      if (text != null || !has(name)) {
        broken(name, "given and not empty");
      }
      return "";
    }
    return text;
  }

  /** The name of another entry, or null. */
  public @Nullable String optionalName(String name) {
    String text = optional(name, 64);
    if (text != null && !Names.isName(text)) {
      problem(name, "must be " + Names.RULE);
    }
    return text;
  }

  public boolean flag(String name, boolean otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    if (!(object.get(name) instanceof JsonPrimitive value) || !value.isBoolean()) {
      broken(name, "true or false");
      return otherwise;
    }
    return value.getAsBoolean();
  }

  public long number(String name, long otherwise, long min, long max) {
    if (!has(name)) {
      return otherwise;
    }
    if (!(object.get(name) instanceof JsonPrimitive value)
        || !value.isNumber()
        || !(value.getAsNumber() instanceof Long whole)) {
      broken(name, "a whole number");
      return otherwise;
    }
    if (whole < min || whole > max) {
      problem(name, whole + " is outside " + min + ".." + max);
    }
    return whole;
  }

  /** A time in milliseconds; {@code otherwise} if the field is absent. */
  public long time(String name, long otherwise) {
    String text = optional(name, 64);
    if (text == null) {
      return otherwise;
    }
    try {
      return OffsetDateTime.parse(text).toInstant().toEpochMilli();
    } catch (DateTimeException | ArithmeticException _) {
      broken(name, "a time such as 2030-01-31T12:00:00Z");
      return otherwise;
    }
  }

  static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  /** One of a few words. */
  public String choice(String name, String otherwise, List<String> choices) {
    String text = text(name, otherwise, 64);
    if (!choices.contains(text)) {
      broken(name, "one of " + String.join(", ", choices));
      return otherwise;
    }
    return text;
  }

  // ---- lists, maps, parts

  /**
   * A list of different texts, in their order.
   *
   * @param rule says what {@code good} wants
   */
  public List<String> texts(
      String name, int itemsMax, int charsMax, Predicate<String> good, String rule) {
    if (!has(name)) {
      return List.of();
    }
    if (!(object.get(name) instanceof JsonArray array)) {
      broken(name, "a list");
      return List.of();
    }
    if (array.size() > itemsMax) {
      problem(name, "has " + array.size() + " items, at most " + itemsMax + " are allowed");
      if (!believed) {
        return List.of();
      }
    }
    Set<String> texts = new LinkedHashSet<>();
    for (int i = 0; i < array.size(); i++) {
      String item = name + "/" + i;
      if (!(array.get(i) instanceof JsonPrimitive value) || !value.isString()) {
        brokenItem(item, "must be a text");
        continue;
      }
      String text = value.getAsString();
      if (text.length() > charsMax) {
        noteItem(item, "has " + text.length() + " characters, at most " + charsMax);
      } else if (!good.test(text)) {
        noteItem(item, "must be " + rule);
      } else if (!texts.add(text)) {
        noteItem(item, "stands twice");
      }
    }
    return List.copyOf(texts);
  }

  private void noteItem(String item, String detail) {
    if (!believed) {
      problems.add(new FieldProblem(pointer + "/" + item, detail));
    }
  }

  private void brokenItem(String item, String detail) {
    if (believed) {
      throw new IllegalStateException("field " + pointer + "/" + item + " " + detail);
    }
    noteItem(item, detail);
  }

  List<String> names(String name, int itemsMax) {
    return texts(name, itemsMax, 64, Names::isName, Names.RULE);
  }

  /** Names to texts, in the order of names. */
  public Map<String, String> map(String name, int entriesMax, int charsMax) {
    if (!has(name)) {
      return Map.of();
    }
    if (!(object.get(name) instanceof JsonObject members)) {
      broken(name, "an object");
      return Map.of();
    }
    if (members.size() > entriesMax) {
      problem(name, "has " + members.size() + " entries, at most " + entriesMax + " are allowed");
    }
    Map<String, String> map = new TreeMap<>();
    members
        .asMap()
        .forEach(
            (key, element) -> {
              String item = name + "/" + escaped(key);
              if (!(element instanceof JsonPrimitive value) || !value.isString()) {
                brokenItem(item, "must be a text");
                return;
              }
              String text = value.getAsString();
              if (!Names.isName(key)) {
                noteItem(item, "its name must be " + Names.RULE);
              } else if (text.length() > charsMax) {
                noteItem(item, "has " + text.length() + " characters, at most " + charsMax);
              }
              map.put(key, text);
            });
    return Map.copyOf(map);
  }

  /** An object within; an empty one if the field is absent. Call {@link #endPart} on it. */
  public Fields part(String name) {
    JsonObject inner = new JsonObject();
    if (has(name)) {
      if (object.get(name) instanceof JsonObject found) {
        inner = found;
      } else {
        broken(name, "an object");
      }
    }
    return new Fields(inner, pointer + "/" + escaped(name), problems, believed);
  }

  /** Ends the reading of a {@link #part}. */
  public void endPart() {
    noteUnknown();
  }

  /**
   * An object within that is read by itself and ended by itself; an empty one if the field is
   * absent.
   */
  public Fields nested(String name) {
    JsonObject inner = new JsonObject();
    if (has(name)) {
      if (object.get(name) instanceof JsonObject found) {
        inner = found;
      } else {
        broken(name, "an object");
      }
    }
    return Fields.of(inner, pointer + "/" + escaped(name));
  }

  /** The same fields, to be read from the beginning. */
  public Fields again() {
    return Fields.of(object, pointer);
  }

  /** The objects of a list, each with its place. */
  public List<Fields> parts(String name, int itemsMax) {
    if (!has(name) || !(object.get(name) instanceof JsonArray array) || array.isEmpty()) {
      broken(name, "a list with at least one object");
      return List.of();
    }
    if (array.size() > itemsMax) {
      problem(name, "has " + array.size() + " items, at most " + itemsMax + " are allowed");
      return List.of();
    }
    List<Fields> parts = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      if (array.get(i) instanceof JsonObject inner) {
        parts.add(Fields.of(inner, pointer + "/" + name + "/" + i));
      } else {
        brokenItem(name + "/" + i, "must be an object");
      }
    }
    return parts;
  }
}

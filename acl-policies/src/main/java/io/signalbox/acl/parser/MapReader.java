package io.signalbox.acl.parser;

import io.signalbox.acl.source.Node;
import io.signalbox.acl.source.Node.Entry;
import io.signalbox.acl.source.Node.ListNode;
import io.signalbox.acl.source.Node.MapNode;
import io.signalbox.acl.source.Node.ScalarNode;
import io.signalbox.acl.source.Node.ScalarType;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problems;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values of one map and reports what does not fit; a value with a problem reads as
 * absent, so that reading goes on and finds the next problem.
 */
public final class MapReader {
  private final Position position;
  private final String what;
  private final List<Entry> entries;
  private final Problems problems;

  /**
   * @param what how messages call this map: "a statement"
   * @param known keys that are allowed; another one is a problem
   */
  public MapReader(MapNode node, String what, List<String> known, Problems problems) {
    this.position = node.position();
    this.what = what;
    this.problems = problems;
    this.entries = node.entries();
    for (Entry entry : entries) {
      if (!known.contains(entry.key())) {
        problems.add(
            entry.keyPosition(),
            "unknown key \"%s\" in %s%s"
                .formatted(entry.key(), what, Suggestion.among(known, entry.key())));
      }
    }
  }

  /** The node as a map to read; empty, and a problem, when it is something else. */
  public static Optional<MapReader> of(
      Node node, String what, List<String> known, Problems problems) {
    if (node instanceof MapNode map) {
      return Optional.of(new MapReader(map, what, known, problems));
    }
    problems.add(node.position(), what + " is a map of keys and values, this is " + node.kind());
    return Optional.empty();
  }

  public Position position() {
    return position;
  }

  public boolean has(String key) {
    return value(key) != null;
  }

  boolean hasAny(List<String> keys) {
    for (Entry entry : entries) {
      if (keys.contains(entry.key())) {
        return true;
      }
    }
    return false;
  }

  public Position position(String key) {
    Node value = value(key);
    return value == null ? position : value.position();
  }

  public Optional<Node> node(String key) {
    return Optional.ofNullable(value(key));
  }

  /** Of the first entry with this key: maps of the language are short. */
  private @Nullable Node value(String key) {
    for (Entry entry : entries) {
      if (entry.key().equals(key)) {
        return entry.value();
      }
    }
    return null;
  }

  /** The value, or a problem that it is missing. */
  public Optional<Node> required(String key) {
    Optional<Node> node = node(key);
    if (node.isEmpty()) {
      problems.add(position, "%s needs \"%s\"".formatted(what, key));
    }
    return node;
  }

  public Optional<String> text(String key) {
    Node value = value(key);
    return value == null ? Optional.empty() : text(value, "\"", key);
  }

  /** A text or a list of texts, each read by {@code read}, whose complaint becomes a problem. */
  public <T> List<T> many(String key, Function<String, T> read) {
    List<Node> items = items(key);
    if (items.isEmpty()) {
      return List.of();
    }
    List<T> values = new ArrayList<>(items.size());
    for (Node item : items) {
      Optional<String> text = text(item, "an entry of \"", key);
      if (text.isPresent()) {
        tryRead(item.position(), text.get(), read).ifPresent(values::add);
      }
    }
    return values;
  }

  /** One word of a fixed set. */
  public <T> Optional<T> word(String key, Map<String, T> words) {
    Node value = value(key);
    return value == null
        ? Optional.empty()
        : text(value, "\"", key).flatMap(text -> wordOf(value.position(), key, text, words));
  }

  /** A word of a fixed set, or a list of such. */
  public <T> List<T> words(String key, Map<String, T> words) {
    List<Node> items = items(key);
    if (items.isEmpty()) {
      return List.of();
    }
    List<T> values = new ArrayList<>(items.size());
    for (Node item : items) {
      Optional<String> text = text(item, "an entry of \"", key);
      if (text.isPresent()) {
        wordOf(item.position(), key, text.get(), words).ifPresent(values::add);
      }
    }
    return values;
  }

  public Optional<Integer> integer(String key, int min, int max) {
    Optional<Node> node = node(key);
    if (node.isEmpty()) {
      return Optional.empty();
    }
    if (node.get() instanceof ScalarNode(Position at, String text, ScalarType type)) {
      if (type == ScalarType.NUMBER && isInteger(text)) {
        int value = Integer.parseInt(text);
        if (value >= min && value <= max) {
          return Optional.of(value);
        }
        problems.add(at, "\"%s\": %d is outside %d..%d".formatted(key, value, min, max));
        return Optional.empty();
      }
    }
    problems.add(
        node.get().position(), "\"%s\" is a whole number from %d to %d".formatted(key, min, max));
    return Optional.empty();
  }

  /** Of one to nine decimal digits. */
  private static boolean isInteger(String text) {
    int start = text.startsWith("-") ? 1 : 0;
    for (int i = start; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    int count = text.length() - start;
    return count >= 1 && count <= 9;
  }

  public Optional<Boolean> bool(String key) {
    Optional<Node> node = node(key);
    if (node.isPresent()) {
      if (node.get() instanceof ScalarNode(_, String text, ScalarType type)
          && type == ScalarType.BOOLEAN) {
        return Optional.of(text.equals("true"));
      }
      problems.add(node.get().position(), "\"" + key + "\" is true or false");
    }
    return Optional.empty();
  }

  /** The items of a list; the node itself when it is no list; none, and a problem, when empty. */
  public List<Node> items(String key) {
    Node node = value(key);
    if (node == null) {
      return List.of();
    }
    return items(node, key, problems);
  }

  private static List<Node> items(Node node, String key, Problems problems) {
    if (node instanceof ListNode list) {
      if (list.items().isEmpty()) {
        problems.add(list.position(), "\"" + key + "\" is an empty list, remove it or fill it");
      }
      return list.items();
    }
    return List.of(node);
  }

  /**
   * The texts of this map, whatever its keys are: for maps that people name the keys of. An empty
   * list is a problem, as {@link #items} says.
   */
  public static Map<String, List<Node>> freeMap(Node node, String what, Problems problems) {
    Map<String, List<Node>> values = new LinkedHashMap<>();
    if (node instanceof MapNode map) {
      for (Entry entry : map.entries()) {
        values.putIfAbsent(entry.key(), items(entry.value(), entry.key(), problems));
      }
    } else {
      problems.add(node.position(), what + " is a map of keys and values, this is " + node.kind());
    }
    return values;
  }

  /** The text of a scalar; a problem when YAML would not surely read it as one. */
  public static Optional<String> text(Node node, String what, Problems problems) {
    if (node instanceof ScalarNode(Position at, String text, ScalarType type)) {
      switch (type) {
        case STRING -> {
          return Optional.of(text);
        }
        case NULL ->
            problems.add(
                at, what + " is empty; a text that starts with \"#\" or \"~\" needs quotes");
        case NUMBER, BOOLEAN, AMBIGUOUS ->
            problems.add(
                at,
                "%s is a text, but %s without quotes is %s; write \"%s\""
                    .formatted(what, text, node.kind(), text));
      }
      return Optional.empty();
    }
    problems.add(node.position(), what + " is a text, this is " + node.kind());
    return Optional.empty();
  }

  /**
   * The label is put together only for a problem.
   *
   * @param label up to the key with its opening quote
   */
  private Optional<String> text(Node node, String label, String key) {
    return isText(node)
        ? Optional.of(((ScalarNode) node).text())
        : text(node, label + key + "\" of " + what, problems);
  }

  private static boolean isText(Node node) {
    return node instanceof ScalarNode scalar && scalar.type() == ScalarType.STRING;
  }

  private <T> Optional<T> wordOf(Position at, String key, String text, Map<String, T> words) {
    T value = words.get(text);
    if (value == null) {
      String hint = Suggestion.among(words.keySet(), text);
      problems.add(
          at,
          "\"%s\" is no value of \"%s\"%s there are %s"
              .formatted(
                  text, key, hint.isEmpty() ? ";" : hint, String.join(", ", words.keySet())));
    }
    return Optional.ofNullable(value);
  }

  private <T> Optional<T> tryRead(Position at, String text, Function<String, T> read) {
    try {
      return Optional.of(read.apply(text));
    } catch (IllegalArgumentException e) {
      problems.add(at, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}

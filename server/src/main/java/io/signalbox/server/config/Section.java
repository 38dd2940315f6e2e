package io.signalbox.server.config;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * One mapping of the file, read key by key. Each read gives the default when the key is absent, and
 * notes a problem and gives the default when the value is unusable, so that reading goes on to the
 * next problem. A variable of the environment stands in for a scalar key outside lists. When {@link
 * #make} ends, keys that nobody asked for are unknown keys.
 */
final class Section {
  private static final int TEXT_FILE_BYTES_MAX = 1 << 20;

  private final Reading reading;
  private final String path;
  private final Optional<Mark> start;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final List<String> asked = new ArrayList<>();
  private boolean faulty;

  /** What all sections of one reading share. */
  record Reading(
      Problems problems,
      Environment environment,
      Path directory,
      Map<String, String> retiredKeys,
      List<String> paths) {}

  private record Entry(Optional<Mark> mark, Node value) {}

  /** A scalar and where to point when it is wrong. */
  private record Scalar(
      String text, boolean plain, @Nullable String variable, Optional<Mark> mark) {}

  /**
   * @param path empty for the whole file
   * @param node null if the section is absent
   */
  Section(Reading reading, String path, Optional<Mark> mark, @Nullable Node node) {
    this.reading = reading;
    this.path = path;
    this.start = node == null ? mark : node.getStartMark();
    switch (node) {
      case null -> {}
      case MappingNode mapping -> mapping.getValue().forEach(this::enter);
      default -> {
        if (!isNull(node)) {
          note(start, pathOrFile() + ": is no mapping; write \"key: value\" lines");
        }
      }
    }
  }

  private void enter(NodeTuple tuple) {
    Optional<Mark> mark = tuple.getKeyNode().getStartMark();
    if (!(tuple.getKeyNode() instanceof ScalarNode scalar)) {
      note(mark, pathOrFile() + ": has a key that is no plain word");
      return;
    }
    String key = scalar.getValue();
    Entry first = entries.putIfAbsent(key, new Entry(mark, tuple.getValueNode()));
    if (first != null) {
      note(
          mark,
          full(key)
              + ": stands here a second time (first in line "
              + (first.mark.map(Mark::getLine).orElse(0) + 1)
              + "); remove one");
    }
  }

  private String pathOrFile() {
    return path.isEmpty() ? "configuration" : path;
  }

  private String full(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private void note(Optional<Mark> mark, String text) {
    faulty = true;
    reading.problems.add(mark, text);
  }

  private void note(Scalar scalar, String key, String text) {
    if (scalar.variable == null) {
      note(scalar.mark, full(key) + ": " + text);
    } else {
      faulty = true;
      reading.problems.addInEnvironment(scalar.variable, full(key) + ": " + text);
    }
  }

  /** Notes a problem with a key of this section. */
  void problem(String key, String text) {
    Entry entry = entries.get(key);
    note(entry == null ? start : entry.mark, full(key) + ": " + text);
  }

  /**
   * Makes a record from what the supplier reads, then looks for keys that were not asked for.
   *
   * @param otherwise given when the values are unusable; the problem is noted, so it never reaches
   *     the broker
   * @param supplier may throw IllegalArgumentException with a message of the form {@code path:
   *     text}
   */
  <T> T make(T otherwise, Supplier<T> supplier) {
    T made = otherwise;
    try {
      made = supplier.get();
    } catch (IllegalArgumentException e) {
      // Values replaced by defaults may contradict the others: one problem must not bring a second,
      // false one.
      if (!faulty) {
        String message = String.valueOf(e.getMessage());
        int colon = message.indexOf(": ");
        problem(
            message.substring(message.lastIndexOf('.', colon) + 1, colon),
            message.substring(colon + 2));
      }
    }
    entries.forEach(
        (key, entry) -> {
          if (!asked.contains(key)) {
            String successor = reading.retiredKeys.get(full(key));
            note(
                entry.mark,
                full(key)
                    + ": "
                    + (successor != null
                        ? "is no longer used; use " + successor
                        : "unknown key" + meant(key)));
          }
        });
    return made;
  }

  private String meant(String key) {
    return Nearest.to(key, asked)
        .map(near -> "; did you mean \"" + near + "\"?")
        .orElse("; known here: " + String.join(", ", asked));
  }

  private @Nullable Entry ask(String key) {
    asked.add(key);
    reading.paths.add(full(key).replaceAll("\\[\\d+]", "[]"));
    return entries.get(key);
  }

  private @Nullable Scalar scalar(String key) {
    Entry entry = ask(key);
    if (path.indexOf('[') < 0) {
      String variable = Environment.variable(full(key));
      String text = reading.environment.take(full(key));
      if (text != null) {
        return new Scalar(text, true, variable, Optional.empty());
      }
    }
    return entry == null ? null : scalar(key, entry);
  }

  private @Nullable Scalar scalar(String key, Entry entry) {
    return scalar(key, entry.value);
  }

  private @Nullable Scalar scalar(String key, Node node) {
    if (!(node instanceof ScalarNode value)) {
      note(node.getStartMark(), full(key) + ": is no single value; write one after the colon");
      return null;
    }
    if (isNull(node)) {
      note(node.getStartMark(), full(key) + ": has no value; write one or remove the key");
      return null;
    }
    return new Scalar(value.getValue(), value.isPlain(), null, node.getStartMark());
  }

  private static boolean isNull(Node node) {
    return node instanceof ScalarNode scalar
        && scalar.isPlain()
        && (scalar.getValue().isEmpty()
            || scalar.getValue().equals("null")
            || scalar.getValue().equals("~"));
  }

  // ---- numbers

  int integer(Range range, int otherwise) {
    return (int) number(range, otherwise);
  }

  int requiredInteger(Range range, int otherwise) {
    if (!entries.containsKey(range.key())) {
      problem(range.key(), "is missing; write a whole number in " + range);
    }
    return integer(range, otherwise);
  }

  java.time.Duration duration(Range range, java.time.Duration otherwise) {
    Scalar scalar = scalar(range.key());
    return scalar == null
        ? otherwise
        : number(scalar, range).map(range::duration).orElse(otherwise);
  }

  long number(Range range, long otherwise) {
    Scalar scalar = scalar(range.key());
    return scalar == null ? otherwise : number(scalar, range).orElse(otherwise);
  }

  private Optional<Long> number(Scalar scalar, Range range) {
    if (!scalar.plain || !scalar.text.matches("-?[0-9]{1,18}")) {
      note(
          scalar, range.key(), "\"" + scalar.text + "\" is no whole number; write one in " + range);
      return Optional.empty();
    }
    long value = Long.parseLong(scalar.text);
    if (value < range.min() || value > range.max()) {
      note(scalar, range.key(), value + " is outside " + range);
      return Optional.empty();
    }
    return Optional.of(value);
  }

  // ---- words

  boolean bool(String key, boolean otherwise) {
    Scalar scalar = scalar(key);
    if (scalar == null) {
      return otherwise;
    }
    if (scalar.plain && (scalar.text.equals("true") || scalar.text.equals("false"))) {
      return scalar.text.equals("true");
    }
    note(scalar, key, "\"" + scalar.text + "\" is neither true nor false");
    return otherwise;
  }

  String string(String key, String otherwise) {
    String text = optional(key);
    return text == null ? otherwise : text;
  }

  @Nullable String optional(String key) {
    Scalar scalar = scalar(key);
    if (scalar == null) {
      return null;
    }
    if (scalar.text.isBlank()) {
      note(scalar, key, "is empty; write a value or remove the key");
      return null;
    }
    return scalar.text;
  }

  /** An http or https address; null without the key. */
  @Nullable URI address(String key) {
    List<URI> addresses = values(key, WebAddress::parse, List.of());
    return addresses.isEmpty() ? null : addresses.getFirst();
  }

  String required(String key, String otherwise) {
    if (!entries.containsKey(key)) {
      problem(key, "is missing; add it");
    }
    return string(key, otherwise);
  }

  <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
    Scalar scalar = scalar(key);
    return scalar == null ? otherwise : choice(key, scalar, type).orElse(otherwise);
  }

  <E extends Enum<E>> E requiredChoice(String key, Class<E> type, E otherwise) {
    if (!entries.containsKey(key)) {
      problem(key, "is missing; write one of " + words(type));
    }
    return choice(key, type, otherwise);
  }

  private <E extends Enum<E>> Optional<E> choice(String key, Scalar scalar, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (word(constant).equals(scalar.text)) {
        return Optional.of(constant);
      }
    }
    note(scalar, key, "\"" + scalar.text + "\" is none of " + words(type));
    return Optional.empty();
  }

  /**
   * How a constant is written in the file: as its own {@code toString} says, else its name in lower
   * case.
   */
  static String word(Enum<?> constant) {
    String text = constant.toString();
    return text.equals(constant.name()) && !text.matches("[A-Z]{2}\\d{3}")
        ? text.toLowerCase(Locale.ROOT).replace('_', '-')
        : text;
  }

  private static <E extends Enum<E>> String words(Class<E> type) {
    return String.join(", ", Arrays.stream(type.getEnumConstants()).map(Section::word).toList());
  }

  // ---- lists

  /** A list of words; a single word stands for a list of one. */
  List<String> strings(String key, List<String> otherwise) {
    return values(key, Function.identity(), otherwise);
  }

  <E extends Enum<E>> List<E> choices(String key, Class<E> type, List<E> otherwise) {
    return items(key, otherwise, scalar -> choice(key, scalar, type));
  }

  /**
   * @param parse throws IllegalArgumentException with a message for people
   */
  <T> List<T> values(String key, Function<String, T> parse, List<T> otherwise) {
    return items(
        key,
        otherwise,
        scalar -> {
          try {
            return Optional.of(parse.apply(scalar.text));
          } catch (IllegalArgumentException e) {
            note(scalar, key, String.valueOf(e.getMessage()));
            return Optional.empty();
          }
        });
  }

  private <T> List<T> items(String key, List<T> otherwise, Function<Scalar, Optional<T>> parse) {
    Entry entry = ask(key);
    if (entry == null) {
      return otherwise;
    }
    List<Node> nodes =
        entry.value instanceof SequenceNode sequence ? sequence.getValue() : List.of(entry.value);
    List<T> items = new ArrayList<>();
    for (Node node : nodes) {
      Scalar scalar = scalar(key, node);
      if (scalar != null) {
        parse.apply(scalar).ifPresent(items::add);
      }
    }
    return items.size() == nodes.size() ? items : otherwise;
  }

  /** The section of this key; an empty one if the key is absent. */
  Section section(String key) {
    Entry entry = ask(key);
    return entry == null
        ? new Section(reading, full(key), start, null)
        : new Section(reading, full(key), entry.mark, entry.value);
  }

  /** A list of mappings. If one of them has a problem the whole list is as good as absent. */
  <T> List<T> list(String key, Function<Section, T> read, List<T> otherwise) {
    Entry entry = ask(key);
    if (entry == null) {
      // Asked once so that the keys within are known to whoever lists all keys.
      return otherwise;
    }
    if (!(entry.value instanceof SequenceNode sequence)) {
      note(entry.value.getStartMark(), full(key) + ": is no list; start each entry with a hyphen");
      return otherwise;
    }
    List<T> items = new ArrayList<>();
    for (Node node : sequence.getValue()) {
      Section item =
          new Section(reading, full(key) + "[" + items.size() + "]", node.getStartMark(), node);
      items.add(read.apply(item));
      faulty |= item.faulty;
    }
    return faulty ? otherwise : items;
  }

  // ---- files: relative names are looked up in the folder of the configuration file

  @Nullable Path file(String key) {
    Path file = existing(key);
    if (file != null && !(Files.isRegularFile(file) && Files.isReadable(file))) {
      problem(key, "\"" + file + "\" is no readable file");
      return null;
    }
    return file;
  }

  @Nullable Path directory(String key) {
    Path directory = existing(key);
    if (directory != null && !Files.isDirectory(directory)) {
      problem(key, "\"" + directory + "\" is no folder");
      return null;
    }
    return directory;
  }

  Path requiredFile(String key) {
    if (!entries.containsKey(key)) {
      problem(key, "is missing; name a file");
    }
    Path file = file(key);
    return file == null ? Path.of("") : file;
  }

  /** Readable files; empty without the key. */
  List<Path> files(String key) {
    return items(
        key,
        List.of(),
        scalar -> {
          Path file = existing(key, scalar);
          if (file != null && !(Files.isRegularFile(file) && Files.isReadable(file))) {
            note(scalar, key, "\"" + file + "\" is no readable file");
            return Optional.empty();
          }
          return Optional.ofNullable(file);
        });
  }

  private @Nullable Path existing(String key) {
    Scalar scalar = scalar(key);
    return scalar == null ? null : existing(key, scalar);
  }

  private @Nullable Path existing(String key, Scalar scalar) {
    if (scalar.text.isBlank() || scalar.text.indexOf('\0') >= 0) {
      note(scalar, key, "is no file name");
      return null;
    }
    Path file = reading.directory.resolve(scalar.text);
    if (!Files.exists(file)) {
      note(scalar, key, "\"" + file + "\" does not exist");
      return null;
    }
    return file;
  }

  @Nullable String textOfFile(String key) {
    byte[] bytes = bytesOfFile(key);
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  /** The content of a file without the line end that editors put behind it. */
  @Nullable Secret secretFile(String key) {
    byte[] bytes = bytesOfFile(key);
    if (bytes == null) {
      return null;
    }
    int end = bytes.length;
    while (end > 0 && (bytes[end - 1] == '\n' || bytes[end - 1] == '\r')) {
      end--;
    }
    if (end == 0) {
      problem(key, "\"" + file(key) + "\" holds no secret, only line ends or nothing");
    }
    Secret secret = new Secret(Arrays.copyOf(bytes, end));
    Arrays.fill(bytes, (byte) 0);
    return secret;
  }

  private byte @Nullable [] bytesOfFile(String key) {
    Path file = file(key);
    if (file == null) {
      return null;
    }
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(TEXT_FILE_BYTES_MAX + 1);
      if (bytes.length <= TEXT_FILE_BYTES_MAX) {
        return bytes;
      }
      problem(
          key,
          "\""
              + file
              + "\" is larger than "
              + TEXT_FILE_BYTES_MAX
              + " bytes; is it the right file?");
    } catch (IOException e) {
      problem(key, "\"" + file + "\" cannot be read: " + e.getMessage());
    }
    return null;
  }
}

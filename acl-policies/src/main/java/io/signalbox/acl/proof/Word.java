package io.signalbox.acl.proof;

import io.signalbox.acl.model.Glob;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A text that is wanted: every part of it is as asked, and, if it is to stand in a topic level, fit
 * for that.
 *
 * @param parts what is asked, of the text itself or of the text with something around it
 * @param level whether it must be usable as a variable's value
 */
record Word(List<Part> parts, boolean level) {
  /** What no variable can have as its value. */
  static final AnyOf UNUSABLE =
      AnyOf.of(List.of(new Glob("*/*"), new Glob("*+*"), new Glob("*#*"), new Glob("*\0*")));

  /** What no variable can have as its value at the start of a topic. */
  static final AnyOf DOLLAR = AnyOf.of(List.of(new Glob("$*")));

  /** States of the search for one text; real policies need a handful. */
  private static final int STATES_MAX = 20_000;

  /**
   * Asks of {@code before + text + after}.
   *
   * @param required each must match
   * @param forbidden that must not match
   * @param excluded texts that it must not be
   */
  record Part(
      String before,
      String after,
      List<AnyOf> required,
      List<AnyOf> forbidden,
      Set<String> excluded) {
    boolean accepts(String text) {
      String value = before + text + after;
      return !excluded.contains(value)
          && required.stream().allMatch(any -> any.matches(value))
          && forbidden.stream().noneMatch(any -> any.matches(value));
    }

    /** Whether it contradicts itself at first sight; to find that by a search takes long. */
    private boolean forbidsAll() {
      return forbidden.stream()
          .anyMatch(any -> any.patterns().contains(Glob.ANY) || required.contains(any));
    }

    /** Whether everything that is required holds a letter that no level has. */
    private boolean isOfNoLevel() {
      return required.stream()
          .anyMatch(
              any ->
                  any.texts().stream().noneMatch(Word::isOfLevel)
                      && any.patterns().stream().noneMatch(glob -> isOfLevel(glob.text())));
    }

    /** Whether some text with {@code before} and {@code after} around it is this one. */
    boolean surrounds(String text) {
      return text.length() >= before.length() + after.length()
          && text.startsWith(before)
          && text.endsWith(after);
    }

    private List<Told> told() {
      List<String> texts =
          excluded.stream().filter(value -> !value.isEmpty() && value.indexOf('*') < 0).toList();
      List<AnyOf> all = new ArrayList<>(required);
      all.addAll(forbidden);
      all.add(AnyOf.of(texts.stream().map(Glob::new).toList()));
      return all.stream().map(any -> new Told(before, any)).toList();
    }
  }

  /** Globs that tell one text from another, with what stands before the text. */
  private record Told(String before, AnyOf any) {}

  Word(List<AnyOf> required, List<AnyOf> forbidden, boolean level) {
    this(List.of(new Part("", "", required, forbidden, Set.of())), level);
  }

  boolean accepts(String value) {
    return !value.isEmpty()
        && (!level || isUsable(value))
        && parts.stream().allMatch(part -> part.accepts(value));
  }

  /** Whether a variable can have this value; at the start of a topic no '$' may be its first. */
  static boolean isUsable(String value) {
    return !value.isEmpty()
        && isOfLevel(value)
        && value.codePoints().noneMatch(point -> point >= 0xD800 && point <= 0xDFFF);
  }

  private static boolean isOfLevel(String text) {
    return text.chars().allMatch(c -> isOfLevel((char) c));
  }

  private static boolean isOfLevel(char letter) {
    return letter != '/' && letter != '+' && letter != '#' && letter != '\0';
  }

  /**
   * Such a text, if there is any: one that is not in {@code avoid} when possible.
   *
   * @param seed makes texts for different purposes different
   * @throws TooComplex when it was given up
   */
  Optional<String> find(Set<String> avoid, String seed, Effort effort) {
    if (parts.stream().anyMatch(part -> part.forbidsAll() || (level && part.isOfNoLevel()))) {
      return Optional.empty();
    }
    Optional<String> guessed = guess(avoid, seed);
    if (guessed.isPresent()) {
      return guessed;
    }
    Optional<List<String>> few = few();
    if (few.isPresent()) {
      return few.get().stream()
          .filter(value -> !avoid.contains(value))
          .findFirst()
          .or(() -> few.get().stream().findFirst());
    }
    List<Part> apart = new ArrayList<>(parts);
    apart.add(new Part("", "", List.of(), List.of(), avoid));
    Optional<String> other = new Word(apart, level).search(effort);
    return other.isPresent() ? other : search(effort);
  }

  /** All such texts, when a part names them one by one: then nothing need be searched. */
  private Optional<List<String>> few() {
    for (Part part : parts) {
      for (AnyOf any : part.required) {
        if (any.patterns().isEmpty()) {
          return Optional.of(
              any.texts().stream()
                  .filter(text -> part.surrounds(text))
                  .map(
                      text ->
                          text.substring(part.before.length(), text.length() - part.after.length()))
                  .filter(this::accepts)
                  .toList());
        }
      }
    }
    return Optional.empty();
  }

  /** Puts something simple in for every star; nearly always enough. */
  private Optional<String> guess(Set<String> avoid, String seed) {
    List<String> shapes = new ArrayList<>(List.of("*"));
    for (Part part : parts) {
      for (AnyOf any : part.required) {
        any.texts().forEach(text -> addShape(part, text, shapes));
        any.patterns().forEach(glob -> addShape(part, glob.text(), shapes));
      }
    }
    Optional<String> dollar = Optional.empty();
    for (String shape : shapes.reversed()) {
      boolean open = shape.indexOf('*') >= 0;
      for (String filling : open ? List.of(seed, seed + "1", seed + "2", "") : List.of("")) {
        String value = shape.replace("*", filling);
        if (accepts(value) && !avoid.contains(value)) {
          if (!value.startsWith("$")) {
            return Optional.of(value);
          }
          dollar = dollar.isPresent() ? dollar : Optional.of(value);
        }
      }
    }
    return dollar; // at the start of a topic it would be in the way
  }

  private static void addShape(Part part, String text, List<String> shapes) {
    if (text.startsWith(part.before) && text.endsWith(part.after)) {
      int end = Math.max(part.before.length(), text.length() - part.after.length());
      shapes.add(text.substring(part.before.length(), end));
    }
  }

  /**
   * Breadth first through all texts, as far as the globs tell them apart.
   *
   * <p>A fixed text tells only its own beginnings from others: what has left all of them is known
   * by its positions in the patterns alone.
   */
  private Optional<String> search(Effort effort) {
    record State(List<BitSet> positions, String beginning) {}
    record Step(List<BitSet> positions, String text) {}
    List<Told> all = parts.stream().flatMap(part -> part.told().stream()).toList();
    List<Glob> globs = new ArrayList<>();
    List<BitSet> start = new ArrayList<>();
    for (Told told : all) {
      for (Glob glob : told.any.patterns()) {
        BitSet positions = closed(glob, single(0));
        for (int i = 0; i < told.before.length(); i++) {
          positions = advanced(glob, positions, told.before.charAt(i));
        }
        globs.add(glob);
        start.add(positions);
      }
    }
    Set<Character> letters = letters(all);
    NavigableSet<String> fixed = fixed(all);
    Deque<Step> queue = new ArrayDeque<>();
    Set<State> seen = new HashSet<>();
    queue.add(new Step(start, ""));
    while (!queue.isEmpty()) {
      Step step = queue.remove();
      if (accepts(step.text)) {
        return Optional.of(step.text);
      }
      effort.spend(1 + (1 + globs.size()) * letters.size());
      for (char letter : letters) {
        List<BitSet> next = new ArrayList<>();
        for (int i = 0; i < globs.size(); i++) {
          next.add(advanced(globs.get(i), step.positions.get(i), letter));
        }
        String text = step.text + letter;
        if (seen.add(new State(next, isBeginning(text, fixed) ? text : ""))) {
          if (seen.size() > STATES_MAX) {
            throw new TooComplex("too many ways to combine the patterns of one attribute");
          }
          queue.add(new Step(next, text));
        }
      }
    }
    return Optional.empty();
  }

  /** All fixed texts together, without what stands before them. */
  private static NavigableSet<String> fixed(List<Told> all) {
    NavigableSet<String> fixed = new TreeSet<>();
    for (Told told : all) {
      for (String text : told.any.texts()) {
        if (text.startsWith(told.before)) {
          fixed.add(text.substring(told.before.length()));
        }
      }
    }
    return fixed;
  }

  /** Whether some fixed text begins so. */
  private static boolean isBeginning(String text, NavigableSet<String> fixed) {
    String next = fixed.ceiling(text);
    return next != null && next.startsWith(text);
  }

  /** Every letter that some glob names, and one that none does. */
  private Set<Character> letters(List<Told> all) {
    Set<Character> letters = new TreeSet<>();
    for (Told told : all) {
      told.any.texts().forEach(text -> addLetters(text, letters));
      told.any.patterns().forEach(glob -> addLetters(glob.text(), letters));
    }
    char other = 'x';
    while (letters.contains(other)) {
      other++;
    }
    letters.add(other);
    letters.removeIf(letter -> level && !isOfLevel(letter));
    return letters;
  }

  private static void addLetters(String text, Set<Character> letters) {
    text.chars().filter(c -> c != '*').forEach(c -> letters.add((char) c));
  }

  /** Positions in the glob after one more letter. */
  private static BitSet advanced(Glob glob, BitSet positions, char letter) {
    BitSet next = new BitSet();
    String text = glob.text();
    for (int at = positions.nextSetBit(0); at >= 0; at = positions.nextSetBit(at + 1)) {
      if (at < text.length()) {
        if (text.charAt(at) == '*') {
          next.set(at);
        } else if (text.charAt(at) == letter) {
          next.set(at + 1);
        }
      }
    }
    return closed(glob, next);
  }

  /** A star may also stand for nothing. */
  private static BitSet closed(Glob glob, BitSet positions) {
    for (int at = positions.nextSetBit(0); at >= 0; at = positions.nextSetBit(at + 1)) {
      if (at < glob.text().length() && glob.text().charAt(at) == '*') {
        positions.set(at + 1);
      }
    }
    return positions;
  }

  private static BitSet single(int position) {
    BitSet set = new BitSet();
    set.set(position);
    return set;
  }
}

package io.signalbox.acl.proof;

import io.signalbox.acl.model.Glob;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
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
  /** States of the search for one text; real policies need a handful. */
  private static final int STATES_MAX = 20_000;

  /**
   * Asks of {@code before + text + after}.
   *
   * @param required each list is any-of
   * @param forbidden globs that must not match
   * @param excluded texts that it must not be
   */
  record Part(
      String before,
      String after,
      List<List<Glob>> required,
      List<Glob> forbidden,
      Set<String> excluded) {
    boolean accepts(String text) {
      String value = before + text + after;
      return !excluded.contains(value)
          && required.stream().allMatch(any -> any.stream().anyMatch(glob -> glob.matches(value)))
          && forbidden.stream().noneMatch(glob -> glob.matches(value));
    }

    /** Whether some text with {@code before} and {@code after} around it is this one. */
    boolean surrounds(String text) {
      return text.length() >= before.length() + after.length()
          && text.startsWith(before)
          && text.endsWith(after);
    }

    /** Everything that tells one text from another. */
    private List<Glob> globs() {
      List<Glob> globs = new ArrayList<>();
      required.forEach(globs::addAll);
      globs.addAll(forbidden);
      excluded.stream()
          .filter(value -> !value.isEmpty() && value.indexOf('*') < 0)
          .forEach(value -> globs.add(new Glob(value)));
      return globs;
    }
  }

  Word(List<List<Glob>> required, List<Glob> forbidden, boolean level) {
    this(List.of(new Part("", "", required, forbidden, Set.of())), level);
  }

  boolean accepts(String value) {
    return !value.isEmpty()
        && (!level || isUsable(value))
        && parts.stream().allMatch(part -> part.accepts(value));
  }

  /**
   * At the start of a topic a '$' would be in the way as well; no value that is made here has one.
   */
  static boolean isUsable(String value) {
    return !value.isEmpty()
        && value.indexOf('/') < 0
        && value.indexOf('+') < 0
        && value.indexOf('#') < 0
        && value.indexOf('\0') < 0;
  }

  /**
   * Such a text, if there is any: one that is not in {@code avoid} when possible.
   *
   * @param seed makes texts for different purposes different
   */
  Optional<String> find(Set<String> avoid, String seed) {
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
    Optional<String> other = new Word(apart, level).search();
    return other.isPresent() ? other : search();
  }

  /** All such texts, when a part names them one by one: then nothing need be searched. */
  private Optional<List<String>> few() {
    for (Part part : parts) {
      for (List<Glob> any : part.required) {
        if (any.stream().allMatch(Glob::isLiteral)) {
          return Optional.of(
              any.stream()
                  .map(Glob::text)
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
      for (List<Glob> any : part.required) {
        for (Glob glob : any) {
          String text = glob.text();
          if (text.startsWith(part.before) && text.endsWith(part.after)) {
            int end = Math.max(part.before.length(), text.length() - part.after.length());
            shapes.add(text.substring(part.before.length(), end));
          }
        }
      }
    }
    for (String shape : shapes.reversed()) {
      for (String filling : List.of(seed, seed + "1", seed + "2", "")) {
        String value = shape.replace("*", filling);
        if (accepts(value) && !avoid.contains(value) && !value.startsWith("$")) {
          return Optional.of(value);
        }
      }
    }
    return Optional.empty();
  }

  /** Breadth first through all texts, as far as the globs tell them apart. */
  private Optional<String> search() {
    record Step(List<BitSet> state, String text) {}
    List<Glob> globs = new ArrayList<>();
    List<BitSet> start = new ArrayList<>();
    for (Part part : parts) {
      for (Glob glob : part.globs()) {
        BitSet positions = closed(glob, single(0));
        for (int i = 0; i < part.before.length(); i++) {
          positions = advanced(glob, positions, part.before.charAt(i));
        }
        globs.add(glob);
        start.add(positions);
      }
    }
    Set<Character> letters = letters(globs);
    Deque<Step> queue = new ArrayDeque<>();
    Set<List<BitSet>> seen = new HashSet<>();
    queue.add(new Step(start, ""));
    while (!queue.isEmpty()) {
      Step step = queue.remove();
      if (accepts(step.text)) {
        return Optional.of(step.text);
      }
      for (char letter : letters) {
        List<BitSet> next = new ArrayList<>();
        for (int i = 0; i < globs.size(); i++) {
          next.add(advanced(globs.get(i), step.state.get(i), letter));
        }
        if (seen.add(next)) {
          if (seen.size() > STATES_MAX) {
            throw new TooComplex("too many ways to combine the patterns of one attribute");
          }
          queue.add(new Step(next, step.text + letter));
        }
      }
    }
    return Optional.empty();
  }

  /** Every letter that some glob names, and one that none does. */
  private Set<Character> letters(List<Glob> globs) {
    Set<Character> letters = new TreeSet<>();
    for (Glob glob : globs) {
      glob.text().chars().filter(c -> c != '*').forEach(c -> letters.add((char) c));
    }
    char other = 'x';
    while (letters.contains(other)) {
      other++;
    }
    letters.add(other);
    letters.removeIf(letter -> level && !isUsable(String.valueOf(letter)));
    return letters;
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

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
 * A text that is wanted: matched by one glob of each list, by none of the forbidden ones, and, if
 * it is to stand in a topic level, fit for that.
 *
 * @param required each list is any-of
 * @param forbidden globs that must not match
 * @param level whether it must be usable as a variable's value
 */
record Word(List<List<Glob>> required, List<Glob> forbidden, boolean level) {
  /** States of the search for one text; real policies need a handful. */
  private static final int STATES_MAX = 20_000;

  boolean accepts(String value) {
    return !value.isEmpty()
        && (!level || isUsable(value))
        && required.stream().allMatch(any -> any.stream().anyMatch(glob -> glob.matches(value)))
        && forbidden.stream().noneMatch(glob -> glob.matches(value));
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
    Optional<String> apart = new Word(required, with(avoid), level).search();
    return apart.isPresent() ? apart : search();
  }

  /** Puts something simple in for every star; nearly always enough. */
  private Optional<String> guess(Set<String> avoid, String seed) {
    List<Glob> shapes = new ArrayList<>(List.of(Glob.ANY));
    required.forEach(shapes::addAll);
    for (Glob shape : shapes.reversed()) {
      for (String filling : List.of(seed, seed + "1", seed + "2", "")) {
        String value = shape.text().replace("*", filling);
        if (accepts(value) && !avoid.contains(value) && !value.startsWith("$")) {
          return Optional.of(value);
        }
      }
    }
    return Optional.empty();
  }

  private List<Glob> with(Set<String> avoid) {
    List<Glob> all = new ArrayList<>(forbidden);
    // A star in a value to avoid would forbid too much; avoiding is only a wish.
    avoid.stream()
        .filter(value -> !value.isEmpty() && value.indexOf('*') < 0)
        .forEach(value -> all.add(new Glob(value)));
    return all;
  }

  /** Breadth first through all texts, as far as the globs tell them apart. */
  private Optional<String> search() {
    List<Glob> globs = new ArrayList<>();
    required.forEach(globs::addAll);
    globs.addAll(forbidden);
    record Step(List<BitSet> state, String text) {}
    Set<Character> letters = letters(globs);
    Deque<Step> queue = new ArrayDeque<>();
    Set<List<BitSet>> seen = new HashSet<>();
    List<BitSet> start = globs.stream().map(glob -> closed(glob, single(0))).toList();
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
    positions.stream()
        .filter(at -> at < text.length())
        .forEach(
            at -> {
              if (text.charAt(at) == '*') {
                next.set(at);
              } else if (text.charAt(at) == letter) {
                next.set(at + 1);
              }
            });
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

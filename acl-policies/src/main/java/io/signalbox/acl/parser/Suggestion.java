package io.signalbox.acl.parser;

import java.util.Collection;
import java.util.Comparator;

/** Guesses what a person meant to type. */
final class Suggestion {
  private Suggestion() {}

  /** "; did you mean ...?" for the nearest known word, or nothing when none is near. */
  static String among(Collection<String> known, String typed) {
    if (typed.length() > 40) {
      return "";
    }
    return known.stream()
        .min(Comparator.comparingInt(word -> distance(word, typed)))
        .filter(word -> distance(word, typed) <= Math.max(1, (word.length() + 1) / 3))
        .map(word -> "; did you mean \"" + word + "\"?")
        .orElse("");
  }

  /** Edits that make one word the other, letter case aside. */
  private static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j <= other.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        boolean same =
            Character.toLowerCase(one.charAt(i - 1)) == Character.toLowerCase(other.charAt(j - 1));
        int edits = Math.min(diagonal + (same ? 0 : 1), Math.min(row[j], row[j - 1]) + 1);
        diagonal = row[j];
        row[j] = edits;
      }
    }
    return row[other.length()];
  }
}

package io.signalbox.acl.proof;

import io.signalbox.acl.model.Glob;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Globs of which one must match. A policy may be attached to thousands of devices, so that fixed
 * texts are looked up and not tried one after the other.
 *
 * @param texts that match themselves alone
 * @param patterns with a star
 */
record AnyOf(NavigableSet<String> texts, List<Glob> patterns) {
  static AnyOf of(List<Glob> globs) {
    NavigableSet<String> texts = new TreeSet<>();
    List<Glob> patterns = new ArrayList<>();
    for (Glob glob : globs) {
      if (glob.isLiteral()) {
        texts.add(glob.text());
      } else {
        patterns.add(glob);
      }
    }
    return new AnyOf(texts, List.copyOf(patterns));
  }

  boolean matches(String value) {
    return texts.contains(value) || patterns.stream().anyMatch(glob -> glob.matches(value));
  }
}

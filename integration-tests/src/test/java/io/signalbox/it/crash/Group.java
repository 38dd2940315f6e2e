package io.signalbox.it.crash;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The members of a Shared Subscription: together they get each message, with QoS 2 once. */
final class Group {
  private final Map<Letter, String> takers = new ConcurrentHashMap<>();
  private final Set<Letter> taken = takers.keySet();

  boolean has(Letter letter) {
    return taken.contains(letter);
  }

  /**
   * @param strict nothing excuses a second copy
   */
  void took(Letter letter, String member, boolean strict) {
    String before = takers.putIfAbsent(letter, member);
    if (strict && before != null && !before.equals(member)) {
      throw new AssertionError(member + " got what " + before + " has: " + letter);
    }
  }
}

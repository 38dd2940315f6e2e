package io.signalbox.it.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What was retained and cleared on each topic, in its only author's order, and so what a reader may
 * find there.
 */
final class Shelf {
  private final History history;
  private final Map<String, List<Letter>> topics = new ConcurrentHashMap<>();

  Shelf(History history) {
    this.history = history;
  }

  /** Sets and clears by one author on topics of its own. */
  LongFunction<Letter> letters(String author, List<String> on, RandomGenerator random) {
    return number -> {
      boolean clear = random.nextInt(4) == 0;
      int size = random.nextInt(30) == 0 ? 5_000 : 20 + random.nextInt(300);
      int which = random.nextInt(on.size());
      String topic = on.get(which);
      // One QoS for each topic: a QoS 1 message that is sent again may rightly come after a QoS 2
      // message that was published after it, which is not.
      var letter = new Letter(author, number, topic, 1 + which % 2, true, 0, clear ? 0 : size);
      List<Letter> all = topics.computeIfAbsent(topic, _ -> new ArrayList<>());
      synchronized (all) {
        all.add(letter);
      }
      return letter;
    };
  }

  Set<String> topics() {
    return topics.keySet();
  }

  /**
   * Says what is wrong with what a reader found.
   *
   * @param found id of the letter; null: nothing
   * @param from tick before it began to read
   * @param to tick after it ended
   * @return null: it may be so
   */
  @Nullable String judge(String topic, @Nullable String found, long from, long to) {
    List<Letter> all = topics.getOrDefault(topic, List.of());
    synchronized (all) {
      var possible = new ArrayList<String>();
      boolean settled = false; // by one that nothing sent before it can follow, unless it was late
      for (int i = all.size() - 1; i >= 0; i--) {
        Letter letter = all.get(i);
        if (letter.sent < to && (!settled || history.mayBeLate(letter))) {
          possible.add(letter.isEmpty() ? "nothing by " + letter : letter.toString());
          if (letter.isEmpty() ? found == null : letter.id.equals(found)) {
            return null;
          }
        }
        settled |= letter.acknowledged < from;
      }
      return found == null && !settled
          ? null
          : topic + " has " + found + ", not one of " + possible;
    }
  }
}

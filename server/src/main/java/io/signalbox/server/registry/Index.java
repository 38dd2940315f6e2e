package io.signalbox.server.registry;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one kind by name. Any thread reads; one at a time writes: the store's thread, or
 * whoever loads at start.
 */
final class Index<E extends Entry<E>> {
  private final ConcurrentNavigableMap<String, E> byName = new ConcurrentSkipListMap<>();
  private final AtomicInteger count = new AtomicInteger();

  @Nullable E get(String name) {
    return byName.get(name);
  }

  Collection<E> all() {
    return byName.values();
  }

  int count() {
    return count.get();
  }

  void put(E entry) {
    if (byName.put(entry.name(), entry) == null) {
      count.incrementAndGet();
    }
  }

  void remove(String name) {
    if (byName.remove(name) != null) {
      count.decrementAndGet();
    }
  }

  /**
   * The next entries behind a name.
   *
   * @param prefix of the names wanted; empty: all
   * @param limit at most so many, and one more to tell whether there are further ones
   */
  List<E> page(String after, String prefix, Predicate<E> wanted, int limit) {
    List<E> found = new ArrayList<>();
    String from = after.compareTo(prefix) < 0 ? prefix : after;
    for (E entry : byName.tailMap(from, !from.equals(after) || after.isEmpty()).values()) {
      if (!entry.name().startsWith(prefix) || found.size() > limit) {
        break;
      }
      if (wanted.test(entry)) {
        found.add(entry);
      }
    }
    return found;
  }
}

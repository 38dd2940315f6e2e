package io.signalbox.server.retained;

import io.signalbox.server.topic.TopicName;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Topics that changed while a slice was on its way from the disk to its reader. Without it a slice
 * could bring a value that the subscriber has already seen replaced. Any thread.
 */
final class RecentChanges {
  /** Below, forgetting is not worth the walk. */
  private static final int KEPT_MIN = 1_024;

  /** A slice on its way. */
  static final class Mark {
    // 0 until taken: nothing is forgotten before.
    private volatile long stamp;
  }

  private final AtomicLong stamps = new AtomicLong();
  private final Set<Mark> underway = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<TopicName, Long> changes = new ConcurrentHashMap<>();
  private volatile int forgetAbove = KEPT_MIN;

  /** Before the snapshot of a slice is taken. */
  Mark begin() {
    var mark = new Mark();
    underway.add(mark);
    mark.stamp = stamps.get();
    return mark;
  }

  /** Before the topic leaves {@link PendingValues}. */
  void add(TopicName topic) {
    long stamp = stamps.incrementAndGet();
    if (!underway.isEmpty()) {
      changes.put(topic, stamp);
    }
  }

  /** Whether the topic changed since the mark; asked before {@link #end}. */
  boolean since(Mark mark, TopicName topic) {
    Long stamp = changes.get(topic);
    return stamp != null && stamp > mark.stamp;
  }

  void end(Mark mark) {
    underway.remove(mark);
    if (changes.size() > forgetAbove) {
      forget();
    }
  }

  private void forget() {
    // Read first: a mark that is not seen below is stamped with this or more.
    long oldest = stamps.get();
    for (Mark mark : underway) {
      oldest = Math.min(oldest, mark.stamp);
    }
    long before = oldest;
    changes.values().removeIf(stamp -> stamp <= before);
    forgetAbove = Math.max(KEPT_MIN, 2 * changes.size());
  }
}

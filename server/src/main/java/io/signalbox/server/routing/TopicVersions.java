package io.signalbox.server.routing;

import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counters that tell which topics may have other receivers than before: one for filters whose first
 * level is a wildcard, the rest shared out over first levels and over pairs of first levels by
 * hash. {@code devices/+/state} changes all topics below {@code devices}, {@code devices/7/state}
 * only those below {@code devices/7}: a client that comes and goes leaves the cached routes of its
 * neighbours alone.
 *
 * <p>A topic depends on three counters, and its version is their sum: they only grow, so an equal
 * sum means that none of them moved. Any thread reads; one writer at a time counts, after its
 * change is complete.
 */
final class TopicVersions {
  private static final int STRIPES = 1 << 12;
  private static final int ALL_TOPICS = STRIPES;
  private static final int NEVER_CHANGES = STRIPES + 1;

  private final AtomicLongArray counters = new AtomicLongArray(STRIPES + 2);

  /** Of topics with this first level. */
  static int firstLevelStripe(TopicName topic) {
    return stripe(topic.utf8(), topic.levelEnd(0));
  }

  /** Of topics with these first two levels; a stripe that never changes when there is but one. */
  static int secondLevelStripe(TopicName topic) {
    return topic.levelCount() == 1 ? NEVER_CHANGES : stripe(topic.utf8(), topic.levelEnd(1));
  }

  private static int stripe(byte[] utf8, int end) {
    return TopicName.hash(utf8, 0, end) & (STRIPES - 1);
  }

  /** To be read before the receivers are looked up, and again before they are used another time. */
  long version(int firstLevelStripe, int secondLevelStripe) {
    return counters.get(ALL_TOPICS)
        + counters.get(firstLevelStripe)
        + counters.get(secondLevelStripe);
  }

  void changed(TopicFilter filter) {
    counters.incrementAndGet(stripe(filter));
  }

  private static int stripe(TopicFilter filter) {
    if (isWildcard(filter, 0)) {
      return ALL_TOPICS;
    }
    boolean fixesTwoLevels = filter.levelCount() > 1 && !isWildcard(filter, 1);
    return stripe(filter.utf8(), filter.levelEnd(fixesTwoLevels ? 1 : 0));
  }

  private static boolean isWildcard(TopicFilter filter, int level) {
    return filter.isSingleLevelWildcard(level) || filter.isMultiLevelWildcard(level);
  }
}

package io.signalbox.server.retained;

import io.signalbox.server.routing.Message;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Values of topics that are routed, or about to be, and not durable yet: the newest of each topic.
 * As many as the writer's queue holds at most. Any thread.
 *
 * <p>Two publishers that set one topic at the same moment have no order between them; here the last
 * to come stands until both are durable.
 */
final class PendingValues {
  /**
   * Replaced, never changed, but for who watches: within the map's operations on the topic, and no
   * more once it has left the map.
   */
  private record Pending(Message newest, int unsettled, @Nullable Set<RefusalWatch> watches) {}

  private final ConcurrentHashMap<TopicName, Pending> byTopic = new ConcurrentHashMap<>();

  /**
   * INVARIANT: above 0 while {@link #byTopic} has a value that is not settled, however often others
   * are settled. The map's own count is a sum of several that change meanwhile.
   */
  private final AtomicLong unsettled = new AtomicLong();

  void add(Message message) {
    unsettled.incrementAndGet();
    byTopic.merge(
        message.topic(),
        new Pending(message, 1, null),
        (before, now) -> new Pending(now.newest, before.unsettled + 1, before.watches));
  }

  /** One of the topic's values is on disk, or was refused: then those who watch it are told. */
  void settle(TopicName topic, boolean refused) {
    List<RefusalWatch> told = refused ? new ArrayList<>() : List.of();
    byTopic.computeIfPresent(
        topic,
        (_, pending) -> {
          unsettled.decrementAndGet();
          Set<RefusalWatch> watches = pending.watches;
          if (refused && watches != null) {
            told.addAll(watches);
            watches = null;
          }
          return pending.unsettled == 1
              ? null
              : new Pending(pending.newest, pending.unsettled - 1, watches);
        });
    for (RefusalWatch watch : told) {
      watch.loop().execute(() -> watch.again(topic));
    }
  }

  /** As {@link #newest}; from now on it is watched whether one of the topic's values is refused. */
  @Nullable Message watch(TopicName topic, RefusalWatch watch) {
    Pending pending =
        byTopic.computeIfPresent(
            topic,
            (_, now) -> {
              Set<RefusalWatch> watches = now.watches == null ? HashSet.newHashSet(1) : now.watches;
              watches.add(watch);
              return new Pending(now.newest, now.unsettled, watches);
            });
    return pending == null ? null : pending.newest;
  }

  /**
   * The newest value of a topic, which is empty when it is being cleared; null: none is pending.
   */
  @Nullable Message newest(TopicName topic) {
    Pending pending = byTopic.get(topic);
    return pending == null ? null : pending.newest;
  }

  /** Whether anything, a removal too, is pending for any topic. */
  boolean isEmpty() {
    return unsettled.get() == 0;
  }

  /** Newest values of matching topics, without those that are being cleared or have expired. */
  List<Message> matching(TopicFilter filter, long nowMillis) {
    List<Message> found = new ArrayList<>();
    if (isEmpty()) {
      return found;
    }
    byTopic.forEach(
        (topic, pending) -> {
          Message newest = pending.newest;
          if (newest.payload().length > 0
              && !newest.isExpired(nowMillis)
              && filter.matches(topic)) {
            found.add(newest);
          }
        });
    return found;
  }
}

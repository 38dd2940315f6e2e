package io.signalbox.server.retained;

import io.signalbox.server.routing.Message;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.ArrayList;
import java.util.List;
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
  /** Replaced, never changed. */
  private record Pending(Message newest, int unsettled) {}

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
        new Pending(message, 1),
        (before, now) -> new Pending(now.newest, before.unsettled + 1));
  }

  void settle(TopicName topic) {
    byTopic.computeIfPresent(
        topic,
        (_, pending) -> {
          unsettled.decrementAndGet();
          return pending.unsettled == 1 ? null : new Pending(pending.newest, pending.unsettled - 1);
        });
  }

  boolean has(TopicName topic) {
    return byTopic.containsKey(topic);
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

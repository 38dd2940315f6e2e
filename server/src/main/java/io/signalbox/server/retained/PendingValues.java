package io.signalbox.server.retained;

import io.signalbox.server.routing.Message;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
  /**
   * Replaced, never changed, but for who watches: within the map's operations on the topic, and no
   * more once it has left the map.
   *
   * @param added values since the topic is in the map
   * @param settled of them
   * @param watches the eldest first, each with what was {@code added} when it looked; null: none
   */
  private record Pending(
      Message newest,
      long added,
      long settled,
      @Nullable LinkedHashMap<RefusalWatch, Long> watches) {
    Pending with(Message message) {
      return new Pending(message, added + 1, settled, watches);
    }

    /** One more is settled; null: all are. */
    @Nullable Pending settled(boolean refused) {
      if (settled + 1 == added) {
        return null;
      }
      return new Pending(newest, added, settled + 1, refused ? null : stillWatching());
    }

    /**
     * Without those for whom all is settled that was pending when they looked: what came later has
     * reached them by their subscriptions. On a topic that always has a value on its way they would
     * never go otherwise. Should two publishers' values be settled in another order than they came,
     * one of the later ones was kept, and that is what stands.
     */
    private @Nullable LinkedHashMap<RefusalWatch, Long> stillWatching() {
      while (watches != null
          && !watches.isEmpty()
          && watches.firstEntry().getValue() <= settled + 1) {
        watches.pollFirstEntry();
      }
      return watches;
    }

    Pending watchedBy(RefusalWatch watch) {
      LinkedHashMap<RefusalWatch, Long> all = watches == null ? new LinkedHashMap<>(2) : watches;
      all.remove(watch); // an equal one, which is further ahead and may stand for less
      all.put(watch, added);
      return new Pending(newest, added, settled, all);
    }
  }

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
        new Pending(message, 1, 0, null),
        (before, now) -> before.with(now.newest));
  }

  /** One of the topic's values is on disk, or was refused: then those who watch it are told. */
  void settle(TopicName topic, boolean refused) {
    List<RefusalWatch> told = refused ? new ArrayList<>() : List.of();
    byTopic.computeIfPresent(
        topic,
        (_, pending) -> {
          unsettled.decrementAndGet();
          if (refused && pending.watches != null) {
            told.addAll(pending.watches.keySet());
          }
          return pending.settled(refused);
        });
    for (RefusalWatch watch : told) {
      watch.loop().execute(() -> watch.again(topic));
    }
  }

  /**
   * As {@link #newest}; until the topic's values of now are settled it is watched whether one is
   * refused. The watch takes the place of an equal one.
   */
  @Nullable Message watch(TopicName topic, RefusalWatch watch) {
    Pending pending = byTopic.computeIfPresent(topic, (_, now) -> now.watchedBy(watch));
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

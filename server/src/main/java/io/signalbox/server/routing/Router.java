package io.signalbox.server.routing;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.topic.TopicName;
import org.jspecify.annotations.Nullable;

/**
 * Finds the receivers of a topic for one I/O thread: looks into its own cache first, then into the
 * shared {@link SubscriptionTrie}. No lock on the way.
 */
@ConfinedTo("I/O thread")
public final class Router {
  private final RouteCache cache;
  private final RouteFinder finder;
  private final TopicVersions versions;

  /**
   * @param cachedTopicsMax routes kept; 2 or more, rounded down to a power of two
   * @param cachedBytesMax approximate heap of the routes kept; a larger route is looked up each
   *     time
   */
  public Router(SubscriptionTrie trie, int cachedTopicsMax, long cachedBytesMax) {
    this.cache = new RouteCache(cachedTopicsMax, cachedBytesMax);
    this.finder = new RouteFinder(trie.root());
    this.versions = trie.versions();
  }

  /**
   * The receivers of a topic. Every subscription complete before the call is in it. A topic that is
   * the same object as the last time is found quickest.
   */
  public Route route(TopicName topic) {
    CachedRoute cached = cache.find(topic);
    if (cached != null && cached.isValid(versions)) {
      return cached.route();
    }
    int first = TopicVersions.firstLevelStripe(topic);
    int second = TopicVersions.secondLevelStripe(topic);
    long version =
        versions.version(first, second); // before the search: a change during it must show
    Route route = finder.find(topic);
    cache.put(new CachedRoute(topic, route, first, second, version));
    return route;
  }

  /**
   * Who gets one message: applies No Local and picks one member of each group.
   *
   * @param kept whether the message is one of QoS 1 or 2, which queues on disk take
   * @param publisher the session that published, or null when it was none (the server itself)
   * @param into emptied, then filled
   */
  public void receivers(
      TopicName topic, boolean kept, @Nullable Subscriber publisher, Receivers into) {
    Route route = route(topic);
    into.clear();
    int size = route.size();
    into.ensureCapacity(size + route.groupCount());
    for (int i = 0; i < size; i++) {
      Delivery delivery = route.delivery(i);
      Delivery effective = delivery.isFor(publisher) ? delivery.forOwnMessages() : delivery;
      if (effective != null) {
        into.add(effective);
      }
    }
    for (int i = 0; i < route.groupCount(); i++) {
      Delivery picked = route.group(i).pick(kept); // [MQTT-4.8.2-4]
      if (picked != null) {
        into.add(picked);
      }
    }
  }

  /** Routes in the cache, for metrics. */
  public int cachedTopics() {
    return cache.size();
  }

  /** Approximate heap of the routes in the cache. */
  public long cachedBytes() {
    return cache.bytes();
  }
}

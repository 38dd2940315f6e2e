package io.signalbox.server.routing;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.topic.TopicName;
import org.jspecify.annotations.Nullable;

/**
 * The routes of the topics published to lately, bounded in number and bytes. A topic has two places
 * by its hash; a new one takes turns between them when both are taken.
 */
@ConfinedTo("I/O thread")
final class RouteCache {
  private final @Nullable CachedRoute[] places;
  private final long bytesMax;
  private long bytes;
  private int size;
  private int turn;
  private int sweep;

  RouteCache(int topicsMax, long bytesMax) {
    if (topicsMax < 2) {
      throw new IllegalArgumentException("cached topics: " + topicsMax + " is below 2");
    }
    this.places = new CachedRoute[Integer.highestOneBit(topicsMax)];
    this.bytesMax = bytesMax;
  }

  int size() {
    return size;
  }

  long bytes() {
    return bytes;
  }

  /** The entry of a topic, valid or not; or null. */
  @Nullable CachedRoute find(TopicName topic) {
    int place = firstPlace(topic);
    CachedRoute cached = places[place];
    if (cached != null && cached.topic().equals(topic)) {
      return cached;
    }
    cached = places[place ^ 1];
    return cached != null && cached.topic().equals(topic) ? cached : null;
  }

  private int firstPlace(TopicName topic) {
    return topic.hashCode() & (places.length - 1);
  }

  /** Keeps a route, in the place of an older one of the topic or of another topic. */
  void put(CachedRoute cached) {
    int place = placeFor(cached.topic());
    set(place, null);
    long itsBytes = cached.bytes();
    if (itsBytes > bytesMax) {
      return;
    }
    while (bytes + itsBytes > bytesMax) {
      set(sweep, null);
      sweep = (sweep + 1) & (places.length - 1);
    }
    set(place, cached);
  }

  private int placeFor(TopicName topic) {
    int first = firstPlace(topic);
    int second = first ^ 1;
    CachedRoute atFirst = places[first];
    CachedRoute atSecond = places[second];
    if (atFirst != null && atFirst.topic().equals(topic)) {
      return first;
    }
    if (atSecond != null && atSecond.topic().equals(topic)) {
      return second;
    }
    if (atFirst == null) {
      return first;
    }
    return atSecond == null ? second : first ^ (turn++ & 1);
  }

  private void set(int place, @Nullable CachedRoute cached) {
    CachedRoute old = places[place];
    if (old != null) {
      bytes -= old.bytes();
      size--;
    }
    if (cached != null) {
      bytes += cached.bytes();
      size++;
    }
    places[place] = cached;
  }
}

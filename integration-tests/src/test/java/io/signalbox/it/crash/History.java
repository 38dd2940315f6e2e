package io.signalbox.it.crash;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What all clients sent and were told, in one order that every thread agrees on: if one saw an
 * answer before another sent something, the first has the lower tick.
 */
final class History {
  private final AtomicLong ticks = new AtomicLong();
  private final Map<String, Letter> letters = new ConcurrentHashMap<>();
  private final List<Inbox> inboxes = new CopyOnWriteArrayList<>();
  final AtomicLong acknowledged = new AtomicLong();
  final AtomicLong delivered = new AtomicLong();
  final AtomicLong repeated = new AtomicLong();
  final AtomicLong resumed = new AtomicLong();

  /** From when to when the disk may have been full, in ticks. */
  private final List<Full> full = new CopyOnWriteArrayList<>();

  private static final class Full {
    final long from;
    volatile long to = Long.MAX_VALUE;

    Full(long from) {
      this.from = from;
    }
  }

  /** The disk may be full from now on. */
  void mayBeFull() {
    full.add(new Full(tick()));
  }

  /** What is sent from now on finds room. */
  void hasRoom() {
    long now = tick();
    full.forEach(one -> one.to = Math.min(one.to, now));
  }

  /**
   * The broker may have refused it, its publisher never heard of that and sent it again; what was
   * published behind it and had found room by then came before it.
   */
  boolean mayBeLate(Letter letter) {
    return letter.refusable
        && letter.transmissions > 1
        && full.stream().anyMatch(one -> one.from < letter.acknowledged && one.to > letter.sent);
  }

  long tick() {
    return ticks.incrementAndGet();
  }

  void add(Letter letter) {
    letters.put(letter.id, letter);
  }

  void add(Inbox inbox) {
    inboxes.add(inbox);
  }

  @Nullable Letter find(String id) {
    return letters.get(id);
  }

  Collection<Letter> letters() {
    return letters.values();
  }

  /** Acknowledged letters that somebody is still owed, described; empty when all is there. */
  List<String> missing() {
    var missing = new ArrayList<String>();
    for (Letter letter : letters.values()) {
      for (Inbox inbox : inboxes) {
        if (inbox.isOwed(letter)) {
          missing.add(inbox.name() + " never got " + letter);
        }
      }
    }
    return missing;
  }

  /**
   * An acknowledgement said that nobody subscribes.
   *
   * @return who had been subscribed all the time; null if that may be so
   */
  @Nullable String subscribedTo(Letter letter) {
    for (Inbox inbox : inboxes) {
      if (inbox.mustMatch(letter)) {
        return inbox.name();
      }
    }
    return null;
  }

  /** One message of a topic matches a filter without Shared Subscription. */
  static boolean matches(String filter, String topic) {
    String[] wanted = filter.split("/", -1);
    String[] levels = topic.split("/", -1);
    for (int i = 0; i < wanted.length; i++) {
      if (wanted[i].equals("#")) {
        return true;
      }
      if (i >= levels.length || !(wanted[i].equals("+") || wanted[i].equals(levels[i]))) {
        return false;
      }
    }
    return wanted.length == levels.length;
  }
}

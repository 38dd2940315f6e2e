package io.signalbox.it.crash;

import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.PropertyBytes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What one receiving client has, and whether it may have it. Its own session state survives the
 * broker: identifiers of QoS 2 messages that are not released yet, and what it has not answered.
 *
 * <p>Owned by its client's thread; {@link #isOwed} and {@link #mustMatch} are safe for any.
 */
final class Inbox {
  private static final long SLACK_MILLIS = 5_000;

  /** How many times a letter came. */
  private static final class Copies {
    int all;
    int withoutDup;
  }

  private final String name;
  private final History history;
  private final @Nullable Group group;
  private final List<Span> spans = new CopyOnWriteArrayList<>();
  private final Map<Letter, Copies> got = new ConcurrentHashMap<>();
  private final Map<String, Long> latest = new HashMap<>();
  private final Map<Integer, Letter> unreleased = new HashMap<>();
  private final Map<Letter, Integer> unanswered = new HashMap<>();

  /** Of those, what came over an earlier connection. */
  private final Set<Letter> carried = new HashSet<>();

  private volatile long endedBefore;
  private long connectedAtMillis;

  Inbox(String name, History history, @Nullable Group group) {
    this.name = name;
    this.history = history;
    this.group = group;
    history.add(this);
  }

  String name() {
    return name;
  }

  // ---- subscriptions

  Span asking(String filter, int qos) {
    var span = new Span(filter, qos, history.tick());
    spans.add(span);
    return span;
  }

  /** UNSUBSCRIBE goes out for them. */
  void leaving(List<Span> these) {
    long now = history.tick();
    these.forEach(span -> span.leaving(now));
  }

  /**
   * SUBACK or UNSUBACK came.
   *
   * @param asked null for UNSUBACK
   * @param old what it replaced or ended
   */
  void changed(@Nullable Span asked, List<Span> old) {
    long now = history.tick();
    if (asked != null) {
      asked.granted(now);
    }
    for (Span span : old) {
      if (asked == null || span.qos != asked.qos) {
        span.left(now);
      }
    }
  }

  /** Those that are not known to be gone. */
  List<Span> spans(String filter) {
    return spans.stream().filter(span -> span.filter.equals(filter) && !span.isLeft()).toList();
  }

  boolean isSubscribed(String filter) {
    return spans(filter).stream().anyMatch(span -> span.isGranted() && !span.isLeaving());
  }

  /** A CONNECT with Clean Start goes out: whatever is not here yet is nobody's promise any more. */
  long endingSession() {
    long now = history.tick();
    for (Span span : spans) {
      if (!span.isLeft()) {
        span.leaving(now);
        span.drop();
      }
    }
    return now;
  }

  /**
   * The old session is known to be gone.
   *
   * @param asked what {@link #endingSession} returned
   */
  void sessionEnded(long asked) {
    long now = history.tick();
    for (Span span : spans) {
      if (span.isLeaving()) {
        span.left(now);
      }
    }
    endedBefore = asked;
    unreleased.clear();
    unanswered.clear();
    carried.clear();
  }

  void connected() {
    connectedAtMillis = System.currentTimeMillis();
    carried.addAll(unanswered.keySet());
  }

  // ---- judging

  boolean has(Letter letter) {
    return got.containsKey(letter);
  }

  boolean mustMatch(Letter letter) {
    for (Span span : spans) {
      if (span.mustMatch(letter)) {
        return true;
      }
    }
    return false;
  }

  /** Acknowledged, matched all the time, and not here. */
  boolean isOwed(Letter letter) {
    if (letter.acknowledged == Letter.NEVER || letter.cancelled || letter.mayBeOver()) {
      return false;
    }
    if (group != null ? group.has(letter) : got.containsKey(letter)) {
      return false;
    }
    for (Span span : spans) {
      if (!span.isDropped() && span.mustMatch(letter)) {
        return true;
      }
    }
    return false;
  }

  /** Takes a PUBLISH with QoS 1 or 2, or says what is wrong with it. */
  void received(Parsed publish) {
    @Nullable Letter letter = history.find(Letter.idOf(publish.text()));
    if (letter == null) {
      throw wrong(publish, "nobody sent this");
    }
    if (!publish.topic().equals(letter.topic)
        || publish.payload().length != letter.payload().length) {
      throw wrong(publish, "not as it was sent: " + letter);
    }
    int packetId = publish.packetId();
    if (publish.qos() == 2) {
      @Nullable Letter before = unreleased.get(packetId);
      if (before == letter) {
        require(publish.dup(), publish, letter, "sent again without DUP");
        answeredAgain(publish, letter);
        history.resumed.incrementAndGet();
        return;
      }
      require(before == null, publish, letter, "its identifier still belongs to " + before);
    }
    judge(publish, letter);
    if (publish.qos() == 2) {
      unreleased.put(packetId, letter);
    }
    unanswered.put(letter, packetId);
    carried.remove(letter);
  }

  private void answeredAgain(Parsed publish, Letter letter) {
    carried.remove(letter);
    unanswered.put(letter, publish.packetId());
  }

  private void judge(Parsed publish, Letter letter) {
    require(mayHave(letter, publish.qos()), publish, letter, "not subscribed to, or another QoS");
    require(
        letter.acknowledged > endedBefore, publish, letter, "belongs to a session that was ended");
    require(!letter.isLongOver(SLACK_MILLIS) || publish.dup(), publish, letter, "expired long ago");
    checkRemainingLife(publish, letter);
    // A QoS 1 message that its publisher sent twice may be two messages, and what a member of a
    // Shared Subscription leaves unacknowledged may be given to another, and back; nothing else
    // may come twice.
    boolean sentTwice = letter.qos == 1 && letter.transmissions > 1;
    boolean maybeTwo = sentTwice || (group != null && publish.qos() == 1);
    @Nullable Integer carriedAs = carried.contains(letter) ? unanswered.get(letter) : null;
    if (carriedAs != null && !maybeTwo) {
      require(publish.dup(), publish, letter, "sent again without DUP");
      require(
          carriedAs == publish.packetId(),
          publish,
          letter,
          "was sent with identifier " + carriedAs);
    }
    Copies copies = got.computeIfAbsent(letter, _ -> new Copies());
    if (copies.all > 0) {
      history.repeated.incrementAndGet();
      require(publish.qos() == 1 || maybeTwo, publish, letter, "a second time with QoS 2");
      require(publish.dup() || maybeTwo, publish, letter, "a second time without DUP");
    } else {
      require(!letter.cancelled, publish, letter, "was cancelled");
      boolean lostFirst = !wasThereFor(letter) || letter.mayBeOver();
      boolean mayBeLate = (maybeTwo && lostFirst) || history.mayBeLate(letter);
      if (group == null && !mayBeLate) {
        checkOrder(publish, letter);
      } // else the first copy went elsewhere, expired or was refused, and its successors came here
      history.delivered.incrementAndGet();
    }
    copies.all++;
    copies.withoutDup += publish.dup() ? 0 : 1;
    require(
        group != null || copies.withoutDup <= Math.max(1, letter.transmissions),
        publish,
        letter,
        "more often without DUP than it was sent");
    if (group != null) {
      group.took(letter, name, !maybeTwo);
    }
  }

  private boolean mayHave(Letter letter, int qos) {
    for (Span span : spans) {
      boolean then = group == null ? span.mayMatch(letter) : span.matches(letter);
      if (then && Math.min(span.qos, letter.qos) == qos) {
        return true;
      }
    }
    return false;
  }

  private boolean wasThereFor(Letter letter) {
    return spans.stream().anyMatch(span -> span.wasThereFor(letter));
  }

  private void checkOrder(Parsed publish, Letter letter) {
    // [MQTT-4.6.0-5] orders what one client published to one topic with one QoS.
    String stream = letter.author + ' ' + letter.topic + ' ' + letter.qos + publish.qos();
    @Nullable Long before = latest.put(stream, letter.number);
    require(
        before == null || before < letter.number, publish, letter, "overtaken by number " + before);
  }

  private void checkRemainingLife(Parsed publish, Letter letter) {
    if (letter.expirySeconds == 0) {
      return;
    }
    long now = System.currentTimeMillis();
    publish
        .properties()
        .number(PropertyBytes.MESSAGE_EXPIRY_INTERVAL)
        .ifPresent(
            left -> {
              long least = letter.expirySeconds - (now - letter.sentAtMillis) / 1000 - 2;
              long before = Math.max(0, connectedAtMillis - letter.acknowledgedAtMillis) / 1000;
              long most = Math.max(0, letter.expirySeconds - before) + 2; // 0 when sent again
              require(
                  left >= least && left <= most,
                  publish,
                  letter,
                  "has " + left + " seconds left, not " + least + ".." + most);
            });
  }

  // ---- answering

  /** We answered a QoS 1 message or said PUBREC: it may not come again without reason. */
  void answered(int packetId) {
    unanswered.values().removeIf(id -> id == packetId);
  }

  /** PUBREL came. */
  void released(int packetId) {
    unreleased.remove(packetId);
  }

  private void require(boolean good, Parsed publish, Letter letter, String problem) {
    if (!good) {
      throw wrong(publish, problem + ": " + letter);
    }
  }

  private AssertionError wrong(Parsed publish, String problem) {
    String text = publish.toString();
    return new AssertionError(
        name + " got " + text.substring(0, Math.min(200, text.length())) + ": " + problem);
  }
}

package io.signalbox.it.crash;

import static io.signalbox.it.wire.PropertyBytes.messageExpiry;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;

import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.PublishBytes;
import io.signalbox.it.wire.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A client with a lasting session that publishes with QoS 1 and 2, a few at a time, and after each
 * break sends again what it got no answer to, as section 4.4 asks.
 */
final class Publisher implements Actor {
  private static final int NO_MATCHING_SUBSCRIBERS = 0x10;
  private static final long PAUSE_NANOS_MAX = 12_000_000;

  /** A letter under way. */
  private static final class Open {
    final Letter letter;
    boolean released;

    Open(Letter letter) {
      this.letter = letter;
    }
  }

  private final String name;
  private final Version version;
  private final int windowMax;
  private final Stage stage;
  private final History history;
  private final Random random;
  private final LongFunction<Letter> next;
  private final Map<Integer, Open> window = new LinkedHashMap<>();
  private long number;
  private int lastPacketId;
  private boolean known;
  private long issueAtNanos;
  private volatile boolean done;

  /**
   * @param windowMax letters under way at most
   * @param next makes the letter of that number
   */
  Publisher(
      String name,
      Version version,
      int windowMax,
      Stage stage,
      History history,
      Random random,
      LongFunction<Letter> next) {
    this.name = name;
    this.version = version;
    this.windowMax = windowMax;
    this.stage = stage;
    this.history = history;
    this.random = random;
    this.next = next;
  }

  @Override
  public String name() {
    return name;
  }

  /** Everything it ever sent is acknowledged. */
  boolean isDone() {
    return done;
  }

  @Override
  public void play(Endpoint endpoint) {
    boolean more = true;
    while (more) {
      try (Line line = Line.open(endpoint, version)) {
        ConnectBytes connect = PacketBytes.connect(version).clientId(name).cleanStart(false);
        if (version.isV5()) {
          connect.with(sessionExpiry(3_600));
        }
        Parsed connAck = line.connect(connect);
        if (known && !connAck.sessionPresent()) {
          throw new AssertionError("the session is gone");
        }
        known = true;
        sendAgain(line);
        more = work(line);
      }
    }
  }

  private void sendAgain(Line line) {
    for (Map.Entry<Integer, Open> entry : window.entrySet()) {
      Open open = entry.getValue();
      if (open.released) {
        line.send(PacketBytes.pubRel(entry.getKey()));
      } else {
        open.letter.sending(history);
        line.send(bytes(open.letter, entry.getKey()).dup());
      }
    }
  }

  /**
   * @return false when all is done; true to connect anew
   */
  private boolean work(Line line) {
    while (!stage.isOver()) {
      if (stage.isFinishing()) {
        if (window.isEmpty()) {
          line.send(PacketBytes.disconnect());
          done = true;
          return false;
        }
      } else if (window.size() < windowMax && System.nanoTime() >= issueAtNanos) {
        issue(line);
        issueAtNanos = System.nanoTime() + random.nextLong(PAUSE_NANOS_MAX);
      }
      @Nullable Parsed packet = line.poll(Duration.ofMillis(1 + random.nextInt(8)));
      if (packet != null) {
        onAnswer(line, packet);
      } else if (!stage.isFinishing() && random.nextInt(200) == 0) {
        return true;
      }
    }
    return false;
  }

  private void issue(Line line) {
    int count = 1 + random.nextInt(windowMax - window.size());
    var packets = new ArrayList<Object>();
    for (int i = 0; i < count; i++) {
      Letter letter = next.apply(++number);
      history.add(letter);
      int packetId = freePacketId();
      window.put(packetId, new Open(letter));
      letter.refusable = version.isV5();
      letter.sending(history);
      packets.add(bytes(letter, packetId));
    }
    line.send(packets.toArray());
  }

  /** From few, so that each is soon used again. */
  private int freePacketId() {
    do {
      lastPacketId = lastPacketId % (2 * windowMax) + 1;
    } while (window.containsKey(lastPacketId));
    return lastPacketId;
  }

  private PublishBytes bytes(Letter letter, int packetId) {
    PublishBytes publish =
        PacketBytes.publish(version, letter.topic)
            .qos(letter.qos, packetId)
            .payload(letter.payload());
    if (letter.retain) {
      publish.retain();
    }
    return letter.expirySeconds > 0 ? publish.with(messageExpiry(letter.expirySeconds)) : publish;
  }

  private void onAnswer(Line line, Parsed packet) {
    @Nullable Open open = window.get(packet.packetId());
    if (open == null) {
      throw new AssertionError("nothing was sent for " + packet);
    }
    switch (packet.type()) {
      case PUBACK -> {
        require(open.letter.qos == 1, open, packet);
        boolean _ = isTaken(open, packet);
        window.remove(packet.packetId());
      }
      case PUBREC -> {
        require(open.letter.qos == 2, open, packet);
        if (isTaken(open, packet)) {
          open.released = true;
          line.send(PacketBytes.pubRel(packet.packetId()));
        } else {
          window.remove(packet.packetId());
        }
      }
      case PUBCOMP -> { // 0x92 after a break: the broker had completed it
        require(open.released, open, packet);
        window.remove(packet.packetId());
      }
      default -> throw new AssertionError("unexpected " + packet);
    }
  }

  /** Or else the disk is full, and nobody is owed the letter. */
  private boolean isTaken(Open open, Parsed packet) {
    if (packet.reasonCode() == Line.QUOTA_EXCEEDED) {
      stage.refused(packet.toString());
      return false;
    }
    require(packet.reasonCode() < 0x80, open, packet);
    open.letter.acknowledged(history);
    history.acknowledged.incrementAndGet();
    if (packet.reasonCode() == NO_MATCHING_SUBSCRIBERS) {
      @Nullable String who = history.subscribedTo(open.letter);
      require(who == null, open, packet);
    }
    return true;
  }

  private static void require(boolean good, Open open, Parsed packet) {
    if (!good) {
      throw new AssertionError("wrong answer to " + open.letter + ": " + packet);
    }
  }

  /** Letters of one author to few topics, some large. */
  static LongFunction<Letter> letters(
      String author, List<String> topics, int expirySecondsMax, Random random) {
    return number -> {
      int size = random.nextInt(40) == 0 ? 3_000 + random.nextInt(6_000) : 20 + random.nextInt(200);
      int expiry = expirySecondsMax == 0 ? 0 : random.nextBoolean() ? 1 : expirySecondsMax;
      return new Letter(
          author,
          number,
          topics.get(random.nextInt(topics.size())),
          1 + random.nextInt(2),
          false,
          expiry,
          size);
    };
  }
}

package io.signalbox.it.crash;

import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;

import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.SubscribeBytes;
import io.signalbox.it.wire.Version;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A client that receives, comes and goes, and changes its mind. */
final class Subscriber implements Actor {
  private static final int FOREVER_SECONDS = 3_600;
  private static final int UNSPECIFIED = 0x80;

  /**
   * How a subscriber behaves.
   *
   * @param receiveMaximum only told by 5.0
   * @param leavesOnceIn so many turns on average it closes the connection; 0: never
   * @param awayMillisMax how long it stays away
   * @param fickle it subscribes and unsubscribes all the time
   * @param nomadic it starts new sessions
   */
  record Habits(
      Version version,
      int receiveMaximum,
      int leavesOnceIn,
      int awayMillisMax,
      boolean fickle,
      boolean nomadic) {}

  private enum Presence {
    NO,
    YES,
    /** It was to end when the broker was killed. */
    UNKNOWN
  }

  /** An answer we owe. */
  private record Answer(PacketType type, int packetId) {}

  /** SUBSCRIBE or UNSUBSCRIBE under way. */
  private record Change(@Nullable Span asked, List<Span> leaving) {}

  private final String name;
  private final Habits habits;
  private final List<String> filters;
  private final int qos;
  private final Stage stage;
  private final Random random;
  private final Inbox inbox;
  private Presence presence = Presence.NO;
  private long askedToEnd;
  private boolean lasting;

  // For the connection.
  private final Deque<Answer> answers = new ArrayDeque<>();
  private final Map<Integer, Change> changes = new HashMap<>();
  private final Set<Integer> window = new HashSet<>();
  private int nextPacketId = 1;

  Subscriber(
      String name,
      Habits habits,
      List<String> filters,
      int qos,
      Stage stage,
      History history,
      @Nullable Group group,
      Random random) {
    this.name = name;
    this.habits = habits;
    this.filters = filters;
    this.qos = qos;
    this.stage = stage;
    this.random = random;
    this.inbox = new Inbox(name, history, group);
  }

  @Override
  public String name() {
    return name;
  }

  boolean has(Letter letter) {
    return inbox.has(letter);
  }

  /** It is here, or was published before we subscribed. */
  boolean isSettled(Letter letter) {
    return inbox.has(letter) || !inbox.mustMatch(letter);
  }

  @Override
  public void play(Endpoint endpoint) {
    while (!stage.isOver()) {
      answers.clear();
      changes.clear();
      window.clear();
      try (Line line = Line.open(endpoint, habits.version)) {
        connect(line);
        stay(line);
      } finally {
        if (!lasting && presence == Presence.YES) {
          presence = Presence.NO; // the session ended with its connection, however that ended
          askedToEnd = inbox.endingSession();
        }
      }
      stage.pause(habits.awayMillisMax == 0 ? 0 : random.nextInt(habits.awayMillisMax));
    }
  }

  // ---- the session

  private void connect(Line line) {
    boolean clean = habits.nomadic && random.nextInt(3) == 0;
    boolean last = !clean || (habits.version.isV5() && random.nextBoolean());
    ConnectBytes connect = PacketBytes.connect(habits.version).clientId(name).cleanStart(clean);
    if (habits.version.isV5()) {
      connect.with(
          sessionExpiry(last ? FOREVER_SECONDS : 0), receiveMaximum(habits.receiveMaximum));
    }
    Presence before = presence;
    if (clean) {
      askedToEnd = inbox.endingSession();
    }
    if (clean || before != Presence.YES) {
      presence = Presence.UNKNOWN;
    }
    Parsed connAck = line.connect(connect);
    boolean there = connAck.sessionPresent();
    boolean mustNot = clean || before == Presence.NO;
    boolean must = !clean && before == Presence.YES;
    if ((mustNot && there) || (must && !there)) {
      throw new AssertionError(
          "session present is " + there + ", clean start " + clean + ", there was one: " + before);
    }
    if (!there) {
      inbox.sessionEnded(askedToEnd);
    }
    presence = Presence.YES;
    lasting = last;
    inbox.connected();
  }

  /** Until it leaves. */
  private void stay(Line line) {
    for (String filter : filters) {
      if (!habits.fickle && !inbox.isSubscribed(filter)) {
        subscribe(line, filter);
      }
    }
    while (true) {
      if (stage.isOver()) {
        flush(line);
        return;
      }
      boolean leaving =
          !stage.isFinishing()
              && habits.leavesOnceIn > 0
              && random.nextInt(habits.leavesOnceIn) == 0;
      if (leaving) {
        leave(line);
        return;
      }
      if (habits.fickle && random.nextInt(20) == 0 && changes.isEmpty()) {
        changeMind(line);
      }
      @Nullable Parsed packet = line.poll(Duration.ofMillis(1 + random.nextInt(10)));
      if (packet != null) {
        onPacket(packet);
      }
      if (packet == null || stage.isFinishing() || random.nextInt(3) == 0) {
        answer(line, stage.isFinishing() ? Integer.MAX_VALUE : 1 + random.nextInt(8));
      }
    }
  }

  private void leave(Line line) {
    answer(line, random.nextInt(4));
    if (random.nextBoolean()) {
      boolean end = habits.nomadic && habits.version.isV5() && random.nextInt(3) == 0;
      if (end && lasting) {
        askedToEnd = inbox.endingSession();
        presence = Presence.UNKNOWN; // DISCONNECT has no answer that says it is on disk
        line.send(PacketBytes.disconnect(0, sessionExpiry(0)));
      } else {
        line.send(PacketBytes.disconnect());
      }
      line.awaitEnd();
    }
  }

  /** What is on its way arrives. */
  private void flush(Line line) {
    answer(line, Integer.MAX_VALUE);
    line.send(PacketBytes.pingReq());
    while (true) {
      @Nullable Parsed packet = line.poll(Duration.ofSeconds(60));
      if (packet == null || packet.type() == PacketType.PINGRESP) {
        return;
      }
      onPacket(packet);
    }
  }

  // ---- subscriptions

  private void changeMind(Line line) {
    String filter = filters.get(random.nextInt(filters.size()));
    if (inbox.spans(filter).isEmpty() || random.nextInt(4) == 0) {
      subscribe(line, filter);
    } else {
      unsubscribe(line, filter);
    }
  }

  private void subscribe(Line line, String filter) {
    int packetId = packetId();
    int maximumQos = habits.fickle ? 1 + random.nextInt(2) : qos;
    List<Span> replaced = inbox.spans(filter);
    Span span = inbox.asking(filter, maximumQos);
    changes.put(packetId, new Change(span, replaced));
    for (Span old : replaced) {
      if (old.qos != maximumQos) {
        old.leaving(span.asked);
      }
    }
    line.send(
        PacketBytes.subscribe(habits.version, packetId)
            .filter(
                filter, maximumQos | (habits.version.isV5() ? SubscribeBytes.RETAIN_NEVER : 0)));
  }

  private void unsubscribe(Line line, String filter) {
    int packetId = packetId();
    List<Span> leaving = inbox.spans(filter);
    inbox.leaving(leaving);
    changes.put(packetId, new Change(null, leaving));
    line.send(PacketBytes.unsubscribe(habits.version, packetId, filter));
  }

  private int packetId() {
    nextPacketId = nextPacketId % 1_000 + 1;
    return nextPacketId;
  }

  private void changed(Parsed ack) {
    @Nullable Change change = changes.remove(ack.packetId());
    if (change == null) {
      throw new AssertionError("nothing was asked: " + ack);
    }
    if (ack.reasonCode() == (habits.version.isV5() ? Line.QUOTA_EXCEEDED : UNSPECIFIED)) {
      stage.refused(ack.toString()); // as if no answer had come
      return;
    }
    if (ack.reasonCode() >= 0x80) {
      throw new AssertionError("refused: " + ack);
    }
    inbox.changed(change.asked, change.leaving);
  }

  // ---- messages

  private void onPacket(Parsed packet) {
    switch (packet.type()) {
      case PUBLISH -> {
        if (packet.qos() == 0) {
          throw new AssertionError("no QoS 0 here: " + packet);
        }
        inbox.received(packet);
        window.add(packet.packetId());
        if (habits.version.isV5() && window.size() > habits.receiveMaximum) {
          throw new AssertionError("more than Receive Maximum " + habits.receiveMaximum);
        }
        answers.add(
            new Answer(
                packet.qos() == 1 ? PacketType.PUBACK : PacketType.PUBREC, packet.packetId()));
      }
      case PUBREL -> answers.add(new Answer(PacketType.PUBCOMP, packet.packetId()));
      case SUBACK, UNSUBACK -> changed(packet);
      default -> throw new AssertionError("unexpected " + packet);
    }
  }

  private void answer(Line line, int most) {
    for (int i = 0; i < most && !answers.isEmpty(); i++) {
      Answer answer = answers.remove();
      int packetId = answer.packetId;
      switch (answer.type) {
        case PUBACK -> {
          inbox.answered(packetId);
          window.remove(packetId);
          line.send(PacketBytes.pubAck(packetId));
        }
        case PUBREC -> {
          inbox.answered(packetId);
          line.send(PacketBytes.pubRec(packetId));
        }
        default -> {
          inbox.released(packetId);
          window.remove(packetId);
          line.send(PacketBytes.pubComp(packetId));
        }
      }
    }
  }
}

package io.signalbox.it.crash;

import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Version;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads all retained messages, over and over, and holds them against the {@link Shelf}. A retained
 * message that nobody changes is asked for last, so its arrival ends the list.
 */
final class Librarian implements Actor {
  private static final String LAST_TOPIC = "last/one";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int PAUSE_MILLIS = 40;

  private final String name;
  private final Version version;
  private final Shelf shelf;
  private final Stage stage;
  private final History history;

  Librarian(String name, Version version, Shelf shelf, Stage stage, History history) {
    this.name = name;
    this.version = version;
    this.shelf = shelf;
    this.stage = stage;
    this.history = history;
  }

  /** Before everything else. */
  static void open(Endpoint endpoint) {
    try (Line line = Line.open(endpoint, Version.V3)) {
      line.connect(PacketBytes.connect(Version.V3).clientId("caretaker"));
      line.send(PacketBytes.publish(Version.V3, LAST_TOPIC).qos(1, 1).retain().payload("the end"));
      line.await(PacketType.PUBACK);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void play(Endpoint endpoint) {
    while (!stage.isOver() && !stage.isFinishing()) {
      look(endpoint);
      stage.pause(PAUSE_MILLIS);
    }
  }

  /** Reads all once and fails when something is not as it must be. */
  void look(Endpoint endpoint) {
    try (Line line = Line.open(endpoint, version)) {
      line.connect(PacketBytes.connect(version).clientId(name));
      long from = history.tick();
      line.send(PacketBytes.subscribe(version, 1).filter("r/#", 1).filter(LAST_TOPIC, 1));
      var found = new HashMap<String, String>();
      boolean ended = false;
      @Nullable String problem = "the list of retained messages does not end";
      // A value that is just being replaced is left out, and its successor comes as it is
      // published.
      while (problem != null) {
        @Nullable Parsed packet = line.poll(PATIENCE);
        if (packet == null) {
          throw new AssertionError(problem);
        }
        ended |= packet.topic().equals(LAST_TOPIC);
        take(line, packet, found);
        problem = ended ? judge(found, from) : problem;
      }
      line.send(PacketBytes.disconnect());
    }
  }

  private static void take(Line line, Parsed packet, Map<String, String> found) {
    if (packet.type() != PacketType.PUBLISH) {
      return; // SUBACK
    }
    if (packet.qos() == 1) {
      line.send(PacketBytes.pubAck(packet.packetId()));
    }
    if (packet.payload().length == 0) {
      found.remove(packet.topic());
    } else if (!packet.topic().equals(LAST_TOPIC)) {
      found.put(packet.topic(), Letter.idOf(packet.text()));
    }
  }

  private @Nullable String judge(Map<String, String> found, long from) {
    long to = history.tick();
    var topics = new TreeSet<>(shelf.topics());
    topics.addAll(found.keySet());
    for (String topic : topics) {
      @Nullable String problem = shelf.judge(topic, found.get(topic), from, to);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }
}

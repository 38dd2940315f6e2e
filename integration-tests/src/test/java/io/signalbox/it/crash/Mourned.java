package io.signalbox.it.crash;

import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;
import static io.signalbox.it.wire.PropertyBytes.willDelay;

import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Version;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A client that leaves wills: one that must be sent, because it vanishes or the broker does; one
 * that must not, because it says good-bye or is back before a long delay is over.
 */
final class Mourned implements Actor {
  private static final int LONG_DELAY_SECONDS = 600;
  private static final List<Integer> DELAYS_SECONDS = List.of(0, 0, 1, LONG_DELAY_SECONDS);

  /** Each restart gives the client of a broken connection the whole delay again. */
  private static final int PATIENCE_SECONDS = 300;

  private final String name;
  private final Version version;
  private final Stage stage;
  private final History history;
  private final Random random;
  private final Subscriber executor;
  private long number;

  /** Of the connection that broke, and what becomes of it. */
  private @Nullable Letter last;

  private boolean due;

  /** Where it said good-bye; null: it did not. */
  private @Nullable Endpoint goodbyeAt;

  /**
   * @param executor who waits for wills
   */
  Mourned(
      String name,
      Version version,
      Stage stage,
      History history,
      Random random,
      Subscriber executor) {
    this.name = name;
    this.version = version;
    this.stage = stage;
    this.history = history;
    this.random = random;
    this.executor = executor;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void play(Endpoint endpoint) {
    while (!stage.isOver()) {
      awaitWill();
      if (stage.isFinishing()) {
        return;
      }
      live(endpoint);
    }
  }

  /** A will that is due must come before its client is back: coming back could cancel it. */
  private void awaitWill() {
    Letter will = last;
    if (will == null || !due) {
      return;
    }
    will.acknowledged(history);
    long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
    while (!executor.isSettled(will) && !stage.isOver()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the will does not come: " + will);
      }
      stage.pauseWhileFinishing(20);
    }
    last = null;
  }

  private void live(Endpoint endpoint) {
    Letter before = last; // cancelled as soon as this CONNECT is accepted
    int delay = version.isV5() ? DELAYS_SECONDS.get(random.nextInt(DELAYS_SECONDS.size())) : 0;
    var will = new Letter(name, ++number, "w/" + name, 1 + random.nextInt(2), false, 0, 40);
    will.comesLater = true;
    history.add(will);
    try (Line line = Line.open(endpoint, version)) {
      ConnectBytes connect = PacketBytes.connect(version).clientId(name).cleanStart(false);
      String payload = new String(will.payload(), java.nio.charset.StandardCharsets.US_ASCII);
      if (version.isV5()) {
        connect.with(sessionExpiry(3_600));
        connect.will(will.topic, will.qos, false, payload, willDelay(delay));
      } else {
        connect.will(will.topic, will.qos, false, payload);
      }
      will.sending(history);
      if (will.qos == 1) {
        will.mayComeAgain(); // sent before the commit that forgets it, a crash, and sent again
      }
      line.connect(connect);
      if (before != null && (goodbyeAt == null || goodbyeAt == endpoint)) {
        before.cancelled = !executor.has(before);
      } // else nobody told us that the good-bye was on disk when the broker was killed
      last = will;
      goodbyeAt = null;
      due = delay < LONG_DELAY_SECONDS; // whatever ends this connection now
      stage.pause(random.nextInt(150));
      if (random.nextInt(3) == 0) {
        due = false;
        goodbyeAt = endpoint;
        line.send(PacketBytes.disconnect());
        line.awaitEnd();
      }
    }
  }
}

package io.signalbox.it.crash;

import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A connection that may end at any moment, told by {@link Gone}. */
final class Line implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Of 3.1.1 and of 5.0. */
  private static final Set<Integer> UNAVAILABLE = Set.of(3, 0x88);

  static final int QUOTA_EXCEEDED = 0x97;

  private final RawClient wire;

  private Line(RawClient wire) {
    this.wire = wire;
  }

  static Line open(Endpoint endpoint, Version version) {
    try {
      return new Line(RawClient.open(endpoint, version));
    } catch (IOException | UncheckedIOException e) {
      throw new Gone("cannot connect: " + e.getMessage());
    }
  }

  /** Sends CONNECT and waits for a CONNACK that accepts it. */
  Parsed connect(ConnectBytes connect) {
    send(connect);
    Parsed answer = await(PacketType.CONNACK);
    if (UNAVAILABLE.contains(answer.reasonCode())) {
      throw new Gone(answer.toString()); // its disk has failed, and so it is about to end
    }
    if (answer.reasonCode() == QUOTA_EXCEEDED) {
      throw new Refused(answer.toString());
    }
    if (answer.reasonCode() != 0) {
      throw new AssertionError("refused: " + answer);
    }
    return answer;
  }

  void send(Object... parts) {
    try {
      wire.send(parts);
    } catch (UncheckedIOException e) {
      throw new Gone("cannot send: " + e.getMessage());
    }
  }

  /** The next packet, which must be of that type. */
  Parsed await(PacketType type) {
    @Nullable Parsed packet = poll(PATIENCE);
    if (packet == null) {
      throw new AssertionError("no " + type + " within " + PATIENCE);
    }
    if (packet.type() != type) {
      throw new AssertionError("expected " + type + ", got " + packet);
    }
    return packet;
  }

  /** The next packet; null when none came in time. */
  @Nullable Parsed poll(Duration timeout) {
    @Nullable Parsed packet;
    try {
      packet = wire.poll(timeout);
    } catch (UncheckedIOException e) {
      throw new Gone("cannot receive: " + e.getMessage());
    }
    if (packet == null && wire.hasEnded()) {
      throw new Gone("the connection was closed");
    }
    if (packet != null && packet.type() == PacketType.DISCONNECT) {
      throw new Gone(packet.toString());
    }
    return packet;
  }

  /** Waits until the broker has closed after our DISCONNECT. */
  void awaitEnd() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      try {
        @Nullable Parsed _ = poll(PATIENCE);
      } catch (Gone e) {
        return;
      }
    }
    throw new AssertionError("the broker does not close after DISCONNECT");
  }

  @Override
  public void close() {
    try {
      wire.close();
    } catch (UncheckedIOException e) {
      // Closed is closed.
    }
  }
}

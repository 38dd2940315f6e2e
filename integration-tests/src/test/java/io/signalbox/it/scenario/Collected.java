package io.signalbox.it.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages that were spread over several clients, read without knowing to whom each went. */
final class Collected {
  private Collected() {}

  /**
   * Reads until so many PUBLISH packets have come to all peers together. QoS 1 is acknowledged, QoS
   * 2 is not.
   *
   * @return a list for each peer, in its order
   */
  static List<List<Parsed>> from(int count, Peer... peers) {
    List<List<Parsed>> received = new ArrayList<>();
    for (int i = 0; i < peers.length; i++) {
      received.add(new ArrayList<>());
    }
    long deadline = System.nanoTime() + RawClient.PATIENCE.toNanos();
    int total = 0;
    while (total < count) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("only " + total + " of " + count + " messages came");
      }
      for (int i = 0; i < peers.length && total < count; i++) {
        @Nullable Parsed packet = peers[i].wire().poll(Duration.ofMillis(10));
        if (packet != null) {
          assertEquals(PacketType.PUBLISH, packet.type(), packet::toString);
          received.get(i).add(packet);
          total++;
          if (packet.qos() == 1) {
            peers[i].acknowledge(packet);
          }
        }
      }
    }
    for (Peer peer : peers) {
      peer.ping();
    }
    return received;
  }
}

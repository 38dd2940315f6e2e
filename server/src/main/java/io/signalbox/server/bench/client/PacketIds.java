package io.signalbox.server.bench.client;

import java.util.BitSet;

/** The Packet Identifiers of one client that wait for an answer (MQTT 5.0 section 2.2.1). */
final class PacketIds {
  static final int MAX = 65_535;

  private final BitSet taken = new BitSet();
  private int last;
  private int count;

  int count() {
    return count;
  }

  /** The next free one in turn; there must be one. */
  int take() {
    if (count == MAX) {
      throw new IllegalStateException("all packet identifiers wait for an answer");
    }
    do {
      last = last == MAX ? 1 : last + 1;
    } while (taken.get(last));
    taken.set(last);
    count++;
    return last;
  }

  /** Whether it was taken. */
  boolean release(int packetId) {
    if (!taken.get(packetId)) {
      return false;
    }
    taken.clear(packetId);
    count--;
    return true;
  }
}

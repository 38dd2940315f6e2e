package io.signalbox.server.session;

import java.util.BitSet;
import java.util.List;

/**
 * Packet identifiers of QoS 2 publishes from the client between their PUBLISH and their PUBREL: a
 * second PUBLISH with one of them is the same message [MQTT-4.3.3-10]. Confined to the session's
 * I/O thread.
 */
public final class InboundQos2 {
  private final BitSet ids = new BitSet();

  /**
   * @return false if it was there: a duplicate
   */
  public boolean add(int packetId) {
    if (ids.get(packetId)) {
      return false;
    }
    ids.set(packetId);
    return true;
  }

  /** What the store says when a connection takes the session up: what was refused is not there. */
  void replaceBy(List<Integer> stored) {
    ids.clear();
    stored.forEach(ids::set);
  }

  public boolean contains(int packetId) {
    return ids.get(packetId);
  }

  /**
   * @return false if it was not there: PUBCOMP 0x92
   */
  public boolean remove(int packetId) {
    boolean was = ids.get(packetId);
    ids.clear(packetId);
    return was;
  }

  public int size() {
    return ids.cardinality();
  }
}

package io.signalbox.server.session;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Packet identifiers of QoS 2 publishes from the client between their PUBLISH and their PUBREL: a
 * second PUBLISH with one of them is the same message [MQTT-4.3.3-10]. Confined to the session's
 * I/O thread.
 */
public final class InboundQos2 {
  /** Null until the first one comes on a connection. */
  private @Nullable BitSet ids;

  /** Messages whose receivers wait for the disk. */
  private int committing;

  private BitSet ids() {
    BitSet all = ids;
    if (all == null) {
      all = new BitSet();
      ids = all;
    }
    return all;
  }

  /**
   * @return false if it was there: a duplicate
   */
  public boolean add(int packetId) {
    BitSet all = ids();
    if (all.get(packetId)) {
      return false;
    }
    all.set(packetId);
    return true;
  }

  /** What the store says when a connection takes the session up: what was refused is not there. */
  void replaceBy(List<Integer> stored) {
    ids = null;
    if (!stored.isEmpty()) {
      stored.forEach(ids()::set);
    }
  }

  /** Whether there is one, or there was one since the connection began. */
  boolean wasUsed() {
    return ids != null;
  }

  public boolean contains(int packetId) {
    return ids != null && ids.get(packetId);
  }

  /**
   * @return false if it was not there: PUBCOMP 0x92
   */
  public boolean remove(int packetId) {
    BitSet all = ids;
    if (all == null || !all.get(packetId)) {
      return false;
    }
    all.clear(packetId);
    return true;
  }

  /** A message that its receivers get once the disk has it; {@link #committed} follows. */
  public void committing() {
    committing++;
  }

  /** The disk has it, or has refused it. */
  public void committed() {
    committing--;
  }

  /** Whether receivers of something that the client has published wait for the disk. */
  public boolean isCommitting() {
    return committing > 0;
  }

  public int size() {
    return ids == null ? 0 : ids.cardinality();
  }
}

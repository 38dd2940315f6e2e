package io.signalbox.server.session;

import io.signalbox.server.eventloop.MemoryShare;
import org.jspecify.annotations.Nullable;

/**
 * Publishes sent to the client and not acknowledged: found by packet identifier in a flat hash
 * table, kept in the order of sending by a linked list. Confined to the session's I/O thread.
 *
 * <p>Few of them keep their messages; what those take is bounded as a queue in memory is.
 */
final class InflightWindow {
  private static final int SMALLEST_TABLE = 8;
  private static final int PACKET_ID_MAX = 65_535;

  /** The table of every window that nothing was ever in; too small to be written to. */
  private static final @Nullable OutgoingPublish[] NOTHING = new @Nullable OutgoingPublish[1];

  private final long bytesMax;
  private MemoryShare memory;
  private int receiveMaximum = PACKET_ID_MAX;
  private @Nullable OutgoingPublish[] table = NOTHING;
  private int shift = Integer.SIZE - 1;
  private int size;

  /** Of messages that are kept until they are acknowledged. */
  private long bytes;

  private int lastId;
  private @Nullable OutgoingPublish head;
  private @Nullable OutgoingPublish tail;

  /**
   * @param bytesMax that messages which are kept may take before no further one is sent
   */
  InflightWindow(long bytesMax, MemoryShare memory) {
    this.bytesMax = bytesMax;
    this.memory = memory;
  }

  /**
   * A connection begins; the window is empty.
   *
   * @param maximum 1..65,535 that its client takes (MQTT 5.0 section 3.1.2.11.3)
   */
  void open(int maximum, MemoryShare share) {
    assert size == 0 : "opened with " + size + " publishes";
    receiveMaximum = maximum;
    memory = share;
  }

  int size() {
    return size;
  }

  boolean hasRoom() {
    return size < receiveMaximum && mayKeepMore();
  }

  private boolean mayKeepMore() {
    return bytes == 0 || OutboundQueue.mayHold(memory, bytes, bytesMax);
  }

  /** There is room but for the memory of all, of which no acknowledgement need tell. */
  boolean isShortOfMemory() {
    return size < receiveMaximum && bytes <= bytesMax && !mayKeepMore();
  }

  /** How many more the client takes before it acknowledges any. */
  int room() {
    return receiveMaximum - size;
  }

  @Nullable OutgoingPublish first() {
    return head;
  }

  @Nullable OutgoingPublish get(int packetId) {
    OutgoingPublish found = table[slotOf(packetId)];
    return found != null && found.packetId == packetId ? found : null;
  }

  boolean uses(int packetId) {
    return get(packetId) != null;
  }

  /** The next identifier in turn that is not in use; there is one whenever {@link #hasRoom()}. */
  int freePacketId() {
    assert size < PACKET_ID_MAX : "no packet identifier is free";
    do {
      lastId = lastId == PACKET_ID_MAX ? 1 : lastId + 1;
    } while (uses(lastId));
    return lastId;
  }

  void add(OutgoingPublish publish) {
    assert publish.packetId > 0 && !uses(publish.packetId) : "packet identifier in use";
    if ((size + 1) * 2 > table.length) {
      grow();
    }
    table[slotOf(publish.packetId)] = publish;
    size++;
    publish.previous = tail;
    publish.next = null;
    if (tail == null) {
      head = publish;
    } else {
      tail.next = publish;
    }
    tail = publish;
    if (publish.message != null) {
      bytes += publish.bytes();
      publish.countIn(memory);
    }
  }

  void remove(OutgoingPublish publish) {
    int slot = slotOf(publish.packetId);
    assert table[slot] == publish : "not in the window";
    closeGap(slot);
    size--;
    if (publish.previous == null) {
      head = publish.next;
    } else {
      publish.previous.next = publish.next;
    }
    if (publish.next == null) {
      tail = publish.previous;
    } else {
      publish.next.previous = publish.previous;
    }
    publish.previous = null;
    publish.next = null;
    if (publish.message != null) {
      bytes -= publish.bytes();
      publish.countOut(memory);
    }
  }

  void clear() {
    table = NOTHING;
    shift = Integer.SIZE - 1;
    size = 0;
    if (bytes > 0) {
      for (OutgoingPublish publish = head; publish != null; publish = publish.next) {
        if (publish.message != null) {
          publish.countOut(memory);
        }
      }
      bytes = 0;
    }
    head = null;
    tail = null;
  }

  /**
   * Where an identifier belongs. Identifiers are handed out in turn, and the golden ratio lays what
   * follows each other far apart: in a run without a hole {@link #closeGap} would walk through the
   * whole window at each acknowledgement.
   */
  private int home(int packetId) {
    return (packetId * 0x9E3779B9) >>> shift & (table.length - 1);
  }

  /** The slot that holds the identifier, or the free one where it would go: linear probing. */
  private int slotOf(int packetId) {
    int mask = table.length - 1;
    int slot = home(packetId);
    while (true) {
      OutgoingPublish there = table[slot];
      if (there == null || there.packetId == packetId) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** Moves back what was pushed past the freed slot, so that a search never stops at a hole. */
  private void closeGap(int freed) {
    int mask = table.length - 1;
    int gap = freed;
    int slot = freed;
    while (true) {
      slot = (slot + 1) & mask;
      OutgoingPublish there = table[slot];
      if (there == null) {
        table[gap] = null;
        return;
      }
      int wanted = home(there.packetId);
      if (((slot - wanted) & mask) >= ((slot - gap) & mask)) {
        table[gap] = there;
        gap = slot;
      }
    }
  }

  private void grow() {
    @Nullable OutgoingPublish[] old = table;
    table = new @Nullable OutgoingPublish[Math.max(SMALLEST_TABLE, old.length * 2)];
    shift = Integer.numberOfLeadingZeros(table.length - 1);
    for (OutgoingPublish publish : old) {
      if (publish != null) {
        table[slotOf(publish.packetId)] = publish;
      }
    }
  }
}

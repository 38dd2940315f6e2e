package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.store.Barrier;
import io.signalbox.server.store.StoreWriter;
import java.util.Arrays;

/**
 * Packet Identifiers that are free again although the rows which held them may still be on disk. A
 * crash would bring such a row back under its identifier, so a QoS 2 message must not have been
 * sent with it: the client would take the one for the other.
 *
 * <p>One for all sessions of a thread, so that those at rest cost nothing. It forgets by barriers,
 * one behind many rows: until then an identifier may be held to be leaving that has left. It holds
 * little more than what waits for the writer.
 */
@ConfinedTo("its I/O thread")
final class LeavingIds {
  private static final int BARRIER_AFTER = 256;

  private final StoreWriter writer;
  private final EventLoop loop;

  /** Since the last barrier. */
  private Keys behind = new Keys();

  /** Before it; empty when it has been answered. */
  private Keys before = new Keys();

  private boolean barrierUnderWay;

  LeavingIds(StoreWriter writer, EventLoop loop) {
    this.writer = writer;
    this.loop = loop;
  }

  /** After its row's {@link io.signalbox.server.store.Dequeue} was submitted. */
  void add(long sessionNumber, int packetId) {
    behind.add(key(sessionNumber, packetId));
    if (behind.size >= BARRIER_AFTER && !barrierUnderWay) {
      barrierUnderWay = true;
      Keys empty = before;
      before = behind;
      behind = empty;
      writer.submit(new Barrier(), new OnLoop(loop, _ -> passed(), _ -> {}));
    }
  }

  private void passed() {
    before.clear();
    barrierUnderWay = false;
  }

  boolean contains(long sessionNumber, int packetId) {
    long key = key(sessionNumber, packetId);
    return behind.contains(key) || before.contains(key);
  }

  /** Never 0, which no Packet Identifier is. */
  private static long key(long sessionNumber, int packetId) {
    return (sessionNumber << Short.SIZE) | packetId;
  }

  /** A hash table of numbers, with linear probing. */
  private static final class Keys {
    private static final int SLOTS_KEPT = 4 * BARRIER_AFTER;
    private static final long MIX = 0x9E3779B97F4A7C15L;

    private long[] slots = new long[SLOTS_KEPT];
    private int size;

    void add(long key) {
      if ((size + 1) * 2 > slots.length) {
        grow();
      }
      int slot = slotOf(key);
      size += slots[slot] == 0 ? 1 : 0;
      slots[slot] = key;
    }

    boolean contains(long key) {
      return slots[slotOf(key)] == key;
    }

    void clear() {
      if (slots.length > SLOTS_KEPT) {
        slots = new long[SLOTS_KEPT];
      } else {
        Arrays.fill(slots, 0);
      }
      size = 0;
    }

    /** That of the key, or the free one where it would go. */
    private int slotOf(long key) {
      int mask = slots.length - 1;
      int slot = (int) ((key * MIX) >>> Integer.SIZE) & mask;
      while (slots[slot] != 0 && slots[slot] != key) {
        slot = (slot + 1) & mask;
      }
      return slot;
    }

    private void grow() {
      long[] old = slots;
      slots = new long[2 * old.length];
      for (long key : old) {
        if (key != 0) {
          slots[slotOf(key)] = key;
        }
      }
    }
  }
}

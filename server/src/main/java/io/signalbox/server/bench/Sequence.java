package io.signalbox.server.bench;

import java.util.BitSet;

/**
 * What came of one publisher's numbered messages at one receiver: each exactly once, in order, or
 * what went wrong.
 */
final class Sequence {
  private final BitSet missing = new BitSet(); // below next
  private long next;
  private long duplicates;
  private long late;

  /** Starts behind the messages that count no longer. */
  void startAt(long sequence) {
    next = sequence;
    missing.clear();
    duplicates = 0;
    late = 0;
  }

  /** False for a message that was there before. */
  boolean received(long sequence) {
    if (sequence == next) {
      next++;
      return true;
    }
    if (sequence > next) {
      missing.set(index(next), index(sequence));
      next = sequence + 1;
      return true;
    }
    if (missing.get(index(sequence))) {
      missing.clear(index(sequence));
      late++;
      return true;
    }
    duplicates++;
    return false;
  }

  private static int index(long sequence) {
    return Math.toIntExact(sequence);
  }

  /** Messages that are not there when so many were sent. */
  long lost(long sent) {
    return missing.cardinality() + Math.max(0, sent - next);
  }

  long duplicates() {
    return duplicates;
  }

  /** Messages that came after a later one. */
  long outOfOrder() {
    return late;
  }
}

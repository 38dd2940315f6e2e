package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import java.lang.foreign.MemorySegment;

/**
 * The counters of the store, one row that every commit writes.
 *
 * <pre>
 * version:1 = 1, applied index:8, next sequence:8, next session number:8, sessions:8,
 * retained messages:8, retained bytes:8
 * </pre>
 */
@ConfinedTo("store writer, or the one reader that made it")
final class MetaState {
  private static final int VERSION = 1;

  long appliedIndex;
  long nextSequence = 1;
  long nextSessionNumber = 1;
  long sessions;
  long retainedMessages;
  long retainedBytes;

  StoreTotals totals() {
    return new StoreTotals(sessions, retainedMessages, retainedBytes);
  }

  void write(RowWriter out) {
    out.putByte(VERSION)
        .putLong(appliedIndex)
        .putLong(nextSequence)
        .putLong(nextSessionNumber)
        .putLong(sessions)
        .putLong(retainedMessages)
        .putLong(retainedBytes);
  }

  static MetaState read(MemorySegment row) {
    var in = new RowReader(row);
    in.expectVersion(VERSION);
    var state = new MetaState();
    state.appliedIndex = in.getLong();
    state.nextSequence = in.getLong();
    state.nextSessionNumber = in.getLong();
    state.sessions = in.getLong();
    state.retainedMessages = in.getLong();
    state.retainedBytes = in.getLong();
    in.expectEnd();
    return state;
  }
}

package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import java.lang.foreign.MemorySegment;

/**
 * The counters of the store, one row that every commit writes.
 *
 * <pre>
 * version:1 = 2, applied index:8, next sequence:8, next session number:8, sessions:8,
 * retained messages:8, retained bytes:8, queued messages:8, queued bytes:8
 * </pre>
 */
@ConfinedTo("store writer, or the one reader that made it")
final class MetaState {
  private static final int VERSION = 2;

  long appliedIndex;
  long nextSequence = 1;
  long nextSessionNumber = 1;
  long sessions;
  long retainedMessages;
  long retainedBytes;

  /** In the queues of all sessions; those of ended ones that wait to be swept do not count. */
  long queuedMessages;

  long queuedBytes;

  StoreTotals totals() {
    return new StoreTotals(sessions, retainedMessages, retainedBytes, queuedMessages, queuedBytes);
  }

  void write(RowWriter out) {
    out.putByte(VERSION)
        .putLong(appliedIndex)
        .putLong(nextSequence)
        .putLong(nextSessionNumber)
        .putLong(sessions)
        .putLong(retainedMessages)
        .putLong(retainedBytes)
        .putLong(queuedMessages)
        .putLong(queuedBytes);
  }

  static MetaState read(MemorySegment row) {
    var in = new RowReader(row);
    in.expectVersion(VERSION);
    MetaState state = readCommon(in);
    state.queuedMessages = in.getLong();
    state.queuedBytes = in.getLong();
    in.expectEnd();
    return state;
  }

  /** As format 1 wrote it, which did not count what is queued. */
  static MetaState readFormat1(MemorySegment row) {
    var in = new RowReader(row);
    in.expectVersion(1);
    MetaState state = readCommon(in);
    in.expectEnd();
    return state;
  }

  private static MetaState readCommon(RowReader in) {
    var state = new MetaState();
    state.appliedIndex = in.getLong();
    state.nextSequence = in.getLong();
    state.nextSessionNumber = in.getLong();
    state.sessions = in.getLong();
    state.retainedMessages = in.getLong();
    state.retainedBytes = in.getLong();
    return state;
  }
}

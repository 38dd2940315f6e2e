package io.signalbox.server.store;

import io.signalbox.server.routing.Subscription;
import io.signalbox.server.store.Readers.Snapshot;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.lmdbjava.Cursor;

/**
 * Reads all sessions with what belongs to them, at start. Every table is ordered by session number,
 * so each is read once, in step; of a queue and of a will only the head is looked at.
 */
final class SessionReader {
  /** Goes through a table whose keys begin with a session number. */
  private static final class Step implements AutoCloseable {
    final Cursor<MemorySegment> cursor;
    private boolean found;

    Step(Cursor<MemorySegment> cursor) {
      this.cursor = cursor;
      found = cursor.first();
    }

    /** Whether the cursor is on a row of the session; passes over those of lower numbers. */
    boolean isAt(long number) {
      while (found && number() < number) {
        found = cursor.next();
      }
      return found && number() == number;
    }

    private long number() {
      return cursor.key().get(Bytes.LONG, 0);
    }

    void next() {
      found = cursor.next();
    }

    @Override
    public void close() {
      cursor.close();
    }
  }

  private final Lmdb lmdb;

  SessionReader(Lmdb lmdb) {
    this.lmdb = lmdb;
  }

  void read(Snapshot snapshot, Consumer<SessionRow> each) {
    // A mark is set ahead of the sending: rows that did not exist when the process ended were not
    // sent by it.
    long lastSequence = snapshot.state(lmdb).nextSequence - 1;
    try (var sessions = new Step(lmdb.sessions.openCursor(snapshot.txn));
        var wills = new Step(lmdb.wills.openCursor(snapshot.txn));
        var subscriptions = new Step(lmdb.subscriptions.openCursor(snapshot.txn));
        var inbound = new Step(lmdb.inboundQos2.openCursor(snapshot.txn))) {
      for (; sessions.found; sessions.next()) {
        SessionState session = SessionState.read(sessions.number(), sessions.cursor.val());
        byte[] willHead = wills.isAt(session.number) ? willHead(wills.cursor.val()) : null;
        MemorySegment head =
            lmdb.queue.get(snapshot.txn, snapshot.keys.queue(session.number, Keys.QUEUE_HEAD));
        if (head != null) {
          session.readHead(head);
        }
        each.accept(
            new SessionRow(
                session.number,
                session.clientId,
                session.owner,
                session.epoch,
                session.expirySeconds,
                session.online,
                session.disconnectedAtMillis,
                willHead,
                session.willDueMillis,
                Math.min(session.sentUpTo, lastSequence),
                subscriptionsOf(session.number, subscriptions),
                packetIdsOf(session.number, inbound)));
      }
    }
  }

  /**
   * @throws CorruptRowException the row is shorter than it says
   */
  private static byte[] willHead(MemorySegment row) {
    return new RowReader(row).getLongBytes();
  }

  private static List<Subscription> subscriptionsOf(long number, Step step) {
    List<Subscription> subscriptions = new ArrayList<>();
    for (; step.isAt(number); step.next()) {
      byte[] filter = step.cursor.key().asSlice(8).toArray(Bytes.BYTE);
      subscriptions.add(SubscriptionForm.read(new RowReader(step.cursor.val()), filter));
    }
    return subscriptions;
  }

  private static int[] packetIdsOf(long number, Step step) {
    int[] ids = {};
    int count = 0;
    for (; step.isAt(number); step.next()) {
      if (count == ids.length) { // there may be 65,535 of each of many sessions
        ids = Arrays.copyOf(ids, Math.max(16, 2 * count));
      }
      ids[count++] = step.cursor.key().get(Bytes.SHORT, 8) & 0xFFFF;
    }
    return Arrays.copyOf(ids, count);
  }
}

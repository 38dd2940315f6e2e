package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import java.lang.foreign.MemorySegment;

/**
 * A session as the writer knows it: its row and the head of its queue.
 *
 * <pre>
 * session row  version:1 = 1, online:1, epoch:8, expiry seconds:4, disconnected at:8, will due:8,
 *              owner (length:2, UTF-8), clientId (length:2, UTF-8)
 * queue head   version:1 = 1, messages:8, bytes:8, maybe sent up to:8
 * </pre>
 */
@ConfinedTo("store writer, or the one reader that made it")
final class SessionState {
  private static final int VERSION = 1;

  final long number;
  final String clientId;
  String owner = "";
  long epoch;
  long expirySeconds;
  boolean online;
  long disconnectedAtMillis;
  long willDueMillis;

  long messages;
  long bytes;
  long sentUpTo;

  // What the head says on disk; a queue that never held anything has none, which is as good as 0.
  private long storedMessages;
  private long storedBytes;
  private long storedSentUpTo;

  /** Already among the sessions whose head the current batch may have to write. */
  boolean touched;

  /** What is left of it is swept, so nothing is written for it any more. */
  boolean ended;

  SessionState(long number, String clientId) {
    this.number = number;
    this.clientId = clientId;
  }

  void write(RowWriter out) {
    out.putByte(VERSION)
        .putByte(online ? 1 : 0)
        .putLong(epoch)
        .putInt((int) expirySeconds)
        .putLong(disconnectedAtMillis)
        .putLong(willDueMillis)
        .putString(owner)
        .putString(clientId);
  }

  static SessionState read(long number, MemorySegment row) {
    var in = new RowReader(row);
    in.expectVersion(VERSION);
    boolean online = in.getByte() != 0;
    long epoch = in.getLong();
    long expirySeconds = in.getInt() & 0xFFFF_FFFFL;
    long disconnectedAtMillis = in.getLong();
    long willDueMillis = in.getLong();
    String owner = in.getString();
    var session = new SessionState(number, in.getString());
    in.expectEnd();
    session.owner = owner;
    session.epoch = epoch;
    session.expirySeconds = expirySeconds;
    session.online = online;
    session.disconnectedAtMillis = disconnectedAtMillis;
    session.willDueMillis = willDueMillis;
    return session;
  }

  void readHead(MemorySegment row) {
    var in = new RowReader(row);
    in.expectVersion(VERSION);
    messages = in.getLong();
    bytes = in.getLong();
    sentUpTo = in.getLong();
    in.expectEnd();
    markStored();
  }

  boolean headChanged() {
    return messages != storedMessages || bytes != storedBytes || sentUpTo != storedSentUpTo;
  }

  void writeHead(RowWriter out) {
    out.putByte(VERSION).putLong(messages).putLong(bytes).putLong(sentUpTo);
    markStored();
  }

  private void markStored() {
    storedMessages = messages;
    storedBytes = bytes;
    storedSentUpTo = sentUpTo;
  }
}

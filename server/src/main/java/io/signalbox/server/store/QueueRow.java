package io.signalbox.server.store;

import io.signalbox.server.routing.Message;
import java.lang.foreign.MemorySegment;

/**
 * The front of a row in {@code queue}; behind it, depending on {@link #content}, the message, or
 * the 8 byte sequence under which {@code msg} holds it, or nothing.
 *
 * <pre>
 * version:1 = 1
 * state:1     bits 0-1 queued, sent, released; 2-3 content; 4 expiry is present
 * flags:1     {@link StorePublish#flags}
 * packetId:2  0: none
 * bytes:4     what the row counts in its queue
 * expiry:8    wall clock, milliseconds: found without looking at the message
 * identifiers variable count, variable Subscription Identifiers
 * </pre>
 */
final class QueueRow {
  static final int QUEUED = 0;
  static final int SENT = 1;
  static final int RELEASED = 2;

  static final int NO_CONTENT = 0;
  static final int INLINE = 1;
  static final int REFERENCE = 2;

  /** What a row counts besides its message: key, front and page overhead, rounded up. */
  static final int OVERHEAD_BYTES = 64;

  private static final int VERSION = 1;
  private static final int EXPIRY = 1 << 4;
  static final int[] NO_IDENTIFIERS = {};
  private static final int IDENTIFIERS_MAX = 1 << 20;

  int state;
  int content;
  int flags;
  int packetId;
  int bytes;
  long expiresAtMillis = Message.NEVER_EXPIRES;
  int[] subscriptionIdentifiers = NO_IDENTIFIERS;

  /**
   * What a row with a message counts in its queue. Its identifiers count with what they take in
   * memory, where the row is read to. A row that an earlier version wrote does not count them.
   *
   * @param formBytes of the message as {@link MessageBytes} writes it
   */
  static int counted(int formBytes, int[] identifiers) {
    return OVERHEAD_BYTES + formBytes + Integer.BYTES * identifiers.length;
  }

  void write(RowWriter out) {
    boolean expires = expiresAtMillis != Message.NEVER_EXPIRES;
    out.putByte(VERSION)
        .putByte(state | content << 2 | (expires ? EXPIRY : 0))
        .putByte(flags)
        .putShort(packetId)
        .putInt(bytes);
    if (expires) {
      out.putLong(expiresAtMillis);
    }
    out.putVariable(subscriptionIdentifiers.length);
    for (int identifier : subscriptionIdentifiers) {
      out.putVariable(identifier);
    }
  }

  /** Leaves the reader at the content. */
  static QueueRow read(RowReader in) {
    in.expectVersion(VERSION);
    var row = new QueueRow();
    int state = in.getByte();
    row.state = state & 0b11;
    row.content = state >> 2 & 0b11;
    row.flags = in.getByte();
    if (row.state == 0b11 || row.content == 0b11 || (state & ~0x1F) != 0) {
      throw new CorruptRowException("queue row state " + state);
    }
    if (!StorePublish.isQos(row.flags)) {
      throw new CorruptRowException("queue row flags " + row.flags);
    }
    row.packetId = in.getShort();
    row.bytes = in.getInt();
    if ((state & EXPIRY) != 0) {
      row.expiresAtMillis = in.getLong();
    }
    int count = in.getVariable();
    if (count < 0 || count > IDENTIFIERS_MAX || count > in.remaining()) {
      throw new CorruptRowException(count + " subscription identifiers");
    }
    if (count > 0) {
      row.subscriptionIdentifiers = new int[count];
      for (int i = 0; i < count; i++) {
        row.subscriptionIdentifiers[i] = in.getVariable();
      }
    }
    return row;
  }

  static QueueRow read(MemorySegment row) {
    return read(new RowReader(row));
  }

  boolean isExpired(long nowMillis) {
    return nowMillis >= expiresAtMillis;
  }
}

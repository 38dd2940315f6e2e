package io.signalbox.server.store;

import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.StorePublish.Row;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.GetOp;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * The queues of all sessions, as the writer changes them: tables {@code queue} and {@code msg} of
 * {@link Keys}.
 *
 * <p>INVARIANT: a message may vanish without touching the disk only when each receiver that took it
 * acknowledged it within the batch; its retained value and the row of the publisher's QoS 2 Packet
 * Identifier are written all the same. Therefore new rows are held back until {@link #flush}, at
 * the end of the batch or before anything that looks at rows on disk.
 */
@ConfinedTo("store writer")
final class QueueTable {
  private static final Logger LOG = System.getLogger(QueueTable.class.getName());

  /** What a leaf takes of a value with a 16 byte key; more would cost pages of its own. */
  private static final int INLINE_BYTES_MAX = 2_014;

  /** Rows looked at beside those that give way: as many may be on their way to the client. */
  private static final int OLDEST_PASSED_OVER_MAX = 1_000;

  /**
   * Rows looked at beyond these for one command, whatever the number of its receivers, so that the
   * writer gets back to those of others.
   */
  private static final int OLDEST_LOOK_MAX = 1 << 16;

  private static final long NO_ROW = 0;

  private final WriteBatch batch;
  private final Lmdb lmdb;
  private final StoreLimits limits;
  private final MessageTable messages;
  private final RowWriter form = new RowWriter();
  private final List<StorePublish> pending = new ArrayList<>();

  /** What the command at hand has left of {@link #OLDEST_LOOK_MAX}. */
  private int looksLeft;

  /** By sequence in {@code msg}: how many receivers are done with it since the last flush. */
  private final Map<Long, Integer> released = new HashMap<>();

  QueueTable(WriteBatch batch, StoreLimits limits) {
    this.batch = batch;
    this.lmdb = batch.lmdb;
    this.limits = limits;
    this.messages = new MessageTable(lmdb.messages, batch.keys);
  }

  private Txn<MemorySegment> txn() {
    return batch.txn();
  }

  void forget() {
    for (StorePublish publish : pending) {
      publish.setPending(false);
    }
    pending.clear();
    released.clear();
  }

  // ---- new messages

  /** Decides for each receiver whether it takes the message, and holds the rows back. */
  void enqueue(StorePublish publish) {
    boolean taken = false;
    looksLeft = OLDEST_LOOK_MAX;
    for (int i = 0; i < publish.receivers(); i++) {
      byte row = admit(publish, i);
      if (row == Row.QUEUED && publish.settlePacketId(i) != 0) {
        row = Row.SENT;
      }
      publish.setRow(i, row);
      taken |= row >= Row.QUEUED;
    }
    publish.decide();
    if (taken) {
      publish.setPending(true);
      pending.add(publish);
    }
  }

  private static int countedOf(StorePublish publish, int receiver) {
    return QueueRow.counted(publish.formBytes(), publish.subscriptionIdentifiersOf(receiver));
  }

  /** A queue that cannot be written is as good as full: others get the message all the same. */
  private byte admit(StorePublish publish, int receiver) {
    long number = publish.number(receiver);
    if (batch.leftAlone.isQueue(number)) {
      batch.drops.queueFull++;
      return Row.OVER_QUOTA;
    }
    try {
      return admit(number, countedOf(publish, receiver));
    } catch (CorruptRowException e) {
      LOG.log(
          Level.ERROR,
          "session {0} is damaged, and its queue takes no more messages: {1}; check the store",
          number,
          e.getMessage());
      batch.leftAlone.queue(number);
      batch.drops.queueFull++;
      return Row.OVER_QUOTA;
    } catch (LmdbException e) {
      throw batch.leftAlone.queue(number, publish, e);
    }
  }

  private byte admit(long number, int bytes) {
    SessionState session = batch.sessions.find(number);
    if (session == null) {
      return Row.SESSION_GONE;
    }
    if (!makeRoom(session, bytes)) {
      batch.drops.queueFull++;
      return fitsOwn(session, bytes, 0, 0) ? Row.OVER_STORE_QUOTA : Row.OVER_QUOTA;
    }
    count(session, 1, bytes);
    return Row.QUEUED;
  }

  private boolean makeRoom(SessionState session, int bytes) {
    if (fits(session, bytes)) {
      return true;
    }
    if (limits.overflow() == Overflow.DROP_NEWEST || bytes > limits.queueBytesMax()) {
      return false;
    }
    flush();
    long last = lastToDrop(session, bytes);
    if (last != NO_ROW) {
      dropOldest(session, last);
    }
    return fits(session, bytes);
  }

  private boolean fits(SessionState session, int bytes) {
    return fits(session, bytes, 0, 0);
  }

  /** Whether a message of so many bytes fits when so much has given way. */
  private boolean fits(SessionState session, int bytes, int goneMessages, long goneBytes) {
    return fitsOwn(session, bytes, goneMessages, goneBytes)
        && batch.state().queuedMessages - goneMessages < limits.queuedMessagesMax();
  }

  private boolean fitsOwn(SessionState session, int bytes, int goneMessages, long goneBytes) {
    return session.messages - goneMessages < limits.queueMessagesMax()
        && session.bytes - goneBytes + bytes <= limits.queueBytesMax();
  }

  private void count(SessionState session, int messageCount, long bytes) {
    session.messages += messageCount;
    session.bytes += bytes;
    batch.state().queuedMessages += messageCount;
    batch.state().queuedBytes += bytes;
    batch.sessions.touch(session);
  }

  /**
   * Up to which row the oldest have to give way. Were it more than there are, or than one message
   * may cost, they would be gone and the message too: then only those do that are too many without
   * it, which there are where limits were lowered.
   */
  private long lastToDrop(SessionState session, int bytes) {
    long last = NO_ROW;
    int lookMax = OLDEST_PASSED_OVER_MAX + Math.min(looksLeft, bytes / QueueRow.OVERHEAD_BYTES);
    int looked = 0;
    int messages = 0;
    long gone = 0;
    try (Cursor<MemorySegment> cursor = lmdb.queue.openCursor(txn())) {
      boolean found = seekUnsent(cursor, session);
      while (found && looked < lookMax && isOf(session, cursor)) {
        looked++;
        QueueRow row = readIfSound(session.number, cursor, new RowReader(cursor.val()));
        if (row != null && row.state == QueueRow.QUEUED) {
          boolean isTooMuch =
              session.messages - messages > limits.queueMessagesMax()
                  || session.bytes - gone > limits.queueBytesMax();
          messages++;
          gone += row.bytes;
          boolean isEnough = fits(session, bytes, messages, gone);
          if (isTooMuch || isEnough) {
            last = cursor.key().get(Bytes.LONG, 8);
          }
          if (isEnough) {
            break;
          }
        }
        found = cursor.next();
      }
    }
    looksLeft -= Math.max(0, looked - OLDEST_PASSED_OVER_MAX);
    return last;
  }

  private void dropOldest(SessionState session, long last) {
    try (Cursor<MemorySegment> cursor = lmdb.queue.openCursor(txn())) {
      boolean found = seekUnsent(cursor, session);
      while (found && isOf(session, cursor)) {
        long sequence = cursor.key().get(Bytes.LONG, 8);
        if (sequence > last) {
          return;
        }
        var in = new RowReader(cursor.val());
        QueueRow row = readIfSound(session.number, cursor, in);
        if (row != null && row.state == QueueRow.QUEUED) {
          release(row, in);
          count(session, -1, -row.bytes);
          batch.drops.queueFull++;
          cursor.delete();
          found = cursor.get(batch.keys.queue(session.number, sequence + 1), GetOp.MDB_SET_RANGE);
        } else {
          found = cursor.next();
        }
      }
    }
  }

  /** Null: the row is damaged. It stays, as for whoever reads the queue, and others give way. */
  private @Nullable QueueRow readIfSound(long number, Cursor<MemorySegment> cursor, RowReader in) {
    try {
      QueueRow row = QueueRow.read(in);
      if (row.content == QueueRow.REFERENCE && in.remaining() < Long.BYTES) {
        throw new CorruptRowException("reference of " + in.remaining() + " bytes");
      }
      return row;
    } catch (CorruptRowException e) {
      if (batch.leftAlone.isFirstDamagedRowOf(number)) {
        LOG.log(
            Level.ERROR,
            "row {0} in the queue of session {1} is damaged and cannot give way: {2}; check the"
                + " store",
            cursor.key().get(Bytes.LONG, 8),
            number,
            e.getMessage());
      }
      return null;
    }
  }

  /** What was sent already stays: the client may be about to acknowledge it. */
  private boolean seekUnsent(Cursor<MemorySegment> cursor, SessionState session) {
    return cursor.get(batch.keys.queue(session.number, session.sentUpTo + 1), GetOp.MDB_SET_RANGE);
  }

  private static boolean isOf(SessionState session, Cursor<MemorySegment> cursor) {
    return cursor.key().get(Bytes.LONG, 0) == session.number;
  }

  /** Writes the rows that were held back and did not vanish. */
  void flush() {
    for (StorePublish publish : pending) {
      publish.setPending(false);
      write(publish);
    }
    pending.clear();
    released.forEach(this::releaseMessage);
    released.clear();
  }

  private void releaseMessage(long sequence, int receivers) {
    if (batch.leftAlone.isMessage(sequence)) {
      return;
    }
    try {
      messages.release(txn(), sequence, receivers);
    } catch (CorruptRowException e) {
      LOG.log(
          Level.WARNING,
          "message {0} is damaged and stays: {1}; check the store",
          sequence,
          e.getMessage());
    } catch (LmdbException e) {
      throw batch.leftAlone.message(sequence, e);
    }
  }

  private void write(StorePublish publish) {
    int withMessage = 0;
    for (int i = 0; i < publish.receivers(); i++) {
      byte row = publish.row(i);
      withMessage += row == Row.QUEUED || row == Row.SENT ? 1 : 0;
    }
    Message message = publish.message();
    int formBytes = 0;
    if (withMessage > 0) {
      MessageBytes.write(form.begin(), message, true);
      formBytes = form.length();
    }
    boolean stored = false;
    for (int i = 0; i < publish.receivers(); i++) {
      byte state = publish.row(i);
      if (state != Row.QUEUED && state != Row.SENT && state != Row.RELEASED) {
        continue;
      }
      var row = new QueueRow();
      row.flags = publish.flagsOf(i);
      row.packetId = publish.packetId(i);
      RowWriter out = batch.row.begin();
      if (state == Row.RELEASED) {
        row.state = QueueRow.RELEASED;
        row.bytes = QueueRow.OVERHEAD_BYTES;
        row.write(out);
      } else {
        row.state = state == Row.SENT ? QueueRow.SENT : QueueRow.QUEUED;
        row.subscriptionIdentifiers = publish.subscriptionIdentifiersOf(i);
        row.bytes = QueueRow.counted(formBytes, row.subscriptionIdentifiers);
        row.expiresAtMillis = message.expiresAtMillis();
        row.content = QueueRow.INLINE;
        row.write(out);
        if (withMessage == 1 && out.length() + formBytes <= INLINE_BYTES_MAX) {
          out.putBytes(form.row());
        } else {
          if (!stored) {
            append(publish, withMessage);
            stored = true;
          }
          row.content = QueueRow.REFERENCE;
          row.write(out.begin());
          out.putLong(publish.sequence());
        }
      }
      put(publish.number(i), publish.sequence(), out, publish);
    }
  }

  private void append(StorePublish publish, int receivers) {
    try {
      messages.append(txn(), publish.sequence(), receivers, form.row());
    } catch (LmdbException e) {
      throw UnreadablePageException.isOne(e)
          ? new UnreadablePageException("the end of the messages", publish, e)
          : e;
    }
  }

  /**
   * Adds a row.
   *
   * @param publish to which it belongs; null: it was there, in another queue
   */
  private void put(long number, long sequence, RowWriter row, @Nullable StorePublish publish) {
    try {
      lmdb.queue.put(txn(), batch.keys.queue(number, sequence), row.row());
    } catch (LmdbException e) {
      throw batch.leftAlone.queue(number, publish, e);
    }
  }

  // ---- messages that are there

  /** Place of the receiver in a publish whose rows are held back; -1: the row is on disk. */
  private static int heldBack(long number, @Nullable StorePublish handle) {
    return handle != null && handle.pending() ? handle.indexOf(number) : -1;
  }

  private static long sequence(long given, @Nullable StorePublish handle) {
    return given != 0 || handle == null ? given : handle.sequence();
  }

  boolean dequeue(Dequeue command) throws StoreException {
    SessionState session = batch.sessions.require(command.number(), command.epoch());
    int held = heldBack(command.number(), command.handle());
    return held >= 0
        ? vanish(session, command.handle(), held)
        : delete(session, sequence(command.sequence(), command.handle()));
  }

  private boolean vanish(SessionState session, @Nullable StorePublish publish, int receiver) {
    if (publish == null
        || publish.row(receiver) < Row.QUEUED
        || publish.row(receiver) == Row.VANISHED) {
      return false;
    }
    count(session, -1, -bytesOf(publish, receiver));
    publish.setRow(receiver, Row.VANISHED);
    batch.drops.coalesced++;
    return true;
  }

  private static long bytesOf(StorePublish publish, int receiver) {
    return publish.row(receiver) == Row.RELEASED
        ? QueueRow.OVERHEAD_BYTES
        : countedOf(publish, receiver);
  }

  private boolean delete(SessionState session, long sequence) {
    MemorySegment value = find(session.number, sequence);
    if (value == null) {
      return false;
    }
    var in = new RowReader(value);
    QueueRow row = QueueRow.read(in);
    release(row, in);
    count(session, -1, -row.bytes);
    lmdb.queue.delete(txn(), batch.keys.queue(session.number, sequence));
    return true;
  }

  private @Nullable MemorySegment find(long number, long sequence) {
    if (!pending.isEmpty() && sequence >= pending.getFirst().sequence()) {
      flush(); // the row may be one of those that are held back
    }
    return sequence <= Keys.QUEUE_HEAD
        ? null
        : lmdb.queue.get(txn(), batch.keys.queue(number, sequence));
  }

  /** The row needs its message no more. */
  private void release(QueueRow row, RowReader content) {
    if (row.content == QueueRow.REFERENCE) {
      released.merge(content.getLong(), 1, Integer::sum);
    }
  }

  boolean assign(AssignPacketId command) throws StoreException {
    SessionState session = batch.sessions.require(command.number(), command.epoch());
    int held = heldBack(command.number(), command.handle());
    if (held >= 0) {
      return setHeldBack(command.handle(), held, Row.SENT, command.packetId());
    }
    long sequence = sequence(command.sequence(), command.handle());
    MemorySegment value = find(session.number, sequence);
    if (value == null) {
      return false;
    }
    var in = new RowReader(value);
    QueueRow row = QueueRow.read(in);
    row.packetId = command.packetId();
    row.state = row.state == QueueRow.QUEUED ? QueueRow.SENT : row.state;
    row.write(batch.row.begin());
    batch.row.putBytes(in.rest());
    lmdb.queue.put(txn(), batch.keys.queue(session.number, sequence), batch.row.row());
    return true;
  }

  private static boolean setHeldBack(
      @Nullable StorePublish publish, int receiver, byte state, int packetId) {
    if (publish == null
        || publish.row(receiver) < Row.QUEUED
        || publish.row(receiver) == Row.VANISHED) {
      return false;
    }
    publish.setPacketId(receiver, packetId);
    if (state > publish.row(receiver)) {
      publish.setRow(receiver, state);
    }
    return true;
  }

  boolean markReleased(MarkReleased command) throws StoreException {
    SessionState session = batch.sessions.require(command.number(), command.epoch());
    int held = heldBack(command.number(), command.handle());
    if (held >= 0 && command.handle() != null) {
      long before = bytesOf(command.handle(), held);
      boolean found = setHeldBack(command.handle(), held, Row.RELEASED, command.packetId());
      if (found) {
        count(session, 0, bytesOf(command.handle(), held) - before);
      }
      return found;
    }
    long sequence = sequence(command.sequence(), command.handle());
    MemorySegment value = find(session.number, sequence);
    if (value == null) {
      return false;
    }
    var in = new RowReader(value);
    QueueRow row = QueueRow.read(in);
    release(row, in);
    count(session, 0, QueueRow.OVERHEAD_BYTES - row.bytes);
    row.state = QueueRow.RELEASED;
    row.content = QueueRow.NO_CONTENT;
    row.bytes = QueueRow.OVERHEAD_BYTES;
    row.subscriptionIdentifiers = QueueRow.NO_IDENTIFIERS; // PUBREL has none
    row.packetId = command.packetId();
    row.expiresAtMillis = Message.NEVER_EXPIRES; // PUBREL is owed whatever the message's age
    row.write(batch.row.begin());
    lmdb.queue.put(txn(), batch.keys.queue(session.number, sequence), batch.row.row());
    return true;
  }

  void markSent(MarkSent command) throws StoreException {
    SessionState session = batch.sessions.require(command.number(), command.epoch());
    session.sentUpTo = command.upToSequence();
    batch.sessions.touch(session);
  }

  Long move(MoveQueued command) throws StoreException {
    SessionState from = batch.sessions.require(command.number(), command.epoch());
    flush();
    long given = sequence(command.sequence(), command.handle());
    MemorySegment value = find(from.number, given);
    if (value == null) {
      return MoveQueued.GONE;
    }
    var in = new RowReader(value);
    QueueRow row = QueueRow.read(in);
    if (row.state == QueueRow.RELEASED) {
      return MoveQueued.GONE; // the client has it
    }
    byte[] content = in.getRest(); // makeRoom may change the page under the reader
    int bytes = QueueRow.counted(formBytes(row, content), command.subscriptionIdentifiers());
    SessionState to = batch.leftAlone.isQueue(command.toNumber()) ? null : taker(command);
    looksLeft = OLDEST_LOOK_MAX;
    count(from, -1, -row.bytes); // all queues together get no longer by a move
    if (to == null || !makeRoom(to, bytes)) {
      count(from, 1, row.bytes);
      return MoveQueued.REFUSED;
    }
    long sequence = batch.sequenceBehindTold();
    count(to, 1, bytes);
    lmdb.queue.delete(txn(), batch.keys.queue(from.number, given));
    row.state = QueueRow.QUEUED;
    row.bytes = bytes;
    row.packetId = 0;
    row.flags = command.flags();
    row.subscriptionIdentifiers = command.subscriptionIdentifiers();
    row.write(batch.row.begin());
    batch.row.putBytes(content);
    put(to.number, sequence, batch.row, null);
    return sequence;
  }

  private @Nullable SessionState taker(MoveQueued command) {
    try {
      return batch.sessions.find(command.toNumber());
    } catch (LmdbException e) {
      throw batch.leftAlone.queue(command.toNumber(), null, e);
    }
  }

  private int formBytes(QueueRow row, byte[] content) {
    return row.content == QueueRow.REFERENCE
        ? messages.length(txn(), RowReader.of(content).getLong())
        : content.length;
  }

  /** Drops a message that expired before anybody began to send it; the session must be away. */
  boolean dropExpired(long number, long sequence, long nowMillis) {
    SessionState session = batch.sessions.find(number);
    MemorySegment value = find(number, sequence);
    if (session == null || session.online || value == null || sequence <= session.sentUpTo) {
      return false;
    }
    QueueRow row = QueueRow.read(value);
    if (row.state != QueueRow.QUEUED || !row.isExpired(nowMillis)) {
      return false;
    }
    return delete(session, sequence);
  }

  /** Deletes rows of an ended session; returns how many. */
  int sweep(long number, int rowsMax) {
    int rows = 0;
    try (Cursor<MemorySegment> cursor = lmdb.queue.openCursor(txn())) {
      boolean found = cursor.get(batch.keys.number(number), GetOp.MDB_SET_RANGE);
      while (found && rows < rowsMax && cursor.key().get(Bytes.LONG, 0) == number) {
        if (cursor.key().get(Bytes.LONG, 8) != Keys.QUEUE_HEAD) {
          releaseIfSound(number, cursor);
        }
        cursor.delete();
        rows++;
        found = cursor.get(batch.keys.number(number), GetOp.MDB_SET_RANGE);
      }
    }
    return rows;
  }

  /** Its session has ended: to refuse what is damaged would keep it, and what is behind it. */
  private void releaseIfSound(long number, Cursor<MemorySegment> cursor) {
    try {
      var in = new RowReader(cursor.val());
      release(QueueRow.read(in), in);
    } catch (CorruptRowException e) {
      LOG.log(
          Level.WARNING,
          "row {0} in the queue of session {1}, which has ended, is damaged and was deleted: {2};"
              + " check the store",
          cursor.key().get(Bytes.LONG, 8),
          number,
          e.getMessage());
    }
  }
}

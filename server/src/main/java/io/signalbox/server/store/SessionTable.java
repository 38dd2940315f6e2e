package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.store.StoreException.Reason;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.GetOp;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * Sessions with their wills, subscriptions and inbound QoS 2 identifiers, as the writer changes
 * them. The tables {@code client}, {@code session}, {@code will}, {@code ended}, {@code sub} and
 * {@code qos2in} of {@link Keys}.
 */
@ConfinedTo("store writer")
final class SessionTable {
  /** Sessions remembered from batch to batch; above it all are forgotten and read again. */
  private static final int REMEMBERED_MAX = 65_536;

  private static final MemorySegment NOTHING = java.lang.foreign.Arena.global().allocate(1);

  private final WriteBatch batch;
  private final Lmdb lmdb;
  private final Map<Long, SessionState> remembered = new HashMap<>();
  private final List<SessionState> touched = new ArrayList<>();

  SessionTable(WriteBatch batch) {
    this.batch = batch;
    this.lmdb = batch.lmdb;
  }

  void begin() {
    if (remembered.size() > REMEMBERED_MAX) {
      remembered.clear();
    }
  }

  /** The transaction is lost, so what is remembered may be wrong. */
  void forget() {
    remembered.clear();
    touched.clear();
  }

  private Txn<MemorySegment> txn() {
    return batch.txn();
  }

  /** Null when the session ended or never was. */
  @Nullable SessionState find(long number) {
    SessionState known = remembered.get(number);
    if (known != null) {
      return known;
    }
    MemorySegment row = lmdb.sessions.get(txn(), batch.keys.number(number));
    if (row == null) {
      return null;
    }
    SessionState session = SessionState.read(number, row);
    MemorySegment head = lmdb.queue.get(txn(), batch.keys.queue(number, Keys.QUEUE_HEAD));
    if (head != null) {
      session.readHead(head);
    }
    remembered.put(number, session);
    return session;
  }

  /**
   * @throws StoreException the session ended, or another connection has it
   */
  SessionState require(long number, long epoch) throws StoreException {
    SessionState session = find(number);
    if (session == null || (epoch != Command.ANY_EPOCH && session.epoch != epoch)) {
      throw new StoreException(Reason.STALE_EPOCH);
    }
    return session;
  }

  /** Its queue's head will be compared with the disk, and written, at the end of the batch. */
  void touch(SessionState session) {
    if (!session.touched) {
      session.touched = true;
      touched.add(session);
    }
  }

  void flushHeads() {
    for (SessionState session : touched) {
      session.touched = false;
      if (session.headChanged() && !session.ended) {
        session.writeHead(batch.row.begin());
        lmdb.queue.put(txn(), batch.keys.queue(session.number, Keys.QUEUE_HEAD), batch.row.row());
      }
    }
    touched.clear();
  }

  OpenedSession open(OpenSession command) throws StoreException {
    SessionState session = findByClient(command.clientId());
    boolean present = session != null && !command.cleanStart();
    if (session == null || !present) {
      if (session == null && !batch.mayGrow()) {
        throw new StoreException(Reason.STORE_FULL);
      }
      if (session != null) {
        end(session);
      }
      session = create(command.clientId());
    }
    session.epoch++;
    session.owner = command.owner();
    session.expirySeconds = command.expirySeconds();
    session.online = true;
    session.disconnectedAtMillis = 0;
    session.willDueMillis = 0;
    putWill(session.number, command.will());
    put(session);
    return new OpenedSession(
        session.number, session.epoch, present, present ? inboundQos2(session.number) : List.of());
  }

  private @Nullable SessionState findByClient(String clientId) {
    MemorySegment number = lmdb.clients.get(txn(), batch.keys.clientId(clientId));
    return number == null ? null : find(new RowReader(number).getLong());
  }

  /** Of its queue and its Will; 0: there is no such session. */
  long bytesOf(String clientId) {
    SessionState session = findByClient(clientId);
    if (session == null) {
      return 0;
    }
    MemorySegment will = lmdb.wills.get(txn(), batch.keys.number(session.number));
    return session.bytes + (will == null ? 0 : will.byteSize());
  }

  private SessionState create(String clientId) {
    MetaState state = batch.state();
    var session = new SessionState(state.nextSessionNumber++, clientId);
    state.sessions++;
    remembered.put(session.number, session);
    lmdb.clients.put(
        txn(), batch.keys.clientId(clientId), batch.row.begin().putLong(session.number).row());
    return session;
  }

  void put(SessionState session) {
    session.write(batch.row.begin());
    lmdb.sessions.put(txn(), batch.keys.number(session.number), batch.row.row());
  }

  private void putWill(long number, byte @Nullable [] will) {
    if (will == null) {
      lmdb.wills.delete(txn(), batch.keys.number(number));
    } else {
      lmdb.wills.put(txn(), batch.keys.number(number), batch.row.begin().putBytes(will).row());
    }
  }

  void disconnect(DisconnectSession command) throws StoreException {
    SessionState session = require(command.number(), command.epoch());
    session.online = false;
    session.expirySeconds = command.expirySeconds();
    session.disconnectedAtMillis = command.nowMillis();
    session.willDueMillis = command.willDueMillis();
    if (command.willDueMillis() == 0) {
      putWill(session.number, null);
    }
    put(session);
  }

  void renewWill(RenewWill command) throws StoreException {
    require(command.number(), command.epoch());
    putWill(command.number(), command.will());
  }

  /** The will was published. */
  void clearWill(long number) {
    SessionState session = find(number);
    if (session != null) {
      putWill(number, null);
      session.willDueMillis = 0;
      put(session);
    }
  }

  /** In a time that does not depend on what the session holds: the rest is swept later. */
  void end(SessionState session) {
    lmdb.clients.delete(txn(), batch.keys.clientId(session.clientId));
    lmdb.sessions.delete(txn(), batch.keys.number(session.number));
    lmdb.ended.put(txn(), batch.keys.number(session.number), NOTHING.asSlice(0, 0));
    remembered.remove(session.number);
    batch.leftAlone.forget(session.number);
    session.ended = true;
    MetaState state = batch.state();
    state.sessions--;
    state.queuedMessages -= session.messages;
    state.queuedBytes -= session.bytes;
  }

  void putSubscriptions(StoreSubscriptions command) throws StoreException {
    require(command.number(), command.epoch());
    for (Subscription subscription : command.subscriptions()) {
      byte[] filter = subscription.requestedFilter().getBytes(UTF_8);
      SubscriptionForm.write(batch.row.begin(), subscription, filter);
      lmdb.subscriptions.put(
          txn(), batch.keys.subscription(command.number(), filter), batch.row.row());
    }
  }

  void removeSubscriptions(RemoveSubscriptions command) throws StoreException {
    require(command.number(), command.epoch());
    for (String filter : command.requestedFilters()) {
      lmdb.subscriptions.delete(
          txn(), batch.keys.subscription(command.number(), filter.getBytes(UTF_8)));
    }
  }

  boolean hasInboundQos2(long number, int packetId) {
    return lmdb.inboundQos2.get(txn(), batch.keys.inboundQos2(number, packetId)) != null;
  }

  private List<Integer> inboundQos2(long number) {
    List<Integer> ids = new ArrayList<>();
    try (Cursor<MemorySegment> cursor = lmdb.inboundQos2.openCursor(txn())) {
      boolean found = cursor.get(batch.keys.number(number), GetOp.MDB_SET_RANGE);
      while (found && cursor.key().get(Bytes.LONG, 0) == number) {
        ids.add(cursor.key().get(Bytes.SHORT, 8) & 0xFFFF);
        found = cursor.next();
      }
    }
    return ids;
  }

  void putInboundQos2(long number, int packetId) {
    lmdb.inboundQos2.put(txn(), batch.keys.inboundQos2(number, packetId), NOTHING.asSlice(0, 0));
  }

  void releaseInboundQos2(ReleaseInbound command) throws StoreException {
    require(command.number(), command.epoch());
    lmdb.inboundQos2.delete(txn(), batch.keys.inboundQos2(command.number(), command.packetId()));
  }

  /**
   * Deletes rows of ended sessions.
   *
   * @return whether more are left
   */
  boolean sweep(int rowsMax) {
    batch.queue.flush();
    int left = rowsMax;
    while (left > 0) {
      long number = firstEnded();
      if (number == 0) {
        return false;
      }
      try {
        left -= sweep(number, left);
      } catch (LmdbException e) {
        throw batch.leftAlone.ended(number, e);
      }
    }
    return true;
  }

  private int sweep(long number, int rowsMax) {
    int left = rowsMax;
    left -= sweepTable(lmdb.subscriptions, number, left);
    left -= left > 0 ? sweepTable(lmdb.inboundQos2, number, left) : 0;
    left -= left > 0 ? batch.queue.sweep(number, left) : 0;
    if (left > 0) {
      lmdb.wills.delete(txn(), batch.keys.number(number));
      lmdb.ended.delete(txn(), batch.keys.number(number));
      left--;
    }
    return rowsMax - left;
  }

  /** Number of the next session to sweep, or 0. */
  private long firstEnded() {
    try (Cursor<MemorySegment> cursor = lmdb.ended.openCursor(txn())) {
      boolean found = cursor.first();
      while (found && batch.leftAlone.isEnded(cursor.key().get(Bytes.LONG, 0))) {
        found = cursor.next();
      }
      return found ? new RowReader(cursor.key()).getLong() : 0;
    }
  }

  private int sweepTable(Dbi<MemorySegment> table, long number, int rowsMax) {
    int rows = 0;
    try (Cursor<MemorySegment> cursor = table.openCursor(txn())) {
      boolean found = cursor.get(batch.keys.number(number), GetOp.MDB_SET_RANGE);
      while (found && rows < rowsMax && cursor.key().get(Bytes.LONG, 0) == number) {
        cursor.delete();
        rows++;
        found = cursor.get(batch.keys.number(number), GetOp.MDB_SET_RANGE);
      }
    }
    return rows;
  }
}

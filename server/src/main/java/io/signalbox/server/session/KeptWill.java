package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.store.OpenSession;
import io.signalbox.server.store.RenewWill;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.UnreadableStoreException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * The Will Message of a session, from CONNECT until it is published or discarded. It is in memory,
 * and counted there, until the store has it; from then on only the session's row has it, for as
 * long as the client is connected or away. One that no row will have stays in memory.
 *
 * <p>One that cannot be read when it is due is overdue: it is tried again until it can.
 */
@ConfinedTo("the session's I/O thread")
final class KeptWill {
  private static final Logger LOG = System.getLogger(KeptWill.class.getName());

  private static final long RETRY_MILLIS = 1_000;

  private final long delaySeconds;

  // Both null once the store has it.
  private @Nullable SessionWill will;
  private @Nullable MemoryShare memory;

  private final long bytes;

  /** Until it is due, or tried again; null: it waits for nothing. */
  private @Nullable Timer timer;

  private boolean overdue;

  /** On the clock of the loops; far away: with the end of its session. */
  private long dueAtMillis = Long.MAX_VALUE;

  /** One that came with a connection. */
  KeptWill(SessionWill will, MemoryShare memory) {
    this.delaySeconds = will.delaySeconds();
    this.will = will;
    this.memory = memory;
    this.bytes = will.bytes();
    memory.charge(bytes);
  }

  /** One that was found in the store. */
  KeptWill(long delaySeconds) {
    this.delaySeconds = delaySeconds;
    this.bytes = 0;
  }

  /** Will Delay Interval, 0..4,294,967,295. */
  long delaySeconds() {
    return delaySeconds;
  }

  /** It is in the row of its session now, or is not needed any more. Idempotent. */
  void leaveMemory() {
    if (memory != null) {
      memory.charge(-bytes);
    }
    memory = null;
    will = null;
  }

  /**
   * For the restart of a broker that ends: one that would be lost with the memory gets a row, that
   * of a session which ends with the connection. The others have one.
   */
  void store(SessionContext context, Session session) {
    if (will != null && !will.isStoredAlways()) {
      context
          .writer()
          .submit(
              new OpenSession(session.clientId(), session.principalId(), 0, true, will.encode()),
              null);
    }
  }

  /** It was due, and could not be read. */
  boolean isOverdue() {
    return overdue;
  }

  /**
   * @param due runs on the session's thread unless it is {@linkplain #stopWaiting stopped}
   */
  void await(EventLoop loop, long millis, Runnable due) {
    stopWaiting();
    dueIn(loop, millis);
    timer = loop.schedule(millis, due);
  }

  /** It is due then, should the client that is about to be let in not be. */
  void dueIn(EventLoop loop, long millis) {
    dueAtMillis = loop.nowMillis() + millis;
  }

  /** Milliseconds until it is due, 0 or more; very many: it is due with the end of its session. */
  long leftMillis(EventLoop loop) {
    return Math.max(0, dueAtMillis - loop.nowMillis());
  }

  void stopWaiting() {
    if (timer != null) {
      timer.cancel();
    }
    timer = null;
  }

  /**
   * It is due. If it cannot be read now it is overdue, which is logged once: its session stays with
   * its row until it can.
   *
   * @param again runs a second later if it is overdue, unless it is {@linkplain #stopWaiting
   *     stopped}
   */
  void publish(SessionContext context, Session session, Runnable again) {
    stopWaiting();
    switch (read(context.store(), session)) {
      case Unread unread -> {
        tellOnce(session.clientId(), unread.problem());
        overdue = true;
        await(session.owner(), RETRY_MILLIS, again);
      }
      case Lost _ -> done();
      case Known known -> {
        done();
        context.wills().due(session.clientId(), known.will(), session.sessionNumber());
      }
    }
  }

  private void done() {
    overdue = false;
    leaveMemory();
  }

  /**
   * The same will of a client that showed another credential, by which it is judged from now on; in
   * memory until the store has it.
   *
   * @param again runs a second later if it cannot be read now, unless a newer one is shown
   * @return null: it cannot be read now, or is lost
   */
  @Nullable KeptWill of(
      Principal renewed, SessionContext context, Session session, Runnable again) {
    EventLoop loop = session.owner();
    stopWaiting(); // for one that was shown before
    Content content = read(context.store(), session);
    if (content instanceof Unread) {
      await(loop, RETRY_MILLIS, again);
    }
    if (!(content instanceof Known known)) {
      return null;
    }
    leaveMemory();
    SessionWill other = known.will().of(renewed);
    var kept = new KeptWill(other, loop.memory());
    if (session.sessionNumber() != 0) {
      context
          .writer()
          .submit(
              new RenewWill(session.sessionNumber(), session.epoch(), other.encode()),
              new OnLoop(loop, _ -> kept.leaveMemory(), _ -> {}));
    }
    return kept;
  }

  /** What a look at the whole of it gave. */
  private sealed interface Content {}

  /** It is to be published as it is here. */
  private record Known(SessionWill will) implements Content {}

  /** Its row is damaged or gone. */
  private record Lost() implements Content {}

  /** Nothing can be read now; its row is as it was. */
  private record Unread(UnreadableStoreException problem) implements Content {}

  /** Reads one row of the disk if it is not in memory. That it is lost is logged. */
  private Content read(Store store, Session session) {
    SessionWill known = will;
    return known == null
        ? readRow(store, session.sessionNumber(), session.clientId())
        : new Known(known);
  }

  private static Content readRow(Store store, long number, String clientId) {
    try {
      byte[] row = store.will(number);
      if (row == null) {
        throw new IllegalStateException("session " + number + " has no will");
      }
      return new Known(SessionWill.decode(row));
    } catch (UnreadableStoreException e) {
      return new Unread(e);
    } catch (RuntimeException e) {
      LOG.log(
          Level.ERROR,
          "the will of client "
              + LogText.quote(clientId)
              + " is damaged and is not published; check the store",
          e);
      return new Lost();
    }
  }

  private void tellOnce(String clientId, UnreadableStoreException problem) {
    if (!overdue && !problem.isClosed()) { // a broker that ends keeps it for its restart
      LOG.log(
          Level.WARNING,
          "the will of client {0} waits: {1}",
          LogText.quote(clientId),
          problem.getMessage());
    }
  }
}

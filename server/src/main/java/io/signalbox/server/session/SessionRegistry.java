package io.signalbox.server.session;

import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.store.Command;
import io.signalbox.server.store.EndSession;
import io.signalbox.server.store.SessionRow;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreOpenException;
import io.signalbox.server.store.StoreWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Client Identifier to session. Every method but {@link #load} may be called on any I/O thread: an
 * open request travels to the thread that owns the session, where racing ones are served one after
 * the other, and from there to the thread of its connection.
 */
public final class SessionRegistry {
  /** A Session Expiry Interval that does not end (MQTT 5.0 section 3.1.2.11.2). */
  public static final long NEVER_SECONDS = 0xFFFF_FFFFL;

  private final ConcurrentHashMap<String, Session> sessions = new ConcurrentHashMap<>();
  private final AtomicInteger rowsEnding = new AtomicInteger();
  private final List<EventLoop> loops;
  private final SessionContext context;

  public SessionRegistry(
      List<EventLoop> loops,
      SubscriptionTrie trie,
      Store store,
      Clocks clocks,
      Metrics metrics,
      LimitsConfig limits,
      SessionConfig config,
      Wills wills) {
    this.loops = List.copyOf(loops);
    StoreWriter writer = store.writer();
    List<LeavingIds> leavingIds =
        this.loops.stream().map(loop -> new LeavingIds(writer, loop)).toList();
    this.context =
        new SessionContext(
            this,
            trie,
            store,
            writer,
            leavingIds,
            clocks,
            metrics,
            limits,
            config,
            QueueLimits.of(config),
            wills);
  }

  /** On the connection's I/O thread. The answer comes on the same thread, once. */
  public void open(OpenRequest request) {
    ClientConnection connection = request.connection();
    if (!connection.isOpen()) {
      return;
    }
    Session there = sessions.get(request.clientId());
    if (there == null) {
      if (sessions.size() >= context.limits().sessionsMax()) {
        context.metrics().limitsReached.inc(Metrics.Limit.SESSIONS, connection.loop().index());
        request
            .answer()
            .accept(
                new OpenResult.Refused(
                    ReasonCode.QUOTA_EXCEEDED,
                    "limits.sessions-max of " + context.limits().sessionsMax() + " is reached"));
        return;
      }
      Session fresh =
          new Session(
              context,
              request.clientId(),
              request.principalId(),
              request.expirySeconds() > 0,
              connection.loop());
      there = sessions.putIfAbsent(request.clientId(), fresh);
      if (there == null) {
        fresh.attach(request);
        return;
      }
    }
    handOn(there, request);
  }

  /** Brings a request to the thread that owns the session now. */
  void handOn(Session session, OpenRequest request) {
    EventLoop owner = session.owner();
    if (owner.isCurrent()) {
      session.request(request);
    } else {
      owner.execute(() -> handOn(session, request));
    }
  }

  /**
   * A session with a row in the store ends. To be called before {@link #forget}, so that whoever
   * finds no session also sees that one may still be on disk. It may be so for good: when the store
   * has failed, nobody may be told that the session is gone.
   */
  void endRow(long number, EventLoop owner) {
    rowsEnding.incrementAndGet();
    context
        .writer()
        .submit(
            new EndSession(number, Command.ANY_EPOCH),
            new OnLoop(owner, _ -> rowsEnding.decrementAndGet(), _ -> {}));
  }

  /** Whether a crash now could bring back a session that has ended. Any thread. */
  boolean isAnyRowEnding() {
    return rowsEnding.get() > 0;
  }

  /** Runs a task on a loop once every I/O thread has finished what it does now. */
  void fence(EventLoop loop, Runnable task) {
    var left = new AtomicInteger(loops.size());
    for (EventLoop each : loops) {
      each.execute(
          () -> {
            if (left.decrementAndGet() == 0) {
              loop.execute(task);
            }
          });
    }
  }

  /** The calling thread's loop, if it is one. */
  Optional<EventLoop> current() {
    return loops.stream().filter(EventLoop::isCurrent).findFirst();
  }

  void forget(Session session) {
    sessions.remove(session.clientId(), session);
  }

  public Optional<Session> find(String clientId) {
    return Optional.ofNullable(sessions.get(clientId));
  }

  public int size() {
    return sessions.size();
  }

  /** A live view, for the admin API; each session's own state belongs to its thread. */
  public Collection<Session> all() {
    return Collections.unmodifiableCollection(sessions.values());
  }

  /**
   * Once, before any listener is up: sessions as the store has them, spread over the I/O threads.
   *
   * @throws StoreOpenException they cannot be read
   */
  public void load() throws StoreOpenException {
    long now = context.clocks().wallMillis();
    var restart = new Restart(context, now);
    // A will, or what an expired session leaves to its group, finds those only that are here: no
    // time runs before all are.
    List<Runnable> clocks = new ArrayList<>();
    context.store().sessions(row -> clocks.add(restore(row, now, restart)));
    clocks.forEach(Runnable::run);
  }

  /** Returns what lets the session's time run. */
  private Runnable restore(SessionRow row, long now, Restart restart) {
    EventLoop owner = loops.get(Math.floorMod(row.clientId().hashCode(), loops.size()));
    boolean durable = row.expirySeconds() > 0;
    Session session = new Session(context, row.clientId(), row.owner(), durable, owner);
    sessions.put(row.clientId(), session);
    // A clock that went back must not make a session older or eternal: never more than the whole
    // interval is left.
    long expiryMillis = row.expirySeconds() * 1000;
    long elapsed = row.online() ? 0 : Math.max(0, now - row.disconnectedAtMillis());
    long leftMillis = Math.max(0, expiryMillis - elapsed);
    byte[] head = row.willHead();
    KeptWill will = head == null ? null : new KeptWill(SessionWill.delaySeconds(head));
    long willDelayMillis = 0;
    if (will != null) {
      // Or until the session ends, if that is before (section 3.1.3.2.2).
      long delaySeconds = Math.min(will.delaySeconds(), row.expirySeconds());
      willDelayMillis = restart.willDelayMillis(row, delaySeconds);
    }
    session.restore(
        row.number(),
        row.epoch(),
        row.expirySeconds(),
        row.sentUpTo(),
        row.subscriptions(),
        row.inboundQos2());
    restart.disconnect(row, will == null ? 0 : now + willDelayMillis);
    long willMillis = willDelayMillis;
    return () -> session.resumeClock(durable ? leftMillis : willMillis, will, willMillis);
  }
}

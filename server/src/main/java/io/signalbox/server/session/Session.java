package io.signalbox.server.session;

import io.signalbox.server.config.SessionConfig.Handover;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.routing.StoredMessage;
import io.signalbox.server.routing.Subscriber;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.store.Barrier;
import io.signalbox.server.store.DisconnectSession;
import io.signalbox.server.store.OpenSession;
import io.signalbox.server.store.OpenedSession;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.StorePublish;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is kept for one Client Identifier: subscriptions, messages on their way, QoS 2 state, the
 * Will Message (MQTT 5.0 section 4.1).
 *
 * <p>A session is durable from its birth to its end, or transient. A durable one (Session Expiry
 * Interval above 0) has a row in the store: every QoS 1 or 2 message for it is committed there and
 * everything in memory is only a copy, so that a reconnect, a move to another I/O thread and a
 * crash are one thing: read the queue from disk ({@link DiskReader}). A transient one lives and
 * ends with its connection and touches no disk.
 */
@ConfinedTo("the owner's I/O thread, but for what is volatile")
public final class Session implements Subscriber {
  private static final Logger LOG = System.getLogger(Session.class.getName());

  private static final int WAITING_REQUESTS_MAX = 16;

  /** After its queue refused a message; then Shared Subscriptions try whether it takes one. */
  private static final long FULL_MILLIS = 1_000;

  // For the session.
  private final SessionContext context;
  private final String clientId;
  private final String principalId;
  private final boolean durable;

  private final SessionSubscriptions subscriptions;

  /** Null: it never had one taken away. */
  private @Nullable RevokedShares revoked;

  private final InboundQos2 inboundQos2 = new InboundQos2();

  /** Null while nobody waits. */
  private @Nullable Deque<OpenRequest> waiting;

  private final OutgoingMessages outgoing;
  private volatile EventLoop owner;
  private volatile boolean online;
  private volatile boolean full;

  /** Of its row in the store; 0 while there is none. */
  private volatile long number;

  private long epoch;
  private long expirySeconds;

  private @Nullable KeptWill will;
  private @Nullable Timer expiryTimer;

  /** What the last connection left goes to other members now; null: it does not. */
  private @Nullable SharedHandover handover;

  /** Written on the owner's I/O thread. */
  private volatile boolean opening;

  /** Its time is over, and it stays for the Will that the end of the broker interrupted. */
  private boolean over;

  private boolean ending;
  private boolean ended;

  /** Of a transient session whose connection is gone: what other members take when it ends. */
  private List<OutgoingPublish> unshared = List.of();

  private @Nullable ClientConnection connection;

  Session(
      SessionContext context,
      String clientId,
      String principalId,
      boolean durable,
      EventLoop owner) {
    this.context = context;
    this.clientId = clientId;
    this.principalId = principalId;
    this.durable = durable;
    this.owner = owner;
    this.subscriptions = new SessionSubscriptions(context.trie(), this);
    this.outgoing = new OutgoingMessages(context, this);
  }

  // ---------------------------------------------------------------- what others ask

  SessionContext context() {
    return context;
  }

  @Override
  public String clientId() {
    return clientId;
  }

  /** The principal it belongs to. */
  public String principalId() {
    return principalId;
  }

  @Override
  public boolean isOnline() {
    return online;
  }

  @Override
  public boolean isDurable() {
    return durable;
  }

  @Override
  public long sessionNumber() {
    return number;
  }

  /** Raised by each CONNECT; commands of an older connection are refused by the store. */
  public long epoch() {
    return epoch;
  }

  /**
   * Whether this connection is still the session's, rather than one that took it over. Any thread;
   * a moment later it may be otherwise.
   */
  public boolean belongsTo(ClientConnection which) {
    return connection == which;
  }

  public EventLoop owner() {
    return owner;
  }

  public SessionSubscriptions subscriptions() {
    return subscriptions;
  }

  public InboundQos2 inboundQos2() {
    return inboundQos2;
  }

  /** Messages on their way to the client. */
  public OutgoingMessages outgoing() {
    return outgoing;
  }

  @Nullable ClientConnection connection() {
    return connection;
  }

  /** From CONNECT until CONNACK is sent: nothing else may be sent yet. */
  boolean isOpening() {
    return opening;
  }

  /** Whether a client waits until what a member leaves has been handed over. */
  boolean isAwaited() {
    return connection != null || (waiting != null && !waiting.isEmpty());
  }

  boolean ended() {
    return ended;
  }

  // ---------------------------------------------------------------- opening

  /** On the owner's thread: somebody connects with this Client Identifier. */
  void request(OpenRequest request) {
    if (ended) {
      request.connection().loop().execute(() -> context.registry().open(request));
      return;
    }
    if (!principalId.equals(request.principalId())) {
      answer(
          request,
          new OpenResult.Refused(
              ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, "the session belongs to another principal"));
      return;
    }
    if (opening) {
      letWait(request);
      return;
    }
    boolean mayBeOffering = inboundQos2.wasUsed() || will != null;
    ClientConnection old = connection;
    boolean endsWithConnection = !durable || expirySeconds == 0;
    boolean anew = request.cleanStart() || endsWithConnection || over; // [MQTT-4.1.0-2]
    if (old != null) {
      context.metrics().sessionTakeovers.inc(owner.index());
      LOG.log(
          Level.INFO,
          "client {0} is taken over by {1}",
          LogText.quote(clientId),
          request.connection().peer());
      old.disconnect(ReasonCode.SESSION_TAKEN_OVER, null); // [MQTT-3.1.4-3]
      detach(old, WillFate.SEND, !anew);
    }
    if (isWillOverdue()) { // its row would go, or be that of another will
      letWait(request);
      return;
    }
    if ((!durable || over) && old == null) {
      cancelTimers();
      forgetWill(); // that a restart interrupted: the client is back in time [MQTT-3.1.3-9]
    }
    if (ended || anew) {
      end();
      request.connection().loop().execute(() -> context.registry().open(request));
      return;
    }
    cancelTimers();
    if (will != null) {
      will.leaveMemory(); // in its row until the client is let in
    }
    stopHandover();
    opening = true;
    if (request.connection().loop() == owner) {
      attach(request);
    } else if (mayBeOffering) {
      // This thread offers a QoS 2 message, of the client or its will, to its receivers once the
      // disk has it. What the client publishes by way of another thread may not overtake it
      // [MQTT-4.6.0-6].
      OnLoop.Success settled = _ -> moveTo(request);
      context
          .writer()
          .submit(new Barrier(), new OnLoop(owner, settled, _ -> settled.committed(null)));
    } else {
      moveTo(request);
    }
  }

  private void letWait(OpenRequest request) {
    Deque<OpenRequest> racing = waiting == null ? new ArrayDeque<>() : waiting;
    if (racing.size() >= WAITING_REQUESTS_MAX) { // the newest would win anyway: the oldest goes
      answer(
          racing.remove(),
          new OpenResult.Refused(
              ReasonCode.SERVER_BUSY, "too many connections race for this client identifier"));
    }
    racing.add(request);
    waiting = racing;
  }

  /**
   * To the connection's thread, two rounds later: by then what this thread had for others is with
   * them. Until it is attached there nothing else happens to the session.
   */
  private void moveTo(OpenRequest request) {
    EventLoop before = owner;
    EventLoop next = request.connection().loop();
    before.execute(
        () ->
            before.execute(
                () -> {
                  // INVARIANT: whatever was submitted to the store before the new owner submits
                  // OpenSession is read from disk by it; a publisher submits before it looks for
                  // the owner, so an offer that still arrives here is among those and may be
                  // dropped. No fence is needed.
                  owner = next;
                  next.execute(() -> attach(request));
                }));
  }

  /** On the new owner's thread. */
  void attach(OpenRequest request) {
    opening = true;
    if (revoked != null) { // whoever connects is looked at again
      revoked.restore();
    }
    ClientConnection client = request.connection();
    connection = client;
    online = true;
    long before = expirySeconds;
    expirySeconds = request.expirySeconds();
    SessionWill given = request.will();
    KeptWill earlier = will; // it is back in time [MQTT-3.1.3-9], unless it is not let in
    KeptWill kept = given == null ? null : new KeptWill(given, owner.memory());
    will = kept;
    outgoing.attach(request.receiveMaximum(), request.topicAliasMaximum());
    SessionWill stored = given != null && (durable || given.isStoredAlways()) ? given : null;
    boolean fresh = number == 0;
    if (!durable && stored == null) {
      openTransient(request);
      return;
    }
    outgoing.hold();
    context
        .writer()
        .submit(
            new OpenSession(
                clientId,
                principalId,
                durable ? expirySeconds : 0,
                fresh,
                stored == null ? null : stored.encode()),
            new OnLoop(
                owner,
                result -> {
                  OpenedSession row = (OpenedSession) result;
                  assert row != null : "OpenSession without a result";
                  assert row.sessionPresent() != fresh : "the disk has another session";
                  number = row.number();
                  epoch = row.epoch();
                  if (kept != null) {
                    kept.leaveMemory();
                  }
                  // A publish of the last connection may have been refused after it was noted.
                  inboundQos2.replaceBy(row.inboundQos2());
                  opened(request, !fresh);
                },
                problem -> failedToOpen(request, problem, before, earlier)));
  }

  /**
   * Nothing of it is stored, but CONNACK also says that there is no other session any more, and a
   * crash must not bring one back that the client was told is gone.
   */
  private void openTransient(OpenRequest request) {
    if (!context.registry().isAnyRowEnding()) {
      opened(request, false);
      return;
    }
    outgoing.hold();
    context
        .writer()
        .submit(
            new Barrier(),
            new OnLoop(
                owner,
                _ -> opened(request, false),
                problem -> failedToOpen(request, problem, 0, null)));
  }

  /** Its client showed another credential, by which the will is judged from now on. */
  public void renewWill(ClientConnection which, Principal principal) {
    if (will != null && which.equals(connection)) {
      KeptWill renewed = will.of(principal, context, this, () -> renewWill(which, principal));
      will = renewed == null ? will : renewed;
    }
  }

  private void opened(OpenRequest request, boolean sessionPresent) {
    try {
      request.answer().accept(new OpenResult.Opened(this, sessionPresent));
    } catch (RuntimeException e) { // or nobody would ever get the session again
      couldNotLetIn(request.connection(), e);
    }
    if (connection == null || !connection.isOpen()) {
      start(); // nobody is there to start it
    }
  }

  private void couldNotLetIn(ClientConnection client, RuntimeException problem) {
    LOG.log(
        Level.ERROR,
        "client "
            + LogText.quote(clientId)
            + " on "
            + client.peer()
            + " could not be let in, so its connection ends and its session waits for the next",
        problem);
    connectionEnded(client, WillFate.SEND);
    client.disconnect(ReasonCode.UNSPECIFIED_ERROR, "the server failed");
  }

  /**
   * @param expiryBefore the session's interval as it was, in seconds
   * @param earlier the will that was not due yet; null: none
   */
  private void failedToOpen(
      OpenRequest request, StoreException problem, long expiryBefore, @Nullable KeptWill earlier) {
    opening = false;
    connection = null;
    online = false;
    forgetWill(); // of a connection that there never was
    outgoing.off();
    request
        .answer()
        .accept(
            new OpenResult.Refused(
                switch (problem.reason()) {
                  case STORE_FULL -> ReasonCode.QUOTA_EXCEEDED;
                  case BUSY -> ReasonCode.SERVER_BUSY;
                  case STALE_EPOCH, REVISION_CONFLICT, INTERNAL, FAILED, CLOSED ->
                      ReasonCode.SERVER_UNAVAILABLE;
                },
                String.valueOf(problem.getMessage())));
    if (number == 0) {
      end();
    } else {
      expirySeconds = expiryBefore;
      will = earlier;
      startClock(expirySeconds * 1000, earlier == null ? 0 : earlier.leftMillis(owner));
    }
    nextRequest();
  }

  /** After CONNACK was sent: begins to deliver. */
  public void start() {
    if (!opening || ending) {
      return;
    }
    opening = false;
    if (connection != null) {
      if (!handsOverRevoked()) {
        outgoing.start();
      }
    }
    nextRequest();
  }

  private void nextRequest() {
    OpenRequest next = waiting == null ? null : waiting.poll();
    if (next != null) {
      owner.execute(() -> context.registry().handOn(this, next));
      // Those behind it go the same way, in order.
      nextRequest();
    }
  }

  private static void answer(OpenRequest request, OpenResult result) {
    request.connection().loop().execute(() -> request.answer().accept(result));
  }

  // ---------------------------------------------------------------- ending

  /** What becomes of the Will Message when a connection ends. */
  public enum WillFate {
    /** Published, after its delay if it has one [MQTT-3.1.2-8]. */
    SEND,
    /** After DISCONNECT 0x00 [MQTT-3.14.4-3]. */
    DISCARD,
    /**
     * The broker ends: it stays stored, and is sent after the restart unless the client is back in
     * time.
     */
    KEEP
  }

  /** The connection is gone, or is about to go. */
  public void connectionEnded(ClientConnection which, WillFate fate) {
    if (connection != which) {
      return; // taken over
    }
    detach(which, fate, false);
    if (fate == WillFate.KEEP) {
      giveToThoseThatStay();
    } else if (!durable || expirySeconds == 0) {
      end();
    }
  }

  /** The broker ends, and this session in memory with it: queues on disk outlive both. */
  private void giveToThoseThatStay() {
    if (!unshared.isEmpty()) {
      subscriptions.removeAll();
      GivenAway.toKeepers(this, unshared);
      unshared = List.of();
    }
  }

  /** DISCONNECT may change the interval (MQTT 5.0 section 3.14.2.2.2). */
  public void expirySeconds(long seconds) {
    expirySeconds = seconds;
  }

  public long expirySeconds() {
    return expirySeconds;
  }

  /**
   * @param resumed another connection takes over at once: a delayed will is not sent [MQTT-3.1.3-9]
   */
  private void detach(ClientConnection which, WillFate fate, boolean resumed) {
    assert connection == which : "detach of another connection";
    connection = null;
    online = false;
    if (!durable) {
      if (unshared.isEmpty()) {
        unshared = GivenAway.whatIsLeft(this);
      } else {
        unshared = Stream.concat(unshared.stream(), GivenAway.whatIsLeft(this).stream()).toList();
      }
    }
    subscriptions.connectionEnded(outgoing.isDone());
    outgoing.detach();
    long now = context.clocks().wallMillis();
    KeptWill last = will;
    will = null;
    boolean remains = durable && expirySeconds > 0;
    long delayMillis =
        last == null ? 0 : Math.min(last.delaySeconds(), remains ? expirySeconds : 0) * 1000;
    boolean send = last != null && fate == WillFate.SEND;
    boolean later = send && delayMillis > 0;
    boolean atOnce = send && delayMillis == 0;
    long willDueMillis =
        switch (fate) {
          case DISCARD -> 0;
          case KEEP -> last == null ? 0 : now + Math.max(delayMillis, context.restartGraceMillis());
          case SEND -> send ? now + delayMillis : 0;
        };
    if (durable && number != 0) {
      context
          .writer()
          .submit(new DisconnectSession(number, epoch, expirySeconds, now, willDueMillis), null);
    }
    if (last == null) {
      // nothing to say
    } else if (atOnce) {
      publish(last);
    } else if (later) {
      last.dueIn(owner, delayMillis);
      will = last; // not sent if the other connection is let in
    } else {
      if (fate == WillFate.KEEP && !durable) {
        last.store(context, this);
      }
      last.leaveMemory();
    }
    boolean staysAway = remains && !resumed && fate != WillFate.KEEP;
    if (staysAway) {
      startClock(expirySeconds * 1000, delayMillis);
    }
    if (staysAway && handover == null && !handsOverRevoked()) {
      handOverAtDisconnect();
    }
  }

  private void handOverAtDisconnect() {
    if (context.config().sharedHandover() == Handover.DISCONNECT) {
      handover = SharedHandover.atDisconnect(context, this, () -> handover = null);
      if (handover != null) {
        handover.start();
      }
    }
  }

  /**
   * Until the session ends, and until the will is due if there is one. One that is due with the end
   * has no timer of its own: whoever hears it shall not find the session still there.
   */
  private void startClock(long expiryMillis, long willMillis) {
    boolean expires = expirySeconds != SessionRegistry.NEVER_SECONDS;
    if (expires) {
      expiryTimer = owner.schedule(expiryMillis, this::expire);
    }
    if (will != null && !will.isOverdue() && !(expires && willMillis >= expiryMillis)) {
      will.await(owner, willMillis, this::willIsDue);
    }
  }

  private void willIsDue() {
    if (will != null) {
      publish(will);
    }
  }

  private void publish(KeptWill due) {
    will = null;
    due.publish(context, this, this::tryWillAgain);
    if (due.isOverdue()) {
      will = due;
    }
  }

  private boolean isWillOverdue() {
    return will != null && will.isOverdue();
  }

  private void tryWillAgain() {
    willIsDue();
    if (isWillOverdue()) {
      return;
    }
    if (ending) {
      endAfterWill();
    } else {
      nextRequest();
    }
  }

  private void forgetWill() {
    if (will != null) {
      will.stopWaiting();
      will.leaveMemory();
    }
    will = null;
  }

  private void expire() {
    if (connection == null && !opening) {
      context.metrics().sessionsExpired.inc(owner.index());
      end();
    }
  }

  private void cancelTimers() {
    if (expiryTimer != null) {
      expiryTimer.cancel();
      expiryTimer = null;
    }
    if (will != null) {
      will.stopWaiting();
    }
  }

  private void stopHandover() {
    if (handover != null) {
      handover.stop();
      handover = null;
    }
  }

  /** The session is over: its state is gone, a will that waited is due now [MQTT-3.1.2-8]. */
  void end() {
    if (ended || ending) {
      return;
    }
    ending = true;
    if (expiryTimer != null) {
      expiryTimer.cancel();
    }
    willIsDue();
    if (isWillOverdue()) {
      opening = true; // whoever asks for the session waits
    } else {
      endAfterWill();
    }
  }

  private void endAfterWill() {
    stopHandover();
    SharedHandover last = number == 0 ? null : SharedHandover.atEnd(context, this, this::finishEnd);
    subscriptions.removeAll();
    GivenAway.all(this, unshared);
    unshared = List.of();
    if (last == null) {
      finishEnd();
    } else {
      opening = true; // whoever asks for the session waits
      last.start();
    }
  }

  private void finishEnd() {
    ended = true;
    if (number != 0) {
      context.registry().endRow(number, owner);
    }
    context.registry().forget(this);
    Deque<OpenRequest> racing = waiting;
    waiting = null;
    if (racing != null) {
      racing.forEach(next -> next.connection().loop().execute(() -> context.registry().open(next)));
    }
  }

  // ---------------------------------------------------------------- what policies take away

  /**
   * Whether messages may wait for the client, or for its acknowledgement, that nobody else would
   * get if a Shared Subscription of the session were just removed. What it has in memory only is
   * given on by {@link #revoke} at once.
   */
  public boolean isOwing() {
    return durable && !opening && !outgoing.isDone();
  }

  /**
   * The client may not have a Shared Subscription any more: it gets nothing by it from here on, and
   * what waits for the client goes to other members. Of a durable session that needs the queue on
   * disk to itself: before a connection begins to deliver, or after it has ended. Should it not
   * come to that, the next connection finds the subscription again, on disk too. What no member has
   * room for within the time of {@link Patience} stays in the queue, and the client's policy
   * decides about it.
   *
   * <p>Only while the session {@link #isOpening is being opened}, or it {@link #isOwing owes}
   * nothing, or its connection ends.
   *
   * @param ends the connection ends next
   * @return whether it is gone at once, so that it is to be removed from the disk
   */
  public boolean revoke(Subscription shared, boolean ends) {
    if (durable && (opening || ends)) {
      if (revoked == null) {
        revoked = new RevokedShares(context, this);
      }
      revoked.add(shared);
      return false;
    }
    SharedGroup group = context.trie().group(shared.filter(), String.valueOf(shared.shareName()));
    boolean wasThere = subscriptions.remove(shared.requestedFilter());
    if (group != null && !durable) {
      GivenAway.all(this, outgoing.takeFrom(group));
    }
    return wasThere;
  }

  /** Whether {@link #revoke} has taken it, and what came by it is on its way to others. */
  public boolean isRevoked(Subscription subscription) {
    return revoked != null && revoked.contains(subscription);
  }

  /**
   * @return whether there is something to hand over
   */
  private boolean handsOverRevoked() {
    if (revoked == null || revoked.isEmpty()) {
      return false;
    }
    ClientConnection forWhom = connection;
    handover = revoked.handOver(() -> handedOver(forWhom));
    handover.start();
    return true;
  }

  private void handedOver(@Nullable ClientConnection forWhom) {
    handover = null;
    if (handsOverRevoked()) { // more since
      return;
    }
    if (connection == null) {
      handOverAtDisconnect();
    } else if (connection.equals(forWhom)) {
      outgoing.start();
    }
  }

  // ---------------------------------------------------------------- receiving from publishers

  @Override
  public boolean hasRoom() {
    return online && outgoing.hasRoom();
  }

  @Override
  public boolean isFull() {
    return full;
  }

  /**
   * The queue on disk refused a message. Any I/O thread.
   *
   * @param current the calling thread's
   */
  void queueIsFull(EventLoop current) {
    if (!full) {
      full = true;
      current.schedule(FULL_MILLIS, () -> full = false);
    }
  }

  @Override
  public boolean isPressed() {
    return outgoing.isPressed();
  }

  @Override
  public void whenRelieved(EventLoop loop, Runnable task) {
    EventLoop at = owner;
    if (at.isCurrent()) {
      outgoing.whenRelieved(loop, task);
    } else {
      at.execute(() -> outgoing.whenRelieved(loop, task));
    }
  }

  @Override
  public void offer(
      Delivery delivery, Message message, @Nullable StoredMessage handle, int receiverIndex) {
    StorePublish publish = (StorePublish) handle;
    EventLoop at = owner;
    if (at.isCurrent()) {
      outgoing.accept(delivery, message, publish, receiverIndex, null);
    } else if (online) {
      at.execute(new Offer(this, delivery, message, publish, receiverIndex));
    } else {
      GivenAway.missed(this, delivery, message);
    }
  }

  /**
   * Takes places for a message that another member leaves, if a client is there. Any thread.
   *
   * @return see {@link OutgoingMessages#reserve}
   */
  int reserve(Message message) {
    return online ? outgoing.reserve(message.bytes()) : 0;
  }

  /** Takes such a message, of a session in memory. Any thread. */
  void take(Delivery delivery, Message message, int places) {
    EventLoop at = owner; // and stays it: such a session ends with its connection
    if (at.isCurrent()) {
      try {
        outgoing.accept(delivery, message, null, 0, null);
      } finally {
        outgoing.leave(places);
      }
    } else {
      at.execute(() -> take(delivery, message, places));
    }
  }

  void arrive(Offer offer) {
    if (!owner.isCurrent()) {
      if (offer.handle == null) {
        owner.execute(offer); // in no store: it may still follow the session
      }
      return;
    }
    outgoing.accept(offer.delivery, offer.message, offer.handle, offer.receiverIndex, offer);
  }

  /**
   * What another member of a Shared Subscription leaves is in our queue on disk, or will be by the
   * next commit. Any thread.
   */
  void rowsArrived() {
    if (owner.isCurrent()) {
      outgoing.rowsArrived();
    } else {
      owner.execute(this::rowsArrived);
    }
  }

  void storeFailed(StoreException problem) {
    LOG.log(Level.ERROR, "client {0}: {1}", LogText.quote(clientId), problem.getMessage());
    if (connection != null) {
      connection.disconnect(ReasonCode.UNSPECIFIED_ERROR, "the store failed");
    }
  }

  // ---------------------------------------------------------------- from the store at start-up

  /** A session that was stored; {@link #resumeClock} follows. */
  void restore(
      long storedNumber,
      long storedEpoch,
      long storedExpirySeconds,
      long storedSentUpTo,
      List<Subscription> stored,
      int[] qos2) {
    number = storedNumber;
    epoch = storedEpoch;
    expirySeconds = storedExpirySeconds;
    outgoing.packetIds().restore(storedSentUpTo);
    stored.forEach(subscriptions::put);
    for (int packetId : qos2) {
      inboundQos2.add(packetId);
    }
  }

  /**
   * When all sessions are there, and before clients are.
   *
   * @param remainingMillis left of the session's expiry
   * @param stored its will, due after {@code willMillis}, also if the session is over before; null:
   *     it has none
   */
  void resumeClock(long remainingMillis, @Nullable KeptWill stored, long willMillis) {
    owner.execute(
        () -> {
          if (connection == null && !opening) {
            will = stored;
            if (remainingMillis == 0 && stored == null) {
              expire(); // a timer might come behind the client that looks for it
            } else if (stored != null && willMillis > remainingMillis) {
              stayForWill(stored, remainingMillis, willMillis);
            } else {
              startClock(remainingMillis, willMillis);
            }
          }
        });
  }

  /** Who comes back in time stops the Will, but finds no session once its time is over. */
  private void stayForWill(KeptWill stored, long remainingMillis, long willMillis) {
    over = remainingMillis == 0;
    stored.await(owner, willMillis, this::expire);
    if (!over) {
      expiryTimer = owner.schedule(remainingMillis, () -> over = true);
    }
  }
}

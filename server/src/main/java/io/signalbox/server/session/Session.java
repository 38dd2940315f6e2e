package io.signalbox.server.session;

import io.signalbox.server.config.SessionConfig.Handover;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.routing.StoredMessage;
import io.signalbox.server.routing.Subscriber;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.store.AssignPacketId;
import io.signalbox.server.store.Barrier;
import io.signalbox.server.store.Dequeue;
import io.signalbox.server.store.DisconnectSession;
import io.signalbox.server.store.MarkReleased;
import io.signalbox.server.store.MarkSent;
import io.signalbox.server.store.OpenSession;
import io.signalbox.server.store.OpenedSession;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.StorePublish;
import io.signalbox.server.topic.TopicName;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  // For the session.
  private final SessionContext context;
  private final String clientId;
  private final String principalId;
  private final boolean durable;
  private final Map<String, Subscription> subscriptions = new HashMap<>();
  private final InboundQos2 inboundQos2 = new InboundQos2();
  private final OutboundQueue queue;
  private final InflightWindow inflight = new InflightWindow();
  private final DiskReader disk;
  private final Deque<OpenRequest> waiting = new ArrayDeque<>();
  private volatile EventLoop owner;
  private volatile boolean online;

  /** Of its row in the store; 0 while there is none. */
  private volatile long number;

  private long epoch;
  private long expirySeconds;

  /** Rows up to it may be sent: after a crash they go out with DUP. Committed. */
  private long sentMark;

  private long sentUpTo;

  /** What {@link #sentUpTo} was when the connection began: rows above it go out without DUP. */
  private long sentBefore;

  private boolean marking;
  private @Nullable SessionWill will;
  private @Nullable Timer expiryTimer;
  private @Nullable Timer willTimer;
  private boolean opening;
  private boolean ending;
  private boolean ended;

  /** Of a transient session whose connection is gone: what other members take when it ends. */
  private final List<OutgoingPublish> unshared = new ArrayList<>();

  // For the connection.
  private @Nullable ClientConnection connection;
  private OutgoingAliases aliases = new OutgoingAliases(0);
  private final Deque<Runnable> roomListeners = new ArrayDeque<>();
  private final Pressure pressure;
  private @Nullable DeliveryFilter filter;

  /** INVARIANT: LIVE only when every row of the queue on disk has its copy in memory. */
  private Mode mode = Mode.OFFLINE;

  private enum Mode {
    OFFLINE,
    /** Reading rows; what arrives meanwhile is held by the reader. */
    READING,
    LIVE,
    /** Memory is full: what arrives stays on disk only, and is read when there is room again. */
    BEHIND
  }

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
    this.queue =
        new OutboundQueue(
            context.config().memoryQueueMessagesMax(), context.config().memoryQueueBytesMax());
    this.disk = new DiskReader(context, this);
    this.pressure = new Pressure(context.metrics());
  }

  // ---------------------------------------------------------------- what others ask

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

  /** Rows above it were never sent, neither on this connection nor on an earlier one. */
  long maybeSentUpTo() {
    return sentUpTo;
  }

  public EventLoop owner() {
    return owner;
  }

  /** By the filter as it was asked for, {@code $share/} and all. */
  public Collection<Subscription> subscriptions() {
    return subscriptions.values();
  }

  public InboundQos2 inboundQos2() {
    return inboundQos2;
  }

  public int inflightCount() {
    return inflight.size();
  }

  public int queuedInMemory() {
    return queue.size();
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
      if (waiting.size() >= WAITING_REQUESTS_MAX) { // the newest would win anyway: the oldest goes
        answer(
            waiting.remove(),
            new OpenResult.Refused(
                ReasonCode.SERVER_BUSY, "too many connections race for this client identifier"));
      }
      waiting.add(request);
      return;
    }
    ClientConnection old = connection;
    if (old != null) {
      context.metrics().sessionTakeovers.inc(owner.index());
      LOG.log(
          Level.INFO,
          "client {0} is taken over by {1}",
          LogText.quote(clientId),
          request.connection().peer());
      old.disconnect(ReasonCode.SESSION_TAKEN_OVER, null); // [MQTT-3.1.4-3]
      detach(old, WillFate.SEND, !request.cleanStart() && durable);
    }
    if (!durable && old == null) {
      cancelTimers(); // of a will that a restart interrupted: the client is back in time
    }
    if (ended || request.cleanStart() || !durable) {
      end();
      request.connection().loop().execute(() -> context.registry().open(request));
      return;
    }
    cancelTimers();
    opening = true;
    EventLoop next = request.connection().loop();
    if (next == owner) {
      attach(request);
    } else {
      // INVARIANT: whatever was submitted to the store before the new owner submits OpenSession is
      // read from disk by it; a publisher submits before it
      // looks for the owner, so an offer that still arrives here is among those and may be dropped.
      // No fence is needed.
      owner = next;
      next.execute(() -> attach(request));
    }
  }

  /** On the new owner's thread. */
  void attach(OpenRequest request) {
    opening = true;
    ClientConnection client = request.connection();
    connection = client;
    online = true;
    mode = Mode.READING;
    expirySeconds = request.expirySeconds();
    will = request.will();
    inflight.receiveMaximum(request.receiveMaximum());
    aliases = new OutgoingAliases(request.topicAliasMaximum());
    SessionWill stored = will != null && (durable || will.outlivesCrash()) ? will : null;
    boolean fresh = number == 0;
    if (!durable && stored == null) {
      openTransient(request);
      return;
    }
    sentBefore = sentUpTo;
    disk.begin();
    context
        .writer()
        .submit(
            new OpenSession(
                clientId,
                principalId,
                durable ? expirySeconds : 0,
                fresh,
                stored == null ? null : stored.encode(),
                context.clocks().wallMillis()),
            new OnLoop(
                owner,
                result -> {
                  OpenedSession row = (OpenedSession) result;
                  assert row != null : "OpenSession without a result";
                  number = row.number();
                  epoch = row.epoch();
                  // A publish of the last connection may have been refused after it was noted.
                  inboundQos2.replaceBy(row.inboundQos2());
                  opened(request, !fresh);
                },
                problem -> failedToOpen(request, problem)));
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
    disk.begin();
    context
        .writer()
        .submit(
            new Barrier(),
            new OnLoop(
                owner, _ -> opened(request, false), problem -> failedToOpen(request, problem)));
  }

  private void opened(OpenRequest request, boolean sessionPresent) {
    request.answer().accept(new OpenResult.Opened(this, sessionPresent));
    if (connection == null || !connection.isOpen()) {
      start(); // nobody is there to start it
    }
  }

  private void failedToOpen(OpenRequest request, StoreException problem) {
    opening = false;
    connection = null;
    online = false;
    mode = Mode.OFFLINE;
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
    }
    nextRequest();
  }

  /** After CONNACK was sent: begins to deliver. */
  public void start() {
    if (!opening) {
      return;
    }
    opening = false;
    if (connection != null) {
      if (durable) {
        disk.read();
      } else {
        mode = Mode.LIVE;
        disk.releaseHeld();
      }
    }
    nextRequest();
  }

  private void nextRequest() {
    OpenRequest next = waiting.poll();
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
    if (fate != WillFate.KEEP && (!durable || expirySeconds == 0)) {
      end();
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
    roomListeners.clear();
    online = false;
    mode = Mode.OFFLINE;
    long now = context.clocks().wallMillis();
    SessionWill last = will;
    will = null;
    boolean remains = durable && expirySeconds > 0;
    long delayMillis =
        last == null ? 0 : Math.min(last.delaySeconds(), remains ? expirySeconds : 0) * 1000;
    boolean send = last != null && fate == WillFate.SEND;
    boolean later = send && delayMillis > 0 && !resumed;
    boolean atOnce = send && delayMillis == 0;
    long willDueMillis =
        switch (fate) {
          case DISCARD -> 0;
          case KEEP -> last == null ? 0 : now + Math.max(delayMillis, context.restartGraceMillis());
          case SEND -> later || atOnce ? now + delayMillis : 0;
        };
    if (durable && number != 0) {
      if (sentMark > sentUpTo || marking) {
        context.writer().submit(new MarkSent(number, epoch, sentUpTo), null);
      }
      sentMark = sentUpTo;
      context
          .writer()
          .submit(new DisconnectSession(number, epoch, expirySeconds, now, willDueMillis), null);
    }
    if (!durable) {
      unshared.addAll(sharedLeft());
    }
    queue.clear();
    inflight.clear();
    disk.stop();
    pressure.end();
    marking = false;
    filter = null;
    if (last == null) {
      // nothing to say
    } else if (atOnce) {
      context.wills().due(clientId, last, number);
    } else if (later) {
      will = last;
      willTimer = owner.schedule(delayMillis, this::willIsDue);
    }
    if (remains && !resumed && expirySeconds != SessionRegistry.NEVER_SECONDS) {
      expiryTimer = owner.schedule(expirySeconds * 1000, this::expire);
    }
    boolean staysAway = remains && !resumed && fate != WillFate.KEEP;
    if (staysAway && context.config().sharedHandover() == Handover.DISCONNECT) {
      SharedHandover.atDisconnect(context, this);
    }
  }

  /** What other members may take of a session in memory: not QoS 2 that was begun. */
  private List<OutgoingPublish> sharedLeft() {
    return inMemory().stream()
        .filter(
            publish ->
                publish.group != null
                    && (publish.qos == Qos.AT_LEAST_ONCE
                        || publish.state == OutgoingPublish.State.WAITING))
        .toList();
  }

  private void willIsDue() {
    SessionWill due = will;
    will = null;
    willTimer = null;
    if (due != null) {
      context.wills().due(clientId, due, number);
    }
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
    if (willTimer != null) {
      willTimer.cancel();
      willTimer = null;
    }
    will = null; // it came back in time [MQTT-3.1.3-9]
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
    if (willTimer != null) {
      willTimer.cancel();
      willIsDue();
    }
    SharedHandover handover =
        number == 0 ? null : SharedHandover.atEnd(context, this, this::finishEnd);
    for (Subscription subscription : subscriptions.values()) {
      context.trie().remove(subscription.filter(), subscription.shareName(), this);
    }
    subscriptions.clear();
    for (OutgoingPublish publish : unshared) {
      giveOn(publish);
    }
    unshared.clear();
    if (handover == null) {
      finishEnd();
    } else {
      opening = true; // whoever asks for the session waits
      handover.start();
    }
  }

  private void giveOn(OutgoingPublish publish) {
    SharedGroup group = publish.group;
    Message message = publish.message;
    if (group != null && message != null) {
      SharedHandover.giveOn(context, owner, group, message);
    }
  }

  private void finishEnd() {
    ended = true;
    if (number != 0) {
      context.registry().endRow(number, owner);
    }
    context.registry().forget(this);
    while (!waiting.isEmpty()) {
      OpenRequest next = waiting.remove();
      next.connection().loop().execute(() -> context.registry().open(next));
    }
  }

  // ---------------------------------------------------------------- subscriptions

  /**
   * @return true if there was none for this filter
   */
  public boolean subscribe(Subscription subscription) {
    boolean isNew = subscriptions.put(subscription.requestedFilter(), subscription) == null;
    context.trie().add(subscription, this);
    return isNew;
  }

  /**
   * @return false if there was none for this filter
   */
  public boolean unsubscribe(String requestedFilter) {
    Subscription gone = subscriptions.remove(requestedFilter);
    if (gone == null) {
      return false;
    }
    context.trie().remove(gone.filter(), gone.shareName(), this);
    return true;
  }

  public boolean isSubscribed(String requestedFilter) {
    return subscriptions.containsKey(requestedFilter);
  }

  /** Who is asked whether a message may be delivered, until the connection ends. */
  public void deliveryFilter(DeliveryFilter mayDeliver) {
    filter = mayDeliver;
  }

  // ---------------------------------------------------------------- receiving from publishers

  @Override
  public boolean hasRoom() {
    return online && mode == Mode.LIVE && queue.isEmpty() && inflight.hasRoom();
  }

  @Override
  public boolean isPressed() {
    return pressure.isOn();
  }

  @Override
  public void whenRelieved(EventLoop loop, Runnable task) {
    EventLoop at = owner;
    if (at.isCurrent()) {
      pressure.whenRelieved(loop, task);
    } else {
      at.execute(() -> pressure.whenRelieved(loop, task));
    }
  }

  @Override
  public void offer(
      Delivery delivery, Message message, @Nullable StoredMessage handle, int receiverIndex) {
    StorePublish publish = (StorePublish) handle;
    EventLoop at = owner;
    if (at.isCurrent()) {
      accept(delivery, message, publish, receiverIndex, null);
    } else if (online) {
      at.execute(new Offer(this, delivery, message, publish, receiverIndex));
    } else {
      giveOnIfShared(delivery, message);
    }
  }

  /** The publisher chose us from a group a moment before our transient session ended. */
  private void giveOnIfShared(Delivery delivery, Message message) {
    SharedGroup group = delivery.group();
    if (group != null && !durable && message.qos() != Qos.AT_MOST_ONCE) {
      context
          .registry()
          .current()
          .ifPresent(loop -> SharedHandover.giveOn(context, loop, group, message));
    }
  }

  void arrive(Offer offer) {
    if (!owner.isCurrent()) {
      if (offer.handle == null) {
        owner.execute(offer); // in no store: it may still follow the session
      }
      return;
    }
    accept(offer.delivery, offer.message, offer.handle, offer.receiverIndex, offer);
  }

  private void accept(
      Delivery delivery,
      Message message,
      @Nullable StorePublish handle,
      int receiverIndex,
      @Nullable Offer offer) {
    ClientConnection client = connection;
    if (client == null) {
      giveOnIfShared(delivery, message); // durable: it is on disk; transient: the session is over
      return;
    }
    Qos qos = message.qos().min(delivery.maximumQos()); // [MQTT-3.8.4-8]
    if (qos == Qos.AT_MOST_ONCE) {
      if (opening) {
        return; // before CONNACK nothing may be sent, and QoS 0 is not kept
      }
      sendQos0(client, delivery, message);
      return;
    }
    if (durable && handle == null) {
      LOG.log(
          Level.ERROR,
          "a QoS {0} message for durable session {1} is in no store",
          qos.value(),
          LogText.quote(clientId));
      return;
    }
    if (handle != null && disk.alreadyRead(handle)) {
      return; // the offer took longer than the disk
    }
    switch (mode) {
      case LIVE -> deliver(toPublish(delivery, message, handle, receiverIndex, qos));
      case READING ->
          disk.hold(
              offer != null ? offer : new Offer(this, delivery, message, handle, receiverIndex));
      case BEHIND, OFFLINE -> {}
    }
  }

  private OutgoingPublish toPublish(
      Delivery delivery,
      Message message,
      @Nullable StorePublish handle,
      int receiverIndex,
      Qos qos) {
    OutgoingPublish publish =
        new OutgoingPublish(
            message,
            qos,
            message.retain() && delivery.retainAsPublished(), // [MQTT-3.3.1-12], [MQTT-3.3.1-13]
            delivery.subscriptionIdentifiers(),
            handle,
            receiverIndex,
            0);
    publish.group = delivery.group();
    return publish;
  }

  private void sendQos0(ClientConnection client, Delivery delivery, Message message) {
    if (!mayReceive(message)) {
      return;
    }
    if (client.congested()) {
      context.metrics().messagesDropped.inc(Metrics.Drop.OUTPUT_CONGESTED, owner.index());
      return;
    }
    boolean retain = message.retain() && delivery.retainAsPublished();
    sendPublish(
        client, message, Qos.AT_MOST_ONCE, retain, false, 0, delivery.subscriptionIdentifiers());
  }

  /**
   * A retained message that answers SUBSCRIBE; RETAIN is always set [MQTT-3.3.1-8].
   *
   * @param handle of the session's row for it; null for QoS 0 and for transient sessions
   */
  public void deliverRetained(
      Message message, Qos qos, int[] subscriptionIdentifiers, @Nullable StorePublish handle) {
    ClientConnection client = connection;
    if (client == null) {
      return;
    }
    if (qos == Qos.AT_MOST_ONCE) {
      if (mayReceive(message)) {
        sendPublish(client, message, qos, true, false, 0, subscriptionIdentifiers);
      }
    } else if (handle != null && disk.alreadyRead(handle)) {
      return;
    } else if (mode == Mode.LIVE) {
      deliver(new OutgoingPublish(message, qos, true, subscriptionIdentifiers, handle, 0, 0));
    } else if (mode == Mode.READING && handle != null) {
      disk.holdRetained(message, qos, subscriptionIdentifiers, handle);
    }
  }

  /** In LIVE mode: into the window if there is room, else into the queue. */
  private void deliver(OutgoingPublish publish) {
    if (queue.isEmpty() && trySend(publish)) {
      return;
    }
    if (queue.hasRoom()) {
      queue.add(publish);
      if (!durable && !queue.isLow()) {
        pressure.begin(owner);
      }
    } else if (durable) {
      mode = Mode.BEHIND; // it is on disk and will be read when there is room
    } else {
      context.metrics().messagesDropped.inc(Metrics.Drop.MEMORY_QUEUE_FULL, owner.index());
    }
  }

  /** From the reader: a row of the queue on disk, or what was held while it read. */
  void enqueue(OutgoingPublish publish) {
    queue.add(publish);
  }

  /** From the reader: everything on disk is in memory. */
  void caughtUp() {
    mode = Mode.LIVE;
  }

  /** From the reader, after {@link #caughtUp}: in the order of arrival. */
  void release(Offer held) {
    accept(held.delivery, held.message, held.handle, held.receiverIndex, held);
  }

  /** From the reader: more was offered than it could hold; it is on disk. */
  void fellBehind() {
    mode = Mode.BEHIND;
  }

  List<OutgoingPublish> inMemory() {
    List<OutgoingPublish> all = new ArrayList<>(inflight.size() + queue.size());
    for (OutgoingPublish p = inflight.first(); p != null; p = p.next) {
      all.add(p);
    }
    for (OutgoingPublish p = queue.peek(); p != null; p = p.next) {
      all.add(p);
    }
    return all;
  }

  /** Whether an earlier connection may have sent the row. */
  boolean maybeSent(long sequence) {
    return sequence <= sentBefore;
  }

  OutboundQueue queue() {
    return queue;
  }

  /** Another member of a Shared Subscription left messages in our queue on disk. Any thread. */
  void rowsArrived() {
    if (!owner.isCurrent()) {
      owner.execute(this::rowsArrived);
    } else if (connection != null && mode == Mode.LIVE) {
      mode = Mode.BEHIND;
      pump();
    } else if (mode == Mode.READING) {
      disk.readAgain();
    }
  }

  // ---------------------------------------------------------------- sending

  /** Sends what the window allows, then reads on from disk if memory ran low. */
  public void pump() {
    if (opening) {
      return; // nothing goes out before CONNACK
    }
    while (true) {
      OutgoingPublish head = queue.peek();
      if (head == null || !trySendHead(head)) {
        break;
      }
    }
    if (queue.isNearlyEmpty()) {
      pressure.end();
    }
    if (queue.isLow()) {
      if (mode == Mode.BEHIND) {
        mode = Mode.READING;
        disk.catchUp();
      } else if (mode == Mode.READING) {
        disk.readOn();
      } else if (!roomListeners.isEmpty() && hasOutputRoom()) {
        List<Runnable> now = List.copyOf(roomListeners);
        roomListeners.clear();
        now.forEach(Runnable::run);
      }
    }
  }

  private boolean trySendHead(OutgoingPublish head) {
    if (!canSend(head)) {
      return false;
    }
    queue.removeHead(); // before sending: sending links it into the window
    sendNow(head);
    return true;
  }

  private boolean trySend(OutgoingPublish publish) {
    if (!canSend(publish)) {
      return false;
    }
    sendNow(publish);
    return true;
  }

  /** Runs once when the queue in memory has run low: whoever feeds the session slowly goes on. */
  public void whenRoom(Runnable listener) {
    if (mode == Mode.LIVE && queue.isLow() && hasOutputRoom()) {
      listener.run();
    } else {
      roomListeners.add(listener);
    }
  }

  private boolean hasOutputRoom() {
    return connection != null && !connection.congested();
  }

  private boolean canSend(OutgoingPublish publish) {
    ClientConnection client = connection;
    return client != null
        && client.isOpen() // else it would look as if the message were too large, and be dropped
        && !client.congested()
        && inflight.hasRoom() // [MQTT-3.3.4-9]
        && (isOver(publish) || choosePacketId(publish));
  }

  /** Its Message Expiry Interval has passed before we began to send it [MQTT-3.3.2-5]. */
  private boolean isOver(OutgoingPublish publish) {
    return !publish.dup
        && publish.message != null
        && publish.message.isExpired(context.clocks().wallMillis());
  }

  /**
   * A packet identifier that is on disk, or will be in the same commit as its row, before the
   * packet is sent: else a crash would send the message again under another one.
   *
   * @return false: not yet; {@link #pump} is called again when the disk has it
   */
  private boolean choosePacketId(OutgoingPublish publish) {
    if (publish.packetId != 0) {
      return !inflight.uses(publish.packetId);
    }
    if (publish.assigning) {
      return false;
    }
    if (!publish.durable()) {
      publish.packetId = inflight.freePacketId();
      return true;
    }
    if (publish.handle != null
        && publish.qos == Qos.AT_LEAST_ONCE
        && publish.handle.sequence() == 0) {
      int free = inflight.freePacketId();
      if (publish.handle.claimPacketId(publish.receiverIndex, free)) {
        publish.packetId = free;
        return true;
      }
    }
    long sequence = publish.sequence();
    if (sequence > sentMark) {
      moveMark(sequence);
      return false;
    }
    int derived = StorePublish.derivedPacketId(sequence);
    // A copy in memory does not know whether its row gave way to a newer one meanwhile. QoS 1 does
    // not mind; QoS 2 without a row would leave the client with an identifier that nobody releases.
    boolean rowMayBeGone = context.dropsOldest() && publish.qos == Qos.EXACTLY_ONCE;
    if (rowMayBeGone || inflight.uses(derived)) {
      assign(publish);
      return false;
    }
    publish.packetId = derived;
    return true;
  }

  private void moveMark(long sequence) {
    if (marking) {
      return;
    }
    marking = true;
    long mark = sequence + context.markBlock();
    ClientConnection forWhom = connection;
    context
        .writer()
        .submit(
            new MarkSent(number, epoch, mark),
            new OnLoop(
                owner,
                _ -> {
                  if (connection == forWhom) {
                    marking = false;
                    sentMark = mark;
                    pump();
                  }
                },
                this::storeFailed));
  }

  private void assign(OutgoingPublish publish) {
    int free = inflight.freePacketId();
    publish.assigning = true;
    ClientConnection forWhom = connection;
    context
        .writer()
        .submit(
            new AssignPacketId(number, epoch, publish.sequence(), publish.handle, free),
            new OnLoop(
                owner,
                found -> {
                  if (connection == forWhom) {
                    publish.assigning = false;
                    publish.packetId = free;
                    publish.gone = !Boolean.TRUE.equals(found);
                    pump();
                  }
                },
                this::storeFailed));
  }

  private void sendNow(OutgoingPublish publish) {
    ClientConnection client = connection;
    assert client != null : "sending without a connection";
    if (publish.state == OutgoingPublish.State.RELEASED) {
      inflight.add(publish);
      client.sendPubRel(publish.packetId, ReasonCode.SUCCESS); // [MQTT-4.4.0-1]
      return;
    }
    if (publish.gone) {
      return; // dropped and counted by the store
    }
    Message message = publish.message;
    assert message != null : "only a released publish has no message";
    if (isOver(publish)) {
      context.metrics().messagesDropped.inc(Metrics.Drop.EXPIRED, owner.index());
      dequeue(publish);
      return;
    }
    if (publish.isFromDisk() ? !mayReceiveQueued(message) : !mayReceive(message)) {
      dequeue(publish);
      return;
    }
    boolean sent =
        sendPublish(
            client,
            message,
            publish.qos,
            publish.retain,
            publish.dup,
            publish.packetId,
            publish.subscriptionIdentifiers);
    if (!sent && !client.isOpen()) {
      return; // the connection broke in the middle: its row stays for the next one
    }
    if (!sent) { // larger than the client takes: as if it had been completed [MQTT-3.1.2-25]
      context.metrics().messagesDropped.inc(Metrics.Drop.TOO_LARGE_FOR_CLIENT, owner.index());
      dequeue(publish);
      return;
    }
    publish.state = OutgoingPublish.State.SENT;
    if (publish.durable()) {
      sentUpTo = Math.max(sentUpTo, publish.sequence());
    }
    inflight.add(publish);
  }

  private boolean mayReceive(Message message) {
    DeliveryFilter asked = filter;
    return asked == null || !asked.asksEach() || asked.mayDeliver(message.topic()) || notReceived();
  }

  private boolean mayReceiveQueued(Message message) {
    DeliveryFilter asked = filter;
    return asked == null || asked.mayDeliverQueued(message.topic()) || notReceived();
  }

  /** Always false. */
  private boolean notReceived() {
    context.metrics().messagesDropped.inc(Metrics.Drop.NOT_AUTHORIZED, owner.index());
    context.metrics().policyDenials.inc(Metrics.Denial.RECEIVE, owner.index());
    return false;
  }

  private boolean sendPublish(
      ClientConnection client,
      Message message,
      Qos qos,
      boolean retain,
      boolean dup,
      int packetId,
      int[] subscriptionIdentifiers) {
    TopicName topic = message.topic();
    int alias = aliases.known(topic);
    boolean known = alias != OutgoingAliases.NONE;
    if (!known) {
      alias = aliases.assign(topic);
    }
    boolean sent =
        client.sendPublish(
            message, qos, retain, dup, packetId, subscriptionIdentifiers, alias, known);
    if (sent) {
      context.metrics().publishSent.inc(qos.value(), owner.index());
    }
    if (!sent && !known && alias != OutgoingAliases.NONE) {
      aliases.takeBack(topic);
    }
    return sent;
  }

  // ---------------------------------------------------------------- acknowledgements from the
  // client

  /** PUBACK, whatever its Reason Code: the message is done [MQTT-4.3.2-3]. */
  public void onPubAck(int packetId) {
    OutgoingPublish publish = inflight.get(packetId);
    if (publish == null || publish.qos != Qos.AT_LEAST_ONCE) {
      context.metrics().acksUnexpected.inc(owner.index());
      return;
    }
    inflight.remove(publish);
    dequeue(publish);
    pump();
  }

  /**
   * PUBREC: PUBREL goes out after the new state is on disk.
   *
   * @param accepted Reason Code below 0x80; else the message is done
   * @return false for an identifier that is not in use: PUBREL 0x92
   */
  public boolean onPubRec(int packetId, boolean accepted) {
    OutgoingPublish publish = inflight.get(packetId);
    if (publish == null || publish.qos != Qos.EXACTLY_ONCE) {
      context.metrics().acksUnexpected.inc(owner.index());
      return false;
    }
    if (!accepted) {
      inflight.remove(publish);
      dequeue(publish);
      pump();
      return true;
    }
    if (publish.state == OutgoingPublish.State.RELEASED || !publish.durable()) {
      publish.state = OutgoingPublish.State.RELEASED;
      sendPubRel(packetId);
      return true;
    }
    publish.state = OutgoingPublish.State.RELEASED;
    ClientConnection forWhom = connection;
    context
        .writer()
        .submit(
            new MarkReleased(number, epoch, publish.sequence(), publish.handle, packetId),
            new OnLoop(
                owner,
                _ -> {
                  if (connection == forWhom) {
                    sendPubRel(packetId);
                  }
                },
                this::storeFailed));
    return true;
  }

  private void sendPubRel(int packetId) {
    if (connection != null) {
      connection.sendPubRel(packetId, ReasonCode.SUCCESS);
    }
  }

  /** PUBCOMP, whatever its Reason Code. */
  public void onPubComp(int packetId) {
    OutgoingPublish publish = inflight.get(packetId);
    if (publish == null || publish.state != OutgoingPublish.State.RELEASED) {
      context.metrics().acksUnexpected.inc(owner.index());
      return;
    }
    inflight.remove(publish);
    dequeue(publish);
    pump();
  }

  /** Its row goes; nobody waits for that. */
  private void dequeue(OutgoingPublish publish) {
    if (publish.durable()) {
      context.writer().submit(new Dequeue(number, epoch, publish.sequence(), publish.handle), null);
    }
  }

  private void storeFailed(StoreException problem) {
    LOG.log(Level.ERROR, "client {0}: {1}", LogText.quote(clientId), problem.getMessage());
    if (connection != null) {
      connection.disconnect(ReasonCode.UNSPECIFIED_ERROR, "the store failed");
    }
  }

  // ---------------------------------------------------------------- from the store at start-up

  /** A session that was stored; {@code remainingMillis} of its expiry are left. */
  void restore(
      long storedNumber,
      long storedEpoch,
      long storedExpirySeconds,
      long storedSentUpTo,
      List<Subscription> stored,
      int[] qos2,
      long remainingMillis) {
    number = storedNumber;
    epoch = storedEpoch;
    expirySeconds = storedExpirySeconds;
    sentUpTo = storedSentUpTo;
    sentMark = storedSentUpTo;
    for (Subscription subscription : stored) {
      subscribe(subscription);
    }
    for (int packetId : qos2) {
      inboundQos2.add(packetId);
    }
    if (storedExpirySeconds != SessionRegistry.NEVER_SECONDS) {
      owner.execute(() -> expiryTimer = owner.schedule(Math.max(0, remainingMillis), this::expire));
    }
  }

  /** A will that was stored and not sent before the broker ended. */
  void restoreWill(SessionWill stored, long delayMillis) {
    owner.execute(
        () -> {
          if (connection == null && !opening) {
            will = stored;
            willTimer = owner.schedule(delayMillis, this::willIsDue);
          }
        });
  }
}

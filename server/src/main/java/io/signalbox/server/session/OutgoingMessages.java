package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.SharedGroup;
import io.signalbox.server.store.Dequeue;
import io.signalbox.server.store.MarkReleased;
import io.signalbox.server.store.StorePublish;
import io.signalbox.server.topic.TopicName;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Messages on their way to the client of one session: the window of those it has not acknowledged,
 * the queue in memory behind it and, of a durable session, what is on disk only.
 *
 * <p>What a durable session has in memory is a copy of its queue in the store. When memory is full,
 * new messages stay on disk and are read when there is room again ({@link DiskReader}).
 */
@ConfinedTo("the session's I/O thread, but for hasRoom, takesAll, isPressed, reserve and leave")
public final class OutgoingMessages {
  private static final Logger LOG = System.getLogger(OutgoingMessages.class.getName());

  /** INVARIANT: LIVE only when every row of the queue on disk has its copy in memory. */
  private enum Mode {
    OFFLINE,
    /** Reading rows; what arrives meanwhile is held by the reader. */
    READING,
    LIVE,
    /** Memory is full: what arrives stays on disk only, and is read when there is room again. */
    BEHIND
  }

  private static final long MEMORY_MILLIS = 500;

  private static final AtomicIntegerFieldUpdater<OutgoingMessages> RESERVED =
      AtomicIntegerFieldUpdater.newUpdater(OutgoingMessages.class, "reserved");

  private final Session session;
  private final OutboundQueue queue;
  private final InflightWindow inflight;

  /** Null until somebody asks: a client of QoS 0 needs none; see {@link #packetIds}. */
  private @Nullable PacketIds ids;

  /** Null while nothing was read or held: a transient session rarely needs one. */
  private @Nullable DiskReader disk;

  /** Null while there never was any. Written on the session's I/O thread. */
  private volatile @Nullable Pressure pressure;

  /** Places in the queue for what other members leave, and which is on its way here. */
  private volatile int reserved;

  private List<Runnable> roomListeners = List.of();
  private OutgoingAliases aliases = OutgoingAliases.OFF;

  /** Written on the session's I/O thread. */
  private volatile @Nullable DeliveryFilter filter;

  private Mode mode = Mode.OFFLINE;
  private boolean awaitsMemory;

  OutgoingMessages(SessionContext context, Session session) {
    this.session = session;
    this.queue = new OutboundQueue(context.queueLimits(), session.owner().memory());
    this.inflight = new InflightWindow(context.queueLimits().bytesMax(), session.owner().memory());
  }

  // ---------------------------------------------------------------- a connection comes and goes

  /** A connection is being opened: nothing is sent before {@link #start}. */
  void attach(int receiveMaximum, int topicAliasMaximum) {
    mode = Mode.READING;
    queue.countIn(session.owner().memory());
    inflight.open(receiveMaximum, session.owner().memory());
    aliases = topicAliasMaximum == 0 ? OutgoingAliases.OFF : new OutgoingAliases(topicAliasMaximum);
  }

  /** The session's row is about to be opened: what arrives is held from now on. */
  void hold() {
    if (ids != null) {
      ids.connectionBegins();
    }
    if (session.isDurable() || disk != null) {
      disk().begin();
    }
  }

  private SessionContext context() {
    return session.context();
  }

  private DiskReader disk() {
    DiskReader reader = disk;
    if (reader == null) {
      reader = new DiskReader(context(), session, this);
      disk = reader;
    }
    return reader;
  }

  private boolean alreadyRead(StorePublish handle) {
    return disk != null && disk.alreadyRead(handle);
  }

  /** Whether it may have been sent from the disk before its offer came. */
  private boolean mayBeRead(StorePublish handle) {
    return disk != null && disk.mayHaveRead(handle);
  }

  /** Opening failed. */
  void off() {
    mode = Mode.OFFLINE;
    if (disk != null) {
      disk.stop();
    }
  }

  /** After CONNACK was sent: begins to deliver. */
  void start() {
    if (session.isDurable()) {
      disk().read();
    } else {
      mode = Mode.LIVE;
      if (disk != null) {
        disk.releaseHeld();
      }
    }
  }

  /** The connection is gone: what is in memory only is dropped. */
  void detach() {
    if (ids != null) {
      ids.connectionEnds();
    }
    roomListeners = List.of();
    mode = Mode.OFFLINE;
    queue.clear();
    inflight.clear();
    if (disk != null) {
      disk.stop();
    }
    endPressure();
    aliases.forget(session.owner().memory());
    aliases = OutgoingAliases.OFF;
    filter = null;
  }

  // ---------------------------------------------------------------- what others ask

  /** Whether a message would be sent at once. Any thread; a moment later it may be otherwise. */
  boolean hasRoom() {
    return mode == Mode.LIVE && queue.isEmpty() && inflight.hasRoom();
  }

  /**
   * Takes places in the queue in memory for a message that another member leaves, which is about to
   * be nowhere else. Any thread.
   *
   * @param messageBytes see {@link Message#bytes}
   * @return to be {@linkplain #leave left} when it has arrived; 0: there is no room now
   */
  int reserve(int messageBytes) {
    int left = mode == Mode.LIVE ? queue.placesLeft() : 0;
    int places = queue.places(messageBytes);
    while (true) {
      int before = reserved;
      if (left == 0 || (before > 0 && before + places > left)) {
        return 0; // a large one goes alone
      }
      if (RESERVED.compareAndSet(this, before, before + places)) {
        return places;
      }
    }
  }

  /** Any thread. */
  void leave(int places) {
    RESERVED.addAndGet(this, -places);
  }

  /**
   * Whether the client may receive whatever its subscriptions match; false while that is not known
   * yet. Any thread; may be stale.
   */
  boolean takesAll() {
    DeliveryFilter asked = filter;
    return asked != null && !asked.asksEach();
  }

  /** See {@link Pressure}. Any thread. */
  boolean isPressed() {
    Pressure known = pressure;
    return known != null && known.isOn();
  }

  void whenRelieved(EventLoop loop, Runnable task) {
    Pressure known = pressure;
    if (known == null) {
      loop.execute(task);
    } else {
      known.whenRelieved(loop, task);
    }
  }

  private void beginPressure() {
    Pressure known = pressure;
    if (known == null) {
      known = new Pressure(context().metrics());
      pressure = known;
    }
    known.begin(session.owner());
  }

  private void endPressure() {
    Pressure known = pressure;
    if (known != null) {
      known.end();
    }
  }

  PacketIds packetIds() {
    PacketIds known = ids;
    if (known == null) {
      known = new PacketIds(context(), session, this, inflight);
      ids = known;
    }
    return known;
  }

  /** Nothing waits for the client, in memory or on disk, nor for its acknowledgement. */
  boolean isDone() {
    return mode == Mode.LIVE && queue.isEmpty() && inflight.size() == 0;
  }

  public int inflightCount() {
    return inflight.size();
  }

  public int queuedInMemory() {
    return queue.size();
  }

  /** Who is asked whether a message may be delivered, until the connection ends. */
  public void deliveryFilter(DeliveryFilter mayDeliver) {
    filter = mayDeliver;
  }

  /**
   * Other policies are in force. What waits may have come by a subscription that is gone, so that
   * no look at those that are there tells whether it may still be delivered: each message is asked
   * about.
   */
  public void policiesChanged() {
    for (OutgoingPublish publish = queue.peek(); publish != null; publish = publish.next) {
      publish.queuedBefore = true;
    }
    if (disk != null) {
      disk.readHeldAgain();
    }
  }

  /** What waits in memory and came by this group, and now waits no longer. */
  List<OutgoingPublish> takeFrom(SharedGroup group) {
    List<OutgoingPublish> taken = new ArrayList<>();
    queue.removeIf(publish -> group.equals(publish.group) && taken.add(publish));
    return taken;
  }

  // ---------------------------------------------------------------- messages arrive

  /**
   * A message for one of the session's subscriptions.
   *
   * @param offer what it came in, if it came from another thread
   */
  void accept(
      Delivery delivery,
      Message message,
      @Nullable StorePublish handle,
      int receiverIndex,
      @Nullable Offer offer) {
    ClientConnection client = session.connection();
    if (client == null) {
      if (ids != null && handle != null && !mayBeRead(handle)) {
        ids.notSent(handle.sequence()); // on disk, maybe behind others that were sent
      }
      GivenAway.missed(session, delivery, message); // of a durable one it is on disk
      return;
    }
    Qos qos = message.qos().min(delivery.maximumQos()); // [MQTT-3.8.4-8]
    if (qos == Qos.AT_MOST_ONCE) {
      if (session.isOpening()) {
        return; // before CONNACK nothing may be sent, and QoS 0 is not kept
      }
      sendQos0(client, delivery, message);
      return;
    }
    if (session.isDurable() && handle == null) {
      LOG.log(
          Level.ERROR,
          "a QoS {0} message for durable session {1} is in no store",
          qos.value(),
          LogText.quote(session.clientId()));
      return;
    }
    if (handle != null && (alreadyRead(handle) || handle.comesAgain())) {
      return; // the offer took longer than the disk, or the client gets it when it is sent again
    }
    if (hasNoRow(qos, handle, receiverIndex)) {
      return;
    }
    if (mode == Mode.LIVE && GivenAway.ofLeft(session, delivery, message, handle, receiverIndex)) {
      return;
    }
    switch (mode) {
      case LIVE -> deliver(toPublish(delivery, message, handle, receiverIndex, qos));
      case READING ->
          disk()
              .hold(
                  offer != null
                      ? offer
                      : new Offer(session, delivery, message, handle, receiverIndex));
      case BEHIND, OFFLINE -> {}
    }
  }

  /**
   * The session's queue was full, which the store has counted and the publisher may have been told:
   * it would send the message again, and nothing would release its Packet Identifier after a crash.
   * QoS 2 is offered after the commit, so the store's decision stands; QoS 1 may come before it,
   * and twice.
   */
  private static boolean hasNoRow(Qos qos, @Nullable StorePublish handle, int receiverIndex) {
    return handle != null && qos == Qos.EXACTLY_ONCE && !handle.accepted(receiverIndex);
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
      SharedGroup group = delivery.group();
      if (group == null || !GivenAway.barred(session, group, message)) {
        notReceived();
      }
      return;
    }
    if (client.congested()) {
      context()
          .metrics()
          .messagesDropped
          .inc(Metrics.Drop.OUTPUT_CONGESTED, session.owner().index());
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
    ClientConnection client = session.connection();
    if (client == null) {
      return;
    }
    if (qos == Qos.AT_MOST_ONCE) {
      if (mayReceive(message)) {
        sendPublish(client, message, qos, true, false, 0, subscriptionIdentifiers);
      } else {
        notReceived();
      }
    } else if ((handle != null && alreadyRead(handle)) || hasNoRow(qos, handle, 0)) {
      return;
    } else if (mode == Mode.LIVE) {
      deliver(new OutgoingPublish(message, qos, true, subscriptionIdentifiers, handle, 0, 0));
    } else if (mode == Mode.READING && handle != null) {
      disk().holdRetained(message, qos, subscriptionIdentifiers, handle);
    }
  }

  /** Rows came to the end of the queue on disk by another way than an offer. */
  void rowsArrived() {
    if (session.connection() != null && mode == Mode.LIVE) {
      mode = Mode.BEHIND;
      pump();
    } else if (mode == Mode.READING) {
      disk().readAgain();
    }
  }

  /** In LIVE mode: into the window if there is room, else into the queue. */
  private void deliver(OutgoingPublish publish) {
    publish.goesAtOnce =
        publish.message != null
            && publish.message.expiresAtOnce()
            && inflight.room() > queue.size()
            && hasOutputRoom();
    if (queue.isEmpty() && trySend(publish)) {
      return;
    }
    boolean isAwaited = queue.isEmpty() && inflight.hasRoom(); // goes as soon as anything does
    if (isAwaited || queue.hasRoomFor(publish)) {
      queue.add(publish);
      awaitMemory();
      if (!session.isDurable() && !queue.isLow()) {
        beginPressure();
      }
    } else if (session.isDurable()) {
      mode = Mode.BEHIND; // it is on disk and will be read when there is room
    } else {
      beginPressure();
      context()
          .metrics()
          .messagesDropped
          .inc(Metrics.Drop.MEMORY_QUEUE_FULL, session.owner().index());
    }
    keepMarkNear();
  }

  private void keepMarkNear() {
    PacketIds known = ids;
    if (known != null && somethingWaits()) {
      known.somethingWaits();
    }
  }

  /** Whether a connected client has yet to be sent anything, from memory or from disk. */
  boolean somethingWaits() {
    return !queue.isEmpty() || mode == Mode.BEHIND || mode == Mode.READING;
  }

  /** Whether every row of a connected client's queue on disk has its copy in memory. */
  boolean isAllInMemory() {
    return mode == Mode.LIVE;
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

  OutboundQueue queue() {
    return queue;
  }

  // ---------------------------------------------------------------- sending

  /** Sends what the window allows, then reads on from disk if memory ran low. */
  public void pump() {
    if (session.isOpening()) {
      return; // nothing goes out before CONNACK
    }
    while (true) {
      OutgoingPublish head = queue.peek();
      if (head == null || !trySendHead(head)) {
        break;
      }
    }
    awaitMemory();
    keepMarkNear();
    if (queue.isNearlyEmpty()) {
      endPressure();
    }
    if (wantsMore()) {
      if (mode == Mode.BEHIND) {
        mode = Mode.READING;
        disk().catchUp();
      } else if (mode == Mode.READING) {
        disk().readOn();
      } else if (!roomListeners.isEmpty() && hasOutputRoom()) {
        tellRoom();
      }
    }
  }

  private void tellRoom() {
    if (queue.isMemorySpent()) {
      pumpLater();
      return;
    }
    List<Runnable> now = roomListeners;
    roomListeners = List.of();
    now.forEach(Runnable::run);
  }

  private void awaitMemory() {
    boolean somethingWaits = !queue.isEmpty() || !roomListeners.isEmpty();
    if (inflight.isShortOfMemory() && somethingWaits) {
      pumpLater();
    }
  }

  /** Nobody tells when others give memory back. */
  private void pumpLater() {
    if (!awaitsMemory) {
      awaitsMemory = true;
      session
          .owner()
          .schedule(
              MEMORY_MILLIS,
              () -> {
                awaitsMemory = false;
                pump();
              });
    }
  }

  /** Whoever acknowledges nothing is not fed while others need the memory. */
  private boolean wantsMore() {
    return queue.isLow() && (inflight.hasRoom() || !queue.isMemoryFilling());
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
    boolean hasRoom = mode == Mode.LIVE && wantsMore() && hasOutputRoom();
    if (hasRoom && !queue.isMemorySpent()) {
      listener.run();
      return;
    }
    if (roomListeners.isEmpty()) {
      roomListeners = new ArrayList<>(1);
    }
    roomListeners.add(listener);
    if (hasRoom) {
      pumpLater();
    } else {
      awaitMemory();
    }
  }

  private boolean hasOutputRoom() {
    ClientConnection client = session.connection();
    return client != null && !client.congested();
  }

  private boolean canSend(OutgoingPublish publish) {
    ClientConnection client = session.connection();
    return client != null
        && client.isOpen() // else it would look as if the message were too large, and be dropped
        && !client.congested()
        && inflight.hasRoom() // [MQTT-3.3.4-9]
        && (isOver(publish) || packetIds().choose(publish));
  }

  /** Its Message Expiry Interval has passed before we began to send it [MQTT-3.3.2-5]. */
  private boolean isOver(OutgoingPublish publish) {
    return !publish.dup
        && publish.message != null
        && publish.message.isExpired(context().clocks().wallMillis())
        && !publish.goesAtOnce;
  }

  private void dropExpired(OutgoingPublish publish) {
    context().metrics().messagesDropped.inc(Metrics.Drop.EXPIRED, session.owner().index());
    packetIds().dropped(publish);
    dequeue(publish);
  }

  /** Drops all that wait in memory and have expired. */
  void dropExpired() {
    queue.removeIf(
        publish -> {
          boolean over = !publish.gone && isOver(publish);
          if (over) {
            dropExpired(publish);
          }
          return over;
        });
  }

  private void sendNow(OutgoingPublish publish) {
    ClientConnection client = session.connection();
    assert client != null : "sending without a connection";
    if (publish.state == OutgoingPublish.State.RELEASED) {
      inflight.add(publish);
      client.sendPubRel(publish.packetId, ReasonCode.SUCCESS); // [MQTT-4.4.0-1]
      return;
    }
    if (publish.gone || publish.comesAgain()) {
      return; // dropped, or refused, and counted by the store
    }
    Message message = publish.message;
    assert message != null : "only a released publish has no message";
    if (isOver(publish)) {
      dropExpired(publish);
      return;
    }
    boolean queued = publish.isFromDisk() || publish.queuedBefore;
    if (queued ? !mayReceiveQueued(message) : !mayReceive(message)) {
      giveToEntitled(publish, message);
      return;
    }
    if (publish.goesToAnother()) {
      return; // its row was refused, and another member of the Shared Subscription gets it
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
      context()
          .metrics()
          .messagesDropped
          .inc(Metrics.Drop.TOO_LARGE_FOR_CLIENT, session.owner().index());
      dequeue(publish);
      return;
    }
    publish.sent();
    packetIds().sent(publish);
    inflight.add(publish);
  }

  private boolean mayReceive(Message message) {
    DeliveryFilter asked = filter;
    return asked == null || !asked.asksEach() || asked.mayDeliver(message.topic());
  }

  private boolean mayReceiveQueued(Message message) {
    DeliveryFilter asked = filter;
    return asked == null || asked.mayDeliverQueued(message.topic());
  }

  /** Its client may not receive it. */
  private void giveToEntitled(OutgoingPublish publish, Message message) {
    if (publish.isWithdrawn()) {
      return; // another member of the Shared Subscription gets it
    }
    if (GivenAway.barred(session, publish, message)) {
      giveBackId(publish);
    } else {
      notReceived();
      dequeue(publish);
    }
  }

  /** No queue took what its client may not receive; its identifier was given back. */
  void notTaken(OutgoingPublish publish) {
    context()
        .metrics()
        .messagesDropped
        .inc(Metrics.Drop.SESSION_QUEUE_FULL, session.owner().index());
    removeRow(publish);
  }

  private void notReceived() {
    context().metrics().messagesDropped.inc(Metrics.Drop.NOT_AUTHORIZED, session.owner().index());
    context().metrics().policyDenials.inc(Metrics.Denial.RECEIVE, session.owner().index());
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
      alias = aliases.assign(topic, session.owner().memory());
    }
    boolean sent =
        client.sendPublish(
            message, qos, retain, dup, packetId, subscriptionIdentifiers, alias, known);
    if (!sent && alias != OutgoingAliases.NONE) { // the alias itself takes three bytes
      if (!known) {
        aliases.takeBack(topic, session.owner().memory());
      }
      sent =
          client.sendPublish(
              message,
              qos,
              retain,
              dup,
              packetId,
              subscriptionIdentifiers,
              OutgoingAliases.NONE,
              false);
    }
    if (sent) {
      context().metrics().publishSent.inc(qos.value(), session.owner().index());
    } else if (client.isOpen()) {
      context().metrics().packetsUnsentTooLarge.inc(session.owner().index()); // [MQTT-3.1.2-24]
    }
    return sent;
  }

  // ---------------------------------------------------------------- the client acknowledges

  /** PUBACK, whatever its Reason Code: the message is done [MQTT-4.3.2-3]. */
  public void onPubAck(int packetId) {
    OutgoingPublish publish = inflight.get(packetId);
    if (publish == null || publish.qos != Qos.AT_LEAST_ONCE) {
      context().metrics().acksUnexpected.inc(session.owner().index());
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
   * @return false for an identifier that is not in use: PUBREL 0x92. One of QoS 1 is ignored
   */
  public boolean onPubRec(int packetId, boolean accepted) {
    OutgoingPublish publish = inflight.get(packetId);
    if (publish == null || publish.qos != Qos.EXACTLY_ONCE) {
      context().metrics().acksUnexpected.inc(session.owner().index());
      return publish != null;
    }
    if (!accepted) {
      inflight.remove(publish);
      dequeue(publish);
      pump();
      return true;
    }
    if (publish.releasing) {
      return true; // PUBREC again: its PUBREL waits for the first one's commit
    }
    if (publish.state == OutgoingPublish.State.RELEASED || !publish.durable()) {
      publish.state = OutgoingPublish.State.RELEASED;
      sendPubRel(packetId);
      return true;
    }
    publish.state = OutgoingPublish.State.RELEASED;
    publish.releasing = true;
    ClientConnection forWhom = session.connection();
    context()
        .writer()
        .submit(
            new MarkReleased(
                session.sessionNumber(),
                session.epoch(),
                publish.sequence(),
                publish.handle,
                packetId),
            new OnLoop(
                session.owner(),
                _ -> {
                  publish.releasing = false;
                  if (session.connection() == forWhom) {
                    sendPubRel(packetId);
                  }
                },
                session::storeFailed));
    return true;
  }

  private void sendPubRel(int packetId) {
    ClientConnection client = session.connection();
    if (client != null) {
      client.sendPubRel(packetId, ReasonCode.SUCCESS);
    }
  }

  /** PUBCOMP, whatever its Reason Code. */
  public void onPubComp(int packetId) {
    OutgoingPublish publish = inflight.get(packetId);
    if (publish == null || publish.state != OutgoingPublish.State.RELEASED) {
      context().metrics().acksUnexpected.inc(session.owner().index());
      return;
    }
    inflight.remove(publish);
    dequeue(publish);
    pump();
  }

  /** Its row goes; nobody waits for that. */
  private void dequeue(OutgoingPublish publish) {
    if (publish.durable()) {
      removeRow(publish);
      giveBackId(publish);
    }
  }

  private void removeRow(OutgoingPublish publish) {
    context()
        .writer()
        .submit(
            new Dequeue(
                session.sessionNumber(), session.epoch(), publish.sequence(), publish.handle),
            null);
  }

  private void giveBackId(OutgoingPublish publish) {
    if (publish.durable()) {
      packetIds().givenBack(publish);
    }
  }
}

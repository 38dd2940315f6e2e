package io.signalbox.server.protocol;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authorizer;
import io.signalbox.server.auth.ExchangeAuthenticator.Exchange;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.session.ClientConnection;
import io.signalbox.server.session.Session;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.Submitter;
import io.signalbox.server.store.Waiting;
import io.signalbox.server.topic.TopicName;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The peer on one connection: how far it has come, who it is, and what we owe it. */
@ConfinedTo("the connection's I/O thread")
final class Client implements ClientHandler {
  private static final Logger LOG = System.getLogger(Client.class.getName());

  enum Phase {
    AWAITING_CONNECT,
    /** CONNECT was read; credentials are checked, the session is opened. Nothing is decoded. */
    CONNECTING,
    CONNECTED,
    ENDED
  }

  private final ClientConnection connection;
  private final PacketDispatcher dispatcher;
  private final ProtocolContext context;
  private final PendingAcks acks;
  private Phase phase = Phase.AWAITING_CONNECT;

  /** When the check of its credentials began, in {@link LiveClients#epoch}. */
  private long credentialEpoch;

  /** For other threads; null before it is {@link #listed}. */
  private volatile @Nullable LiveClient facts;

  // From CONNECT on.
  private String clientId = "";
  private boolean problemInformation = true;

  /** Its CONNECT asked for a session that lasts, whatever it was granted. */
  private boolean lastingSessionAsked;

  private @Nullable Principal principal;
  private @Nullable Authorizer authorizer;
  private @Nullable Session session;
  private @Nullable DeliveryRights deliveryRights;

  /** Null for the many to whom no SUBSCRIBE brings any. */
  private @Nullable RetainedDelivery retained;

  private @Nullable Timer credentialTimer;
  private @Nullable String userName;

  /** Of a publish with a fresh token; null while none is under way. */
  private @Nullable Exchange renewal;

  /** Null for the many whose CONNECT named no Authentication Method. */
  private @Nullable EnhancedAuth enhancedAuth;

  private int inboundAliasMaximum;

  /** Null for the many who set none. */
  private @Nullable InboundAliases inboundAliases;

  /** QoS 1 and 2 publishes from the client that are not completed (MQTT 5.0 section 4.9). */
  private int inboundInflight;

  private @Nullable Submitter submitter;

  private Metrics.@Nullable Close closing;
  private boolean waitingForAcks;

  /** Null while reading does not wait for the store. */
  private @Nullable Waiting forRelief;

  /** Non-null once a publish found no room: it and those behind it are to come again. */
  private @Nullable Waiting forRoom;

  Client(ClientConnection connection, PacketDispatcher dispatcher, ProtocolContext context) {
    this.connection = connection;
    this.dispatcher = dispatcher;
    this.context = context;
    this.acks = new PendingAcks(this);
  }

  // ---------------------------------------------------------------- what the transport calls

  @Override
  public boolean onPacket(Packet packet) throws PacketException {
    switch (phase) {
      case CONNECTED -> dispatcher.dispatch(this, packet);
      case AWAITING_CONNECT -> {
        if (!(packet instanceof Connect connect)) {
          throw PacketException.protocolError("the first packet is not CONNECT"); // [MQTT-3.1.0-1]
        }
        credentialEpoch = context.clients().epoch();
        userName = connect.userName();
        dispatcher.onConnect(this, connect);
      }
      case CONNECTING -> {
        if (awaitsAuth()) {
          dispatcher.whileAuthenticating(this, packet);
        }
      }
      case ENDED -> {}
    }
    return switch (phase) {
      case CONNECTED -> mayReadOn();
      case CONNECTING -> awaitsAuth();
      case AWAITING_CONNECT, ENDED -> false;
    };
  }

  /**
   * Back-pressure: stops reading while too much is owed to the client or too much waits for the
   * disk.
   */
  private boolean mayReadOn() {
    if (isSuspended() && acks.size() >= context.limits().pendingAcksMax()) {
      sendAgain(); // reading no further would keep back the acknowledgements that make room
      return false;
    }
    if (acks.size() >= context.limits().pendingAcksMax() && !waitingForAcks) {
      waitingForAcks = true;
      context.metrics().limitsReached.inc(Metrics.Limit.PENDING_ACKS, connection.loop().index());
      connection.suspendReads();
    }
    if (context.writer().congested() && forRelief == null) {
      connection.suspendReads();
      forRelief = context.writer().whenRelieved(connection.loop(), this::relieved);
    }
    return !waitingForAcks && forRelief == null;
  }

  private void relieved() {
    forRelief = null;
    connection.resumeReads();
  }

  /** From {@link PendingAcks}: some were sent. */
  void acknowledged() {
    if (waitingForAcks && acks.size() <= context.limits().pendingAcksMax() / 2) {
      waitingForAcks = false;
      connection.resumeReads();
    }
  }

  @Override
  public void onPacketException(PacketException problem) {
    if (problem.reason() == ReasonCode.PACKET_TOO_LARGE) {
      context.metrics().packetsReceivedTooLarge.inc(connection.loop().index());
    }
    boolean malformed = problem.reason() == ReasonCode.MALFORMED_PACKET;
    (malformed ? context.metrics().malformedPackets : context.metrics().protocolErrors)
        .inc(connection.loop().index());
    closing(malformed ? Metrics.Close.MALFORMED_PACKET : Metrics.Close.PROTOCOL_ERROR);
    LOG.log(
        Level.WARNING,
        "client {0} on {1} broke the protocol: {2} (0x{3})",
        LogText.quote(clientId),
        connection.peer(),
        LogText.quote(problem.problem()),
        Integer.toHexString(problem.reason().code()));
    if (phase == Phase.CONNECTED) {
      end(Session.WillFate.SEND);
      connection.disconnect(problem.reason(), problem.problem());
      return;
    }
    phase = Phase.ENDED;
    context.metrics().connectsRefused.inc(refusal(problem.reason()), connection.loop().index());
    if (problem.answerForm() == null && enhancedAuth == null) {
      connection.close(); // before a CONNECT of a known form there is nobody to answer
    } else {
      connection.refuse(
          new ConnAck(false, inConnAck(problem.reason()), reasonString(problem.problem())));
    }
  }

  /** A packet in place of AUTH may be wrong in ways that no CONNECT can be. */
  private static ReasonCode inConnAck(ReasonCode reason) {
    return reason.allowedIn(PacketType.CONNACK) ? reason : ReasonCode.PROTOCOL_ERROR;
  }

  private static Metrics.Refusal refusal(ReasonCode reason) {
    return switch (reason) {
      case MALFORMED_PACKET -> Metrics.Refusal.MALFORMED;
      case UNSUPPORTED_PROTOCOL_VERSION -> Metrics.Refusal.UNSUPPORTED_VERSION;
      case PACKET_TOO_LARGE -> Metrics.Refusal.PACKET_TOO_LARGE;
      case QUOTA_EXCEEDED -> Metrics.Refusal.QUOTA_EXCEEDED;
      default -> Metrics.Refusal.PROTOCOL_ERROR;
    };
  }

  @Override
  public void onWritable() {
    if (session != null) {
      session.outgoing().pump();
    }
  }

  @Override
  public void onKeepAliveTimeout() {
    closing(Metrics.Close.KEEP_ALIVE_TIMEOUT);
    LOG.log(
        Level.INFO,
        "client {0} on {1}: keep alive timeout",
        LogText.quote(clientId),
        connection.peer());
    end(Session.WillFate.SEND);
    connection.disconnect(ReasonCode.KEEP_ALIVE_TIMEOUT, null); // [MQTT-3.1.2-22]
  }

  @Override
  public void onConnectTimeout() {
    closing(Metrics.Close.CONNECT_TIMEOUT);
    if (awaitsAuth()) {
      LOG.log(Level.INFO, "{0}: no AUTH in time", connection.peer());
      refuseLate(ReasonCode.NOT_AUTHORIZED, Metrics.Refusal.NOT_AUTHORIZED, "no AUTH in time");
    } else if (phase == Phase.CONNECTING) {
      LOG.log(
          Level.WARNING,
          "client {0} on {1}: its credentials were not checked or its session was not opened within"
              + " limits.connect-timeout-millis",
          LogText.quote(clientId),
          connection.peer());
      refuseLate(
          ReasonCode.SERVER_UNAVAILABLE,
          Metrics.Refusal.SERVER_UNAVAILABLE,
          "the server could not open the session in time");
    } else {
      LOG.log(Level.INFO, "{0}: no CONNECT in time", connection.peer());
      phase = Phase.ENDED;
      connection.close();
    }
  }

  private void refuseLate(ReasonCode reason, Metrics.Refusal refusal, String problem) {
    context.metrics().connectsRefused.inc(refusal, connection.loop().index());
    refuse(reason, problem);
  }

  @Override
  public void onClosed(CloseCause cause) {
    closing(
        switch (cause) {
          case PEER_CLOSED -> Metrics.Close.PEER_CLOSED;
          case PEER_RESET -> Metrics.Close.PEER_RESET;
          case SLOW_READER -> Metrics.Close.SLOW_READER;
          case BUFFERS_FULL -> Metrics.Close.QUOTA_EXCEEDED;
          case SERVER_SHUTDOWN -> Metrics.Close.SERVER_SHUTDOWN;
          case CLOSED_BY_US ->
              session != null && !session.belongsTo(connection)
                  ? Metrics.Close.TAKEN_OVER
                  : Metrics.Close.INTERNAL_ERROR;
          case INTERNAL_ERROR -> Metrics.Close.INTERNAL_ERROR;
        });
    Metrics.Close first = closing;
    assert first != null : "a cause was set above";
    context.metrics().connectionsClosed.inc(first, connection.loop().index());
    end(cause == CloseCause.SERVER_SHUTDOWN ? Session.WillFate.KEEP : Session.WillFate.SEND);
  }

  // ---------------------------------------------------------------- for the packet handlers

  /** The first cause is the one that counts. */
  void closing(Metrics.Close cause) {
    if (closing == null) {
      closing = cause;
    }
  }

  /** The client's part is over: nothing it sends is read any more. Idempotent. */
  void end(Session.WillFate fate) {
    phase = Phase.ENDED;
    if (credentialTimer != null) {
      credentialTimer.cancel();
      credentialTimer = null;
    }
    endExchanges();
    waitNoMore();
    unlisted();
    if (inboundAliases != null) {
      inboundAliases.forget();
      inboundAliases = null;
    }
    Session mine = session;
    if (mine != null) {
      session = null;
      context.metrics().sessionsConnected.add(connection.loop().index(), -1);
      mine.connectionEnded(connection, fate);
    }
  }

  /** The store may be full for days: nobody else would let go of the connection. */
  private void waitNoMore() {
    if (forRelief != null) {
      forRelief.leave();
    }
    if (forRoom != null) {
      forRoom.leave();
    }
    if (retained != null) {
      retained.stop();
    }
    acks.forget();
  }

  /** A QoS 2 publish that was refused after all: its identifier is free again [MQTT-4.3.3-9]. */
  void forgetInbound(int packetId) {
    if (session != null) {
      session.inboundQos2().remove(packetId);
    }
  }

  /**
   * There was no room for a publish of a 3.1.1 client. It gets no acknowledgement; once there is
   * room its connection ends, and it sends the message again, with those behind it and in their
   * order, when it is back. Until then it may go on receiving, which makes room.
   */
  void suspend() {
    if (isSuspended() || phase != Phase.CONNECTED) {
      return;
    }
    context.metrics().publishersSuspended.inc(connection.loop().index());
    LOG.log(
        Level.WARNING,
        "client {0} on {1} waits: the store is full",
        LogText.quote(clientId),
        connection.peer());
    forRoom = context.writer().whenRoom(connection.loop(), this::sendAgain);
  }

  /** Of the publishes of a 3.1.1 client, from the first one on. */
  Submitter submitter() {
    Submitter known = submitter;
    if (known == null) {
      known = new Submitter();
      submitter = known;
    }
    return known;
  }

  boolean isSuspended() {
    return forRoom != null;
  }

  private void sendAgain() {
    if (phase == Phase.CONNECTED) {
      closing(Metrics.Close.QUOTA_EXCEEDED);
      end(Session.WillFate.SEND);
      connection.disconnect(ReasonCode.QUOTA_EXCEEDED, null);
    }
  }

  /** A 3.1.1 client cannot be told no. */
  void noRoomForRetained() {
    if (phase == Phase.CONNECTED) {
      closing(Metrics.Close.QUOTA_EXCEEDED);
      end(Session.WillFate.SEND);
      connection.disconnect(ReasonCode.QUOTA_EXCEEDED, "the limit of retained messages is reached");
    }
  }

  void storeFailed(StoreException problem) {
    if (phase != Phase.CONNECTED) {
      return; // taken over or gone: nobody waits for the answer
    }
    LOG.log(Level.ERROR, "client {0}: {1}", LogText.quote(clientId), problem.getMessage());
    end(Session.WillFate.SEND);
    connection.disconnect(ReasonCode.UNSPECIFIED_ERROR, problem.getMessage());
  }

  /** Whether it did nothing wrong: the broker ends. */
  boolean isEndedByShutdown() {
    return closing == Metrics.Close.SERVER_SHUTDOWN;
  }

  /** Whether its CONNECT was refused, or none came. */
  boolean isRefused() {
    return closing == Metrics.Close.REFUSED || closing == Metrics.Close.CONNECT_TIMEOUT;
  }

  /** Refuses the CONNECT. */
  void refuse(ReasonCode reason, String problem) {
    phase = Phase.ENDED;
    closing(Metrics.Close.REFUSED);
    endExchanges();
    connection.refuse(new ConnAck(false, reason, reasonString(problem)));
  }

  /** A Reason String, for those who can read one. */
  Properties reasonString(String text) {
    return connection.version() == ProtocolVersion.V5 && problemInformation // [MQTT-3.1.2-29]
        ? Properties.NONE.with(Property.REASON_STRING, text)
        : Properties.NONE;
  }

  void connecting(String identifier, boolean wantsProblemInformation) {
    phase = Phase.CONNECTING;
    clientId = identifier;
    problemInformation = wantsProblemInformation;
  }

  void authenticated(Principal who, Authorizer rights) {
    principal = who;
    authorizer = rights;
    LiveClient before = facts;
    if (before != null) {
      facts = before.as(who);
    }
    if (deliveryRights != null) {
      deliveryRights.authorizer(rights);
    }
  }

  /**
   * Sweeps over credentials see it from now on, although it is not let in yet: those that came
   * before are asked for by {@link #withdrawnSince} and {@link #refreshedSince}.
   */
  void listed(boolean cleanStart, int keepAlive) {
    facts =
        new LiveClient(
            clientId,
            principal(),
            connection.peer(),
            connection.version(),
            cleanStart,
            keepAlive,
            context.clocks().wallMillis());
    context.clients().add(this);
  }

  /** It is not let in after all, or has gone. */
  void unlisted() {
    if (facts != null) {
      context.clients().remove(this);
    }
  }

  /** When the check of its credentials began, in {@link LiveClients#epoch}. */
  long credentialEpoch() {
    return credentialEpoch;
  }

  /** Why its credential is no longer good although it was found good: that was before a sweep. */
  Optional<Ending> withdrawnSince(long mark) {
    return context.clients().changedSince(mark)
        ? context.clients().withdrawn(principal(), connection.peer(), clientId)
        : Optional.empty();
  }

  /** Who it is if a sweep came since; its {@link #principal} if none did or nothing is new. */
  Principal refreshedSince(long mark) {
    return context.clients().changedSince(mark)
        ? context.clients().refreshed(principal())
        : principal();
  }

  /**
   * @param askedToLast Session Expiry Interval above 0 in CONNECT, whatever was granted
   */
  void connected(Session opened, boolean askedToLast, int topicAliasMaximum) {
    phase = Phase.CONNECTED;
    session = opened;
    lastingSessionAsked = askedToLast;
    if (principal().token() == null) {
      userName = null; // only a token can be renewed, which is what it is kept for
    }
    deliveryRights = new DeliveryRights(opened, authorizer(), this);
    inboundAliasMaximum = topicAliasMaximum;
    context.metrics().sessionsConnected.add(connection.loop().index(), 1);
    scheduleCredentialEnd();
  }

  boolean hasAskedForLastingSession() {
    return lastingSessionAsked;
  }

  /** From {@link DeliveryRights}: a rule keeps a message from the client, the first of its kind. */
  void deliveryRefused(TopicName topic, AccessDecision decision) {
    context.refusals().refused(Refusals.Action.RECEIVE, this, topic.toString(), decision);
  }

  /** A credential that ends takes the connection with it. */
  void scheduleCredentialEnd() {
    if (credentialTimer != null) {
      credentialTimer.cancel();
      credentialTimer = null;
    }
    Principal who = principal();
    if (who.expiresAtMillis() == Principal.NEVER) {
      return;
    }
    long delay = Math.max(0, who.expiresAtMillis() - context.clocks().wallMillis());
    credentialTimer =
        connection
            .loop()
            .schedule(
                delay,
                () ->
                    endBy(
                        Ending.credentialExpired(
                            who.token() != null
                                && who.token().expiresAtMillis() == who.expiresAtMillis())));
  }

  /** As {@link #endBy}; whoever listens to endings hears of it. */
  void endAndTell(Ending ending) {
    if (endBy(ending)) {
      context.clients().ended(this, ending);
    }
  }

  /**
   * The server ends the connection of a client that was let in.
   *
   * @return false if it has ended already
   */
  boolean endBy(Ending ending) {
    if (phase != Phase.CONNECTED || !connection.isOpen()) {
      return false;
    }
    closing(ending.cause());
    LOG.log(
        Level.INFO,
        "client {0} as {1} on {2} is disconnected: {3} (0x{4})",
        LogText.quote(clientId),
        LogText.quote(principal().id()),
        connection.peer(),
        ending.text(),
        Integer.toHexString(ending.reason().code()));
    end(Session.WillFate.SEND);
    connection.disconnect(ending.reason(), ending.text());
    return true;
  }

  /** Asked here and now: it may have shown another credential since the sweep looked at it. */
  void refreshPrincipal() {
    if (phase != Phase.CONNECTED) {
      return;
    }
    Principal now = context.clients().refreshed(principal());
    if (!now.equals(principal())) {
      dispatcher.refreshed(this, now);
    }
  }

  /** Any thread, once it is connected. */
  LiveClient facts() {
    LiveClient known = facts;
    assert known != null : "not connected";
    return known;
  }

  Optional<LiveClientDetail> detail() {
    Session mine = session;
    return mine == null
        ? Optional.empty()
        : Optional.of(
            new LiveClientDetail(
                facts(),
                connection.traffic(),
                mine.isDurable(),
                mine.isDurable() ? mine.expirySeconds() : 0,
                mine.subscriptions().all().size(),
                mine.outgoing().inflightCount(),
                mine.outgoing().queuedInMemory()));
  }

  boolean isRenewing() {
    return renewal != null;
  }

  void beginRenewal(Exchange begun) {
    renewal = begun;
  }

  /** Idempotent. */
  void endRenewal() {
    if (renewal != null) {
      renewal.end();
      renewal = null;
    }
  }

  /** Of CONNECT, of a client with a token; null if it had none. */
  @Nullable String userName() {
    return userName;
  }

  /** CONNECT named a method that we know. */
  EnhancedAuth beginEnhancedAuth(Connect connect, String method) {
    EnhancedAuth begun = new EnhancedAuth(connect, method);
    enhancedAuth = begun;
    return begun;
  }

  /** It was let in, its connection is open, and no other one has its session. */
  boolean isServed() {
    Session mine = session;
    return mine != null && mine.belongsTo(connection) && connection.isOpen();
  }

  /** Null if CONNECT named no method. */
  @Nullable EnhancedAuth enhancedAuth() {
    return enhancedAuth;
  }

  private boolean awaitsAuth() {
    return enhancedAuth != null && enhancedAuth.isAwaited();
  }

  private void endExchanges() {
    endRenewal();
    if (enhancedAuth != null) {
      enhancedAuth.end();
    }
  }

  ClientConnection connection() {
    return connection;
  }

  Phase phase() {
    return phase;
  }

  String clientId() {
    return clientId;
  }

  boolean isV5() {
    return connection.version() == ProtocolVersion.V5;
  }

  PendingAcks acks() {
    return acks;
  }

  Principal principal() {
    Principal who = principal;
    assert who != null : "not authenticated";
    return who;
  }

  Authorizer authorizer() {
    Authorizer rights = authorizer;
    assert rights != null : "not authenticated";
    return rights;
  }

  DeliveryRights deliveryRights() {
    DeliveryRights rights = deliveryRights;
    assert rights != null : "not connected";
    return rights;
  }

  /** What to do once the output of now has gone, with what follows from that. */
  Runnable whenFlushed(Runnable task) {
    DeliveryRights rights = deliveryRights;
    if (rights == null) {
      return task;
    }
    int then = rights.unsubscribes();
    return () -> {
      rights.flushed(then);
      task.run();
    };
  }

  /** Retained messages on their way to it. */
  RetainedDelivery retained() {
    RetainedDelivery delivery = retained;
    if (delivery == null) {
      delivery = new RetainedDelivery(context, session(), connection);
      retained = delivery;
    }
    return delivery;
  }

  /** Retained messages of the filter that it has not been sent yet are not wanted any more. */
  void unsubscribed(String requestedFilter) {
    deliveryRights().unsubscribed();
    if (retained != null) {
      retained.forget(requestedFilter);
    }
  }

  Session session() {
    Session mine = session;
    assert mine != null : "not connected";
    return mine;
  }

  /** Topic Aliases that the client sets. */
  InboundAliases aliases() {
    InboundAliases aliases = inboundAliases;
    if (aliases == null) {
      aliases = new InboundAliases(inboundAliasMaximum, connection.loop(), context.metrics());
      inboundAliases = aliases;
    }
    return aliases;
  }

  /** Counts a new QoS 1 or 2 publish against the Receive Maximum. */
  void inboundBegun() throws PacketException {
    if (++inboundInflight > context.limits().receiveMaximum() && isV5()) { // [MQTT-3.3.4-7]
      context.metrics().limitsReached.inc(Metrics.Limit.RECEIVE_MAXIMUM, connection.loop().index());
      throw PacketException.of(
          ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
          "more than " + context.limits().receiveMaximum() + " unacknowledged publishes");
    }
  }

  void inboundCompleted() {
    inboundInflight = Math.max(0, inboundInflight - 1);
  }
}

package io.signalbox.server.transport;

import io.signalbox.server.codec.ByteOutput;
import io.signalbox.server.codec.PacketDecoder;
import io.signalbox.server.codec.PacketEncoder;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.protocol.ClientHandler;
import io.signalbox.server.protocol.ClientHandlers;
import io.signalbox.server.protocol.CloseCause;
import io.signalbox.server.routing.LargePayload;
import io.signalbox.server.routing.Message;
import io.signalbox.server.session.ClientConnection;
import io.signalbox.server.session.Traffic;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xnio.StreamConnection;

/**
 * Packets in and out of one {@link ClientSocket}, whatever it runs over, and the two timers of the
 * standard.
 */
@ConfinedTo("I/O thread")
final class MqttConnection implements ClientConnection, SocketOwner, PacketDecoder.Sink {
  /** So much of a packet that is not complete counts as a sign of life. */
  private static final int PART_BYTES = 1_000;

  private static final byte[] NO_PROPERTIES = {};

  private final XnioEventLoop loop;
  private final Peer peer;
  private final ClientSocket socket;
  private final PacketDecoder decoder;
  private final Admission.Ticket ticket;
  private final Set<ListenerConfig.Protocol> protocols;
  private @Nullable ClientHandler handler;

  // What CONNECT said.
  private ProtocolVersion version = ProtocolVersion.V5;
  private boolean accepted;
  private int clientPacketBytesMax = PacketDecoder.PACKET_BYTES_MAX;
  private boolean problemInformation = true;

  /** At most 98,302,500. */
  private int keepAliveMillis;

  // Time.
  /** Until CONNECT is accepted: how long that may take; then of Keep Alive. */
  private @Nullable Timer timer;

  private long lastPacketMillis;

  /** Of a packet that is not complete, since the last sign of life. */
  private int partBytes;

  /** Of CONNECT, which counts as memory until its client is let in or has gone. */
  private int connectBytes;

  // Counters, for whoever asks after this client.
  private long packetsReceived;
  private long packetsSent;

  // Reading. INVARIANT: HOLD_OWNER is set on the socket while suspensions > 0 or a packet asked for
  // a pause.
  private int suspensions;
  private boolean resumedMeanwhile;
  private boolean stopped;
  private boolean packetSeen;

  private MqttConnection(
      StreamConnection connection,
      @Nullable CorkedSink cork,
      XnioEventLoop loop,
      int packetBytesMax,
      ListenerConfig listener,
      Peer peer,
      Admission.Ticket ticket) {
    this.loop = loop;
    this.peer = peer;
    this.ticket = ticket;
    this.decoder = new PacketDecoder(loop.packetReader(), loop.topicNames(), packetBytesMax);
    this.lastPacketMillis = loop.nowMillis();
    this.protocols = listener.protocols();
    this.socket = new ClientSocket(connection, cork, loop, listener.type().isWebSocket(), this);
  }

  /**
   * Begins to read.
   *
   * @param ticket told when CONNECT was accepted, and when its credentials were not
   */
  static void open(
      StreamConnection connection,
      @Nullable CorkedSink cork,
      XnioEventLoop loop,
      int packetBytesMax,
      ListenerConfig listener,
      Peer peer,
      ClientHandlers handlers,
      Admission.Ticket ticket) {
    var opened = new MqttConnection(connection, cork, loop, packetBytesMax, listener, peer, ticket);
    ClientHandler handler = handlers.open(opened);
    opened.handler = handler;
    opened.timer =
        loop.schedule(loop.limits().connectTimeout().toMillis(), handler::onConnectTimeout);
    opened.socket.start();
  }

  private ClientHandler handler() {
    ClientHandler opened = handler;
    if (opened == null) {
      throw new IllegalStateException("the connection has no handler yet");
    }
    return opened;
  }

  // ---------------------------------------------------------------- packets in

  @Override
  public int received(byte[] array, int from, int to) {
    stopped = false;
    try {
      return decoder.decode(array, from, to, this);
    } catch (PacketException e) {
      ProtocolVersion answerForm = e.answerForm();
      if (answerForm != null) {
        version = answerForm;
      }
      handler().onPacketException(e);
      close(); // The decoder is of no use any more, whether or not the handler closed.
      return to;
    } finally {
      if (packetSeen) {
        packetSeen = false;
        partBytes = 0;
        lastPacketMillis = loop.nowMillis();
      }
    }
  }

  /**
   * A client in the middle of a large packet can send no PINGREQ: its Keep Alive runs from the end
   * of one packet to the start of the next (MQTT 5.0 section 3.1.2.10). A byte now and then is no
   * sign of life.
   */
  @Override
  public void partReceived(int bytes) {
    partBytes += bytes;
    if (partBytes >= PART_BYTES) {
      partBytes = 0;
      lastPacketMillis = loop.nowMillis();
    }
  }

  @Override
  public boolean accept(Packet packet) throws PacketException {
    packetSeen = true;
    packetsReceived++;
    loop.metrics().packetsReceived.inc(packet.type().number(), loop.index());
    if (!accepted) {
      ProtocolVersion said = decoder.version();
      version = said == null ? version : said;
      if (packet instanceof Connect connect) { // even a refusal keeps to it [MQTT-3.1.2-24]
        checkVersion();
        holdConnect(connect);
        clientPacketBytesMax =
            (int)
                Math.min(
                    connect
                        .properties()
                        .number(Property.MAXIMUM_PACKET_SIZE, PacketDecoder.PACKET_BYTES_MAX),
                    PacketDecoder.PACKET_BYTES_MAX);
      }
    }
    if (packet instanceof Disconnect) {
      socket.peerLeaves();
    }
    resumedMeanwhile = false;
    boolean more = handler().onPacket(packet);
    if (!more && suspensions == 0 && !resumedMeanwhile && socket.isOpen()) {
      socket.hold(ClientSocket.HOLD_OWNER);
    }
    stopped = socket.held() || !socket.isOpen();
    return !stopped;
  }

  /** Its Will may be large, and strangers may have many checked at the same time. */
  private void holdConnect(Connect connect) {
    connectBytes = PacketEncoder.encodedLength(connect, version);
    loop.memory().charge(connectBytes);
  }

  private void releaseConnect() {
    loop.memory().charge(-connectBytes);
    connectBytes = 0;
  }

  private void checkVersion() throws PacketException {
    ListenerConfig.Protocol spoken =
        switch (version) {
          case V3_1_1 -> ListenerConfig.Protocol.MQTT_3_1_1;
          case V5 -> ListenerConfig.Protocol.MQTT_5_0;
        };
    if (!protocols.contains(spoken)) {
      throw PacketException.unsupportedVersion(
          "listener " + peer.listener() + " does not speak MQTT " + spoken, version);
    }
  }

  @Override
  public boolean stopped() {
    return stopped;
  }

  @Override
  public int bytesNeeded() {
    return decoder.bytesNeeded();
  }

  @Override
  public boolean isKnown() {
    return accepted;
  }

  @Override
  public void inputRefused() {
    end(ReasonCode.QUOTA_EXCEEDED, "the server's buffers are full", CloseCause.BUFFERS_FULL);
  }

  @Override
  public void suspendReads() {
    suspensions++;
    socket.hold(ClientSocket.HOLD_OWNER);
  }

  @Override
  public void resumeReads() {
    resumedMeanwhile = true;
    if (suspensions > 0) {
      suspensions--;
    }
    if (suspensions == 0) {
      socket.release(ClientSocket.HOLD_OWNER);
    }
  }

  // ---------------------------------------------------------------- packets out

  @Override
  public boolean send(Packet packet) {
    if (!socket.isOpen()) {
      return false;
    }
    Packet fitting = problemInformation || mayAlwaysExplain(packet) ? packet : bare(packet);
    int length = PacketEncoder.encodedLength(fitting, version);
    if (length > clientPacketBytesMax) {
      fitting = bare(fitting); // [MQTT-3.2.2-19] and its likes
      length = PacketEncoder.encodedLength(fitting, version);
      if (length > clientPacketBytesMax) {
        loop.metrics().packetsUnsentTooLarge.inc(loop.index());
        return false;
      }
    }
    Chunk chunk = begin(length);
    PacketEncoder.encode(fitting, version, loop.packetOutput());
    finish(chunk, fitting.type());
    return true;
  }

  @Override
  public boolean sendPublish(
      Message message,
      Qos qos,
      boolean retain,
      boolean dup,
      int packetId,
      int[] subscriptionIdentifiers,
      int topicAlias,
      boolean topicOmitted) {
    if (!socket.isOpen()) {
      return false;
    }
    byte[] properties = NO_PROPERTIES;
    long expirySeconds = Message.NO_EXPIRY;
    if (version == ProtocolVersion.V5) {
      properties = message.encodedProperties();
      if (message.expiresAtMillis() != Message.NEVER_EXPIRES) {
        expirySeconds = message.remainingExpirySeconds(loop.wallMillis());
      }
    }
    int length =
        PacketEncoder.publishLength(
            version,
            message.topic(),
            topicOmitted,
            qos,
            properties,
            expirySeconds,
            topicAlias,
            subscriptionIdentifiers,
            message.payload().length);
    if (length > clientPacketBytesMax) {
      return false; // [MQTT-3.1.2-24]
    }
    LargePayload large = message.largePayload();
    if (large != null) {
      Chunk chunk = outputTo(socket.roomBeforeLarge(length - large.length()));
      PacketEncoder.encodePublishHead(
          version,
          loop.packetOutput(),
          length,
          message.topic(),
          topicOmitted,
          qos,
          retain,
          dup,
          packetId,
          properties,
          expirySeconds,
          topicAlias,
          subscriptionIdentifiers);
      count(PacketType.PUBLISH);
      socket.written(chunk, loop.packetOutput().position, large);
      return true;
    }
    Chunk chunk = begin(length);
    PacketEncoder.encodePublish(
        version,
        loop.packetOutput(),
        length,
        message.topic(),
        topicOmitted,
        qos,
        retain,
        dup,
        packetId,
        properties,
        expirySeconds,
        topicAlias,
        subscriptionIdentifiers,
        message.payload());
    finish(chunk, PacketType.PUBLISH);
    return true;
  }

  @Override
  public void sendPubAck(int packetId, ReasonCode reason) {
    sendAck(PacketType.PUBACK, packetId, reason);
  }

  @Override
  public void sendPubRec(int packetId, ReasonCode reason) {
    sendAck(PacketType.PUBREC, packetId, reason);
  }

  @Override
  public void sendPubRel(int packetId, ReasonCode reason) {
    sendAck(PacketType.PUBREL, packetId, reason);
  }

  @Override
  public void sendPubComp(int packetId, ReasonCode reason) {
    sendAck(PacketType.PUBCOMP, packetId, reason);
  }

  private void sendAck(PacketType type, int packetId, ReasonCode reason) {
    if (socket.isOpen()) {
      Chunk chunk = begin(ACK_BYTES_MAX);
      PacketEncoder.encodeAck(type, version, packetId, reason, loop.packetOutput());
      finish(chunk, type);
    }
  }

  /** Without properties, with a Reason Code. */
  private static final int ACK_BYTES_MAX = 5;

  private Chunk begin(int length) {
    return outputTo(socket.room(length));
  }

  private Chunk outputTo(Chunk chunk) {
    ByteOutput output = loop.packetOutput();
    output.array = chunk.array;
    output.position = chunk.end;
    return chunk;
  }

  private void finish(Chunk chunk, PacketType type) {
    count(type);
    socket.written(chunk, loop.packetOutput().position);
  }

  private void count(PacketType type) {
    packetsSent++;
    loop.metrics().packetsSent.inc(type.number(), loop.index());
  }

  private static boolean mayAlwaysExplain(Packet packet) {
    return switch (packet.type()) {
      case PUBLISH, CONNACK, DISCONNECT -> true;
      default -> false;
    };
  }

  /** The packet without what only explains: Reason String and User Properties. */
  private static Packet bare(Packet packet) {
    return packet instanceof Publish ? packet : BarePackets.of(packet);
  }

  @Override
  public boolean congested() {
    return socket.congested();
  }

  @Override
  public void whenFlushed(long graceMillis, Runnable task) {
    socket.whenFlushed(graceMillis, task);
  }

  @Override
  public void writable() {
    handler().onWritable();
  }

  // ---------------------------------------------------------------- life

  @Override
  public void accepted(int keepAliveSeconds, int packetBytesMax, boolean problems) {
    if (accepted || !socket.isOpen()) {
      return;
    }
    accepted = true;
    releaseConnect();
    clientPacketBytesMax = packetBytesMax;
    problemInformation = problems;
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    ticket.connected();
    keepAliveMillis = keepAliveSeconds * 1_500; // [MQTT-3.1.2-22]
    if (keepAliveMillis > 0) {
      timer = loop.schedule(keepAliveMillis, this::checkKeepAlive);
    }
  }

  /**
   * One timer a connection and none a packet: it looks when the last packet came and sets itself
   * again.
   */
  private void checkKeepAlive() {
    timer = null;
    if (!socket.isOpen()) {
      return;
    }
    if (socket.held()) {
      lastPacketMillis = loop.nowMillis(); // We do not read; it cannot be the client's fault.
    }
    long idle = loop.nowMillis() - lastPacketMillis;
    if (idle >= keepAliveMillis) {
      handler().onKeepAliveTimeout();
    } else {
      timer = loop.schedule(keepAliveMillis - idle, this::checkKeepAlive);
    }
  }

  @Override
  public void disconnect(ReasonCode reason, @Nullable String reasonString) {
    end(reason, reasonString, CloseCause.CLOSED_BY_US);
  }

  @Override
  public void shutDown() {
    end(ReasonCode.SERVER_SHUTTING_DOWN, null, CloseCause.SERVER_SHUTDOWN);
  }

  private void end(ReasonCode reason, @Nullable String reasonString, CloseCause cause) {
    if (!socket.isOpen()) {
      return;
    }
    if (accepted && version == ProtocolVersion.V5) { // [MQTT-3.14.0-1]
      Properties properties =
          reasonString == null
              ? Properties.NONE
              : Properties.NONE.with(Property.REASON_STRING, reasonString);
      send(new Disconnect(reason, properties));
    }
    socket.end(cause);
  }

  @Override
  public void credentialRefused(boolean isGuess) {
    ticket.failed(isGuess, loop.nowMillis());
  }

  @Override
  public void refuse(ConnAck packet) {
    boolean hasForm =
        version == ProtocolVersion.V5
            || packet.reason().connectReturnCode() != ReasonCode.NO_RETURN_CODE;
    if (hasForm) {
      send(packet);
    }
    close();
  }

  @Override
  public void close() {
    socket.end(CloseCause.CLOSED_BY_US);
  }

  @Override
  public void closed(CloseCause cause) {
    releaseConnect();
    if (timer != null) {
      timer.cancel();
    }
    handler().onClosed(cause);
  }

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public Peer peer() {
    return peer;
  }

  @Override
  public Traffic traffic() {
    return new Traffic(packetsReceived, packetsSent, socket.bytesReceived(), socket.bytesSent());
  }

  @Override
  public ProtocolVersion version() {
    return version;
  }

  @Override
  public boolean isOpen() {
    return socket.isOpen();
  }

  @Override
  public String toString() {
    return peer.toString();
  }
}

package io.signalbox.server.bench.client;

import io.signalbox.server.codec.ByteOutput;
import io.signalbox.server.codec.PacketDecoder;
import io.signalbox.server.codec.PacketEncoder;
import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import io.signalbox.server.topic.TopicName;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One MQTT connection, from the first byte to the last. Answers what the protocol wants answered
 * (acknowledgements, keep alive); everything else it tells its {@link ClientListener}.
 *
 * <p>What is sent goes to a buffer and out at the end of the loop's pass. Only for the loop's
 * thread.
 */
public final class MqttClient {
  /** Above this a sender should wait: more only makes the process larger. */
  public static final int PENDING_BYTES_MAX = 1 << 16;

  private static final int[] NO_IDENTIFIERS = {};
  private static final byte[] NO_BYTES = {};
  private static final int KEPT_OUTPUT_MAX = 4 * PENDING_BYTES_MAX;

  /** From the first byte to the answer of CONNECT. */
  private static final long CONNECT_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);

  private static final long GOODBYE_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Buffers that are read in one turn: whoever sends without end holds nothing else up. */
  private static final int TURN_READS_MAX = 16;

  private enum State {
    CONNECTING,
    AWAITING_CONNACK,
    CONNECTED,
    DISCONNECTING,
    CLOSED
  }

  private final ClientLoop loop;
  private final Endpoint endpoint;
  private final InetAddress[] addresses;
  private final @Nullable InetSocketAddress local;
  private final @Nullable TlsSettings tls;
  private final Connect connect;
  private final ClientListener listener;
  private final int number;
  private final ProtocolVersion version;
  private final PacketDecoder decoder;

  private State state = State.CONNECTING;
  private long stateSinceNanos = System.nanoTime();
  private @Nullable ClientException failure;

  // Of the socket; another one when the next address of the host is tried.
  private int addressesTried;
  private long addressSinceNanos;
  private @Nullable TcpPipe socket;
  private @Nullable Pipe pipe;
  private @Nullable SelectionKey key;

  // What comes in.
  private byte[] incomplete = NO_BYTES; // the start of a packet
  private boolean undecoded; // whole packets are before it, because the turn ended
  private boolean unread; // this turn or the one before ended early
  private boolean turnEnds;
  private boolean accepting;
  private boolean disconnectsNext;
  private @Nullable BitSet receivedQos2; // ids between PUBLISH and PUBREL

  // What goes out.
  private final ByteOutput output = new ByteOutput(256);
  private int written;
  private boolean dirty;
  private @Nullable IOException writeFailure; // nothing is sent any more; what came is read yet
  private final PacketIds ids = new PacketIds();
  private int inFlight; // QoS 1 and 2 messages that wait for PUBACK or PUBCOMP
  private int receiveMaximum = PacketIds.MAX;
  private long packetBytesMax = PacketDecoder.PACKET_BYTES_MAX;

  private int keepAliveSeconds;
  private long lastSentNanos;
  private int pongsDue;
  private boolean heardSincePing;
  private boolean shutdown;

  MqttClient(
      ClientLoop loop,
      Endpoint endpoint,
      InetAddress[] addresses,
      @Nullable InetSocketAddress local,
      @Nullable TlsSettings tls,
      Connect connect,
      ClientListener listener,
      int number) {
    this.loop = loop;
    this.endpoint = endpoint;
    this.addresses = addresses;
    this.local = local;
    this.tls = tls;
    this.connect = connect;
    this.listener = listener;
    this.number = number;
    this.version = connect.version();
    this.decoder =
        PacketDecoder.ofServerPackets(
            loop.topicNames(), PacketDecoder.PACKET_BYTES_MAX, connect.version());
  }

  /** Tries the host's addresses from the next one on. */
  void start() throws IOException {
    while (true) {
      InetAddress address = addresses[addressesTried++];
      addressSinceNanos = System.nanoTime();
      try {
        start(new TcpPipe(new InetSocketAddress(address, endpoint.port()), local));
        return;
      } catch (IOException e) {
        if (addressesTried == addresses.length) {
          throw e;
        }
      }
    }
  }

  private void start(TcpPipe tcp) throws IOException {
    socket = tcp;
    Pipe top = tcp;
    if (tls != null) {
      top = new TlsPipe(top, tls.engine(endpoint, number), loop.scratch());
    }
    if (endpoint.transport().isWebSocket()) {
      top = new WebSocketPipe(top, endpoint, loop.scratch());
    }
    pipe = top;
    key = loop.register(tcp.channel(), this);
  }

  // Sending.

  /** Whether CONNACK has come and the end has not. */
  public boolean isConnected() {
    return state == State.CONNECTED;
  }

  public boolean isClosed() {
    return state == State.CLOSED;
  }

  /** Why the connection is closed; null while it is not, and when it was meant to be. */
  public @Nullable ClientException failure() {
    return failure;
  }

  /** Bytes that the socket has not taken yet. */
  public int pendingBytes() {
    return output.position - written;
  }

  /** QoS 1 and 2 messages that the broker has not acknowledged yet. */
  public int inFlight() {
    return inFlight;
  }

  /** Whether the broker and this client's buffer have room for a message now. */
  public boolean canPublish(Qos qos) {
    return state == State.CONNECTED
        && writeFailure == null
        && pendingBytes() < PENDING_BYTES_MAX
        && (qos == Qos.AT_MOST_ONCE || (inFlight < receiveMaximum && ids.count() < PacketIds.MAX));
  }

  /**
   * Sends a message; {@link #canPublish} must have said yes. A message larger than the broker takes
   * ends the connection with that failure.
   *
   * @param encodedProperties as from {@code PacketEncoder.encodeForwardedProperties}; not sent in
   *     3.1.1, nor is the expiry
   * @param expirySeconds Message Expiry Interval, or negative for none
   * @return the packet identifier, 0 with QoS 0
   */
  public int publish(
      TopicName topic,
      Qos qos,
      boolean retain,
      byte[] encodedProperties,
      long expirySeconds,
      byte[] payload) {
    int length =
        PacketEncoder.publishLength(
            version,
            topic,
            false,
            qos,
            encodedProperties,
            expirySeconds,
            0,
            NO_IDENTIFIERS,
            payload.length);
    if (length > packetBytesMax) {
      fail(
          new ClientException(
              ClientException.Kind.REFUSED,
              "a message of " + length + " bytes; the broker takes at most " + packetBytesMax));
      return 0;
    }
    int packetId = 0;
    if (qos != Qos.AT_MOST_ONCE) {
      packetId = ids.take();
      inFlight++;
    }
    PacketEncoder.encodePublish(
        version,
        output,
        length,
        topic,
        false,
        qos,
        retain,
        false,
        packetId,
        encodedProperties,
        expirySeconds,
        0,
        NO_IDENTIFIERS,
        payload);
    markDirty();
    return packetId;
  }

  /** Sends SUBSCRIBE; the SUBACK comes to {@link ClientListener#onAnswer}. */
  public int subscribe(List<RequestedSubscription> subscriptions, Properties properties) {
    int packetId = ids.take();
    send(new Subscribe(packetId, subscriptions, properties));
    return packetId;
  }

  /** Sends UNSUBSCRIBE; the UNSUBACK comes to {@link ClientListener#onAnswer}. */
  public int unsubscribe(List<String> topicFilters) {
    int packetId = ids.take();
    send(new Unsubscribe(packetId, topicFilters, Properties.NONE));
    return packetId;
  }

  /** Sends PINGREQ behind all that was sent. */
  public void ping() {
    pongsDue++;
    heardSincePing = false;
    send(new PingReq());
  }

  /** Whether the broker has answered every ping, and so has read what was sent before it. */
  public boolean hasAnsweredPings() {
    return pongsDue == 0;
  }

  private void send(Packet packet) {
    PacketEncoder.encode(packet, version, output);
    markDirty();
  }

  private void sendAck(PacketType type, int packetId) {
    PacketEncoder.encodeAck(type, version, packetId, ReasonCode.SUCCESS, output);
    markDirty();
  }

  private void markDirty() {
    if (!dirty) {
      dirty = true;
      loop.markDirty(this);
    }
  }

  /**
   * Says DISCONNECT behind all that was sent and waits for the broker to close, two seconds at
   * most: whether it has read everything, {@link #ping} shows. The Will Message is discarded.
   * Called for a message, it acknowledges that one and none that follows.
   */
  public void disconnect() {
    if (accepting) {
      disconnectsNext = true;
    } else if (state == State.CONNECTED) {
      send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
      enter(State.DISCONNECTING);
    } else if (state != State.DISCONNECTING) {
      close();
    }
  }

  /**
   * Has what came behind wait for the loop's next pass, so that Keep Alive and others get their
   * turn. Called for a message, which is acknowledged.
   */
  public void endTurn() {
    turnEnds = true;
  }

  /** Closes the socket without a word. */
  public void close() {
    end(null);
  }

  private void fail(ClientException cause) {
    if (state != State.CLOSED) {
      failure = cause;
      end(cause);
    }
  }

  private void end(@Nullable ClientException cause) {
    if (state == State.CLOSED) {
      return;
    }
    enter(State.CLOSED);
    closeSocket();
    listener.onClosed(this, cause);
  }

  private void closeSocket() {
    if (key != null) {
      key.cancel();
    }
    if (pipe != null) {
      pipe.close();
    }
  }

  private void enter(State next) {
    state = next;
    stateSinceNanos = System.nanoTime();
  }

  // What the loop calls.

  void onReady() {
    try {
      if (state == State.CONNECTING && !goOnConnecting()) {
        return;
      }
      read();
      if (state != State.CLOSED) {
        flush();
      }
    } catch (IOException e) {
      onBroken(e);
    } catch (PacketException e) {
      onProtocolBroken(e);
    }
  }

  void unmarkUnread() {
    unread = false;
  }

  /** Unless its socket was ready, and it has read on already. */
  void readOn() {
    if (!unread && state != State.CLOSED) {
      onReady();
    }
  }

  private void onProtocolBroken(PacketException e) {
    fail(Explanation.of(e, endpoint, state == State.AWAITING_CONNACK));
  }

  private boolean goOnConnecting() throws IOException {
    Pipe current = pipe();
    try {
      if (!current.connect()) {
        watch(current);
        return false;
      }
    } catch (ConnectException e) {
      if (addressesTried == addresses.length) {
        throw e;
      }
      closeSocket();
      start();
      return false;
    }
    enter(State.AWAITING_CONNACK);
    send(connect);
    return true;
  }

  private Pipe pipe() {
    return Objects.requireNonNull(pipe, "not started");
  }

  private void watch(Pipe current) {
    if (key != null && key.isValid()) {
      int wanted = current.interest() | (pendingBytes() > 0 ? SelectionKey.OP_WRITE : 0);
      if (key.interestOps() != wanted) {
        key.interestOps(wanted);
      }
    }
  }

  void flushDirty() {
    dirty = false;
    if (state == State.CONNECTING || state == State.CLOSED) {
      return; // nothing is sent before the pipe stands
    }
    flush();
  }

  /** A broker that closed may have said why, behind messages; that tells more than a failure. */
  private void flush() {
    if (writeFailure == null) {
      try {
        write();
        return;
      } catch (IOException e) {
        writeFailure = e;
        markUnread();
      }
    }
    written = 0;
    output.clear();
    watch(pipe());
  }

  private void write() throws IOException {
    Pipe current = pipe();
    int pending = pendingBytes();
    if (pending > 0) {
      ByteBuffer bytes = ByteBuffer.wrap(output.array, written, pending);
      current.write(bytes);
      written = bytes.position();
      lastSentNanos = System.nanoTime();
      if (written == output.position) {
        written = 0;
        output.clear();
        if (output.array.length > KEPT_OUTPUT_MAX) {
          output.array = NO_BYTES;
        }
      } else if (written > KEPT_OUTPUT_MAX) {
        System.arraycopy(output.array, written, output.array, 0, pendingBytes());
        output.position -= written;
        written = 0;
      }
    }
    boolean all = current.flush() && pendingBytes() == 0;
    if (all && state == State.DISCONNECTING && !shutdown) {
      shutdown = true;
      current.shutdownOutput();
    }
    watch(current);
  }

  /** Reads a turn's share; the rest waits for the next pass. */
  private void read() throws IOException, PacketException {
    Pipe current = pipe();
    turnEnds = false;
    try {
      for (int reads = 0; state != State.CLOSED; reads++) {
        if (turnEnds || reads == TURN_READS_MAX) {
          markUnread();
          break;
        }
        turnEnds = false;
        ByteBuffer buffer = loop.scratch().packetsIn(incomplete.length);
        buffer.put(incomplete);
        if (!undecoded) {
          int read = current.read(buffer);
          if (read < 0) {
            throw new EOFException("the broker closed the connection" + whatWasMissing());
          }
          if (read == 0) {
            if (writeFailure != null) {
              throw writeFailure; // there was no word of why
            }
            break;
          }
        }
        heardSincePing = true;
        int from = buffer.arrayOffset();
        int to = from + buffer.position();
        int consumed = decoder.decode(buffer.array(), from, to, this::accept);
        incomplete = consumed == to ? NO_BYTES : Arrays.copyOfRange(buffer.array(), consumed, to);
        undecoded = turnEnds && consumed < to;
      }
    } finally {
      listener.onRead(this);
    }
    if (state != State.CLOSED) {
      watch(current);
    }
  }

  private void markUnread() {
    if (!unread) {
      unread = true;
      loop.markUnread(this);
    }
  }

  private String whatWasMissing() {
    return state == State.AWAITING_CONNACK ? " instead of answering CONNECT" : "";
  }

  private void onBroken(IOException broken) {
    IOException cause = writeFailure == null ? broken : writeFailure; // which came first
    if (state == State.DISCONNECTING) {
      end(null); // that it ends is what was asked for
    } else {
      fail(
          state == State.CONNECTED
              ? Explanation.ofConnected(cause, endpoint)
              : Explanation.of(cause, endpoint));
    }
  }

  /** Called now and then; what is late is dealt with. */
  void tick(long nowNanos) {
    long inState = nowNanos - stateSinceNanos;
    switch (state) {
      case CONNECTING, AWAITING_CONNACK -> {
        if (inState > CONNECT_TIMEOUT_NANOS) {
          fail(
              new ClientException(
                  ClientException.Kind.UNREACHABLE,
                  endpoint
                      + ": no answer within "
                      + TimeUnit.NANOSECONDS.toSeconds(CONNECT_TIMEOUT_NANOS)
                      + " s"));
        } else if (state == State.CONNECTING
            && addressesTried < addresses.length
            && nowNanos - addressSinceNanos > CONNECT_TIMEOUT_NANOS / addresses.length
            && socket != null
            && !socket.channel().isConnected()) {
          startElsewhere();
        }
      }
      case CONNECTED -> keepAlive(nowNanos);
      case DISCONNECTING -> {
        if (inState > GOODBYE_TIMEOUT_NANOS) {
          end(null);
        }
      }
      case CLOSED -> {}
    }
  }

  /** The address is silent: it may be a machine's that is gone. */
  private void startElsewhere() {
    closeSocket();
    try {
      start();
    } catch (IOException e) {
      onBroken(e);
    }
  }

  private void keepAlive(long nowNanos) {
    if (keepAliveSeconds == 0 || writeFailure != null) {
      return;
    }
    long keepAliveNanos = TimeUnit.SECONDS.toNanos(keepAliveSeconds);
    long silent = nowNanos - lastSentNanos;
    // The answer may be behind much that is taken slowly, and the broker wants to hear meanwhile.
    boolean awaitsPong = pongsDue > 0 && !heardSincePing;
    if (awaitsPong && silent > keepAliveNanos) {
      fail(
          new ClientException(
              ClientException.Kind.FAILED,
              endpoint + ": no answer to a ping within " + keepAliveSeconds + " s"));
    } else if (!awaitsPong && silent > keepAliveNanos * 3 / 4) {
      ping();
    }
  }

  // What the broker sends.

  private boolean accept(Packet packet) throws PacketException {
    accepting = true;
    try {
      dispatch(packet);
    } finally {
      accepting = false;
    }
    if (disconnectsNext) {
      disconnectsNext = false;
      disconnect();
    }
    return state != State.CLOSED && !turnEnds;
  }

  private void dispatch(Packet packet) throws PacketException {
    if (state == State.DISCONNECTING) {
      return; // nothing may be sent after DISCONNECT [MQTT-3.14.4-1]
    }
    if (state == State.AWAITING_CONNACK
        && !(packet instanceof ConnAck || packet instanceof Disconnect)) {
      throw PacketException.protocolError(packet.type() + " before CONNACK"); // [MQTT-3.2.0-1]
    }
    switch (packet) {
      case Publish publish -> onPublish(publish);
      case PubAck(int packetId, var reason, var properties) ->
          onAcknowledged(packetId, reason, properties);
      case PubRec(int packetId, var reason, var properties) -> {
        if (reason.isError()) {
          onAcknowledged(packetId, reason, properties);
        } else {
          sendAck(PacketType.PUBREL, packetId);
        }
      }
      case PubComp(int packetId, var reason, var properties) ->
          onAcknowledged(packetId, reason, properties);
      case PubRel(int packetId, var _, var _) -> {
        if (receivedQos2 != null) {
          receivedQos2.clear(packetId);
        }
        sendAck(PacketType.PUBCOMP, packetId);
      }
      case ConnAck answer -> onConnAck(answer);
      case SubAck(int packetId, var _, var _) -> onAnswer(packetId, packet);
      case UnsubAck(int packetId, var _, var _) -> onAnswer(packetId, packet);
      case PingResp _ -> pongsDue = Math.max(0, pongsDue - 1);
      case Disconnect goodbye -> fail(Explanation.of(goodbye, endpoint));
      case Auth _ -> throw PacketException.protocolError("AUTH, which nobody asked for");
      case Connect _, Subscribe _, Unsubscribe _, PingReq _ ->
          throw new AssertionError("the decoder takes no " + packet.type() + " from a server");
    }
  }

  private void onConnAck(ConnAck answer) throws PacketException {
    if (state != State.AWAITING_CONNACK) {
      throw PacketException.protocolError("a second CONNACK");
    }
    if (answer.reason().isError()) {
      fail(Explanation.of(answer, endpoint));
      return;
    }
    Properties properties = answer.properties();
    receiveMaximum = (int) properties.number(Property.RECEIVE_MAXIMUM, receiveMaximum);
    packetBytesMax = properties.number(Property.MAXIMUM_PACKET_SIZE, packetBytesMax);
    keepAliveSeconds =
        (int) properties.number(Property.SERVER_KEEP_ALIVE, connect.keepAliveSeconds());
    enter(State.CONNECTED);
    listener.onConnected(this, answer);
  }

  private void onPublish(Publish publish) {
    int packetId = publish.packetId();
    switch (publish.qos()) {
      case AT_MOST_ONCE -> listener.onMessage(this, publish);
      case AT_LEAST_ONCE -> {
        listener.onMessage(this, publish);
        sendAck(PacketType.PUBACK, packetId);
      }
      case EXACTLY_ONCE -> {
        if (receivedQos2 == null) {
          receivedQos2 = new BitSet();
        }
        if (!receivedQos2.get(packetId)) {
          receivedQos2.set(packetId);
          listener.onMessage(this, publish);
        }
        sendAck(PacketType.PUBREC, packetId);
      }
    }
  }

  private void onAcknowledged(int packetId, ReasonCode reason, Properties properties)
      throws PacketException {
    release(packetId);
    inFlight--;
    listener.onAcknowledged(this, packetId, reason, properties);
  }

  private void onAnswer(int packetId, Packet answer) throws PacketException {
    release(packetId);
    listener.onAnswer(this, answer);
  }

  private void release(int packetId) throws PacketException {
    if (!ids.release(packetId)) {
      throw PacketException.protocolError(
          "an answer to packet identifier " + packetId + ", which is not in use");
    }
  }

  @Override
  public String toString() {
    return connect.clientId() + "@" + endpoint;
  }
}

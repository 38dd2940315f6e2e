package io.signalbox.server.bench.client;

import io.signalbox.server.codec.ByteOutput;
import io.signalbox.server.codec.PacketDecoder;
import io.signalbox.server.codec.PacketEncoder;
import io.signalbox.server.codec.PacketReader;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import io.signalbox.server.topic.TopicNames;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A broker of the simplest kind for the clients under test: a thread a connection, one lock, and
 * mistakes on demand.
 */
public final class FakeBroker implements AutoCloseable {

  /**
   * What it does wrong: with each tenth delivery, with each retained message, or with each message,
   * which goes to all subscriptions.
   */
  public enum Fault {
    NONE,
    LOSE,
    REPEAT,
    DELAY,
    KEEP_FIRST,
    SPREAD
  }

  public volatile Fault fault = Fault.NONE;
  public volatile ReasonCode connectAnswer = ReasonCode.SUCCESS;
  public volatile ReasonCode publishAnswer = ReasonCode.SUCCESS;
  public volatile @Nullable ReasonCode subscribeAnswer;
  public volatile Properties connAckProperties = Properties.NONE;
  public volatile boolean dropsConnections;
  public volatile boolean answersNothing;

  /** A larger packet ends its connection, without a word. */
  public volatile int packetBytesMax = PacketDecoder.PACKET_BYTES_MAX;

  /** All that came, in order. */
  public final List<Packet> received = new ArrayList<>();

  private final ServerSocket listener;
  private final Map<String, Session> sessions = new HashMap<>();
  private int lastingConnects;
  private final Map<TopicName, Publish> retained = new LinkedHashMap<>();
  private final Set<Socket> sockets = new HashSet<>();
  private int deliveries;

  public FakeBroker() throws IOException {
    this(new ServerSocket(0, 100, InetAddress.getLoopbackAddress()));
  }

  FakeBroker(ServerSocket listener) {
    this.listener = listener;
    Thread.ofVirtual().start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        synchronized (this) {
          sockets.add(socket);
        }
        Thread.ofVirtual().start(() -> new Link(socket).run());
      }
    } catch (IOException _) {
      // closed
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    hangUp();
  }

  /** Packets of a kind that came. */
  public synchronized <P extends Packet> List<P> received(Class<P> kind) {
    return received.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** Connections so far whose sessions were to outlive them. */
  public synchronized int lastingConnects() {
    return lastingConnects;
  }

  /** Sessions that outlive their connections. */
  public synchronized long lasting() {
    return sessions.values().stream().filter(session -> session.stays).count();
  }

  /** Messages for sessions whose clients are away. */
  public synchronized int waiting() {
    return sessions.values().stream().mapToInt(session -> session.waiting.size()).sum();
  }

  /** Topics with a retained message. */
  public synchronized int retained() {
    return retained.size();
  }

  /** Sends packets to all connected clients, at once. */
  public synchronized void broadcast(Packet... packets) {
    for (Session session : sessions.values()) {
      if (session.link != null) {
        session.link.send(packets);
      }
    }
  }

  /** Closes all connections. */
  public synchronized void hangUp() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private static final class Session {
    final Map<String, Qos> filters = new LinkedHashMap<>();
    final Deque<Publish> waiting = new ArrayDeque<>();
    @Nullable Link link;
    boolean stays;
    int lastPacketId;
    @Nullable Publish delayed;
  }

  private void route(Publish publish) {
    if (publish.retain()) {
      if (publish.payload().length == 0) {
        retained.remove(publish.topic());
      } else if (fault == Fault.KEEP_FIRST) {
        retained.putIfAbsent(publish.topic(), publish);
      } else {
        retained.put(publish.topic(), publish);
      }
    }
    for (Session session : sessions.values()) {
      session.filters.forEach(
          (filter, qos) -> {
            if (matches(filter, publish.topic()) || fault == Fault.SPREAD) {
              deliver(session, publish, qos.min(publish.qos()), false);
            }
          });
    }
  }

  private static boolean matches(String filter, TopicName name) {
    try {
      return TopicFilter.of(filter).matches(name);
    } catch (InvalidTopicException e) {
      throw new IllegalStateException(e);
    }
  }

  private void deliver(Session session, Publish publish, Qos qos, boolean retain) {
    var copy =
        new Publish(
            publish.topic(),
            qos,
            false,
            retain,
            qos == Qos.AT_MOST_ONCE ? 0 : 1 + session.lastPacketId++ % 60_000,
            publish.properties().forwarded(),
            publish.payload());
    if (session.link == null) {
      if (session.stays && qos != Qos.AT_MOST_ONCE) {
        session.waiting.add(copy);
      }
      return;
    }
    boolean tenth = ++deliveries % 10 == 0;
    if (tenth && fault == Fault.LOSE) {
      return;
    }
    if (tenth && fault == Fault.DELAY && session.delayed == null) {
      session.delayed = copy;
      return;
    }
    session.link.send(copy);
    if (tenth && fault == Fault.REPEAT) {
      session.link.send(copy);
    }
    if (session.delayed != null) {
      session.link.send(session.delayed);
      session.delayed = null;
    }
  }

  private final class Link {
    private final Socket socket;
    private final Set<Integer> inboundQos2 = new HashSet<>();
    private ProtocolVersion version = ProtocolVersion.V5;
    private @Nullable Session session;

    Link(Socket socket) {
      this.socket = socket;
    }

    void run() {
      var decoder = new PacketDecoder(new PacketReader(), new TopicNames(), packetBytesMax);
      byte[] bytes = new byte[1 << 21];
      int have = 0;
      try {
        for (int read = socket.getInputStream().read(bytes);
            read >= 0;
            read = socket.getInputStream().read(bytes, have, bytes.length - have)) {
          have += read;
          int consumed = decoder.decode(bytes, 0, have, this::accept);
          System.arraycopy(bytes, consumed, bytes, 0, have - consumed);
          have -= consumed;
        }
      } catch (IOException | PacketException _) {
        // the tests see that the connection ends
      } finally {
        end();
      }
    }

    private void end() {
      synchronized (FakeBroker.this) {
        if (session != null && session.link == this) {
          session.link = null;
        }
        closeSocket();
      }
    }

    private void closeSocket() {
      try {
        socket.close();
      } catch (IOException _) {
        // gone
      }
    }

    void send(Packet... packets) {
      var out = new ByteOutput(64);
      for (Packet packet : packets) {
        PacketEncoder.encode(packet, version, out);
      }
      try {
        socket.getOutputStream().write(out.array, 0, out.position);
      } catch (IOException _) {
        // its reader ends the link
      }
    }

    private boolean accept(Packet packet) {
      synchronized (FakeBroker.this) {
        received.add(packet);
        return answersNothing || dispatch(packet);
      }
    }

    private boolean dispatch(Packet packet) {
      switch (packet) {
        case Connect connect -> onConnect(connect);
        case Subscribe subscribe -> onSubscribe(subscribe);
        case Unsubscribe unsubscribe -> {
          unsubscribe.topicFilters().forEach(session().filters::remove);
          send(
              new UnsubAck(
                  unsubscribe.packetId(),
                  unsubscribe.topicFilters().stream().map(_ -> ReasonCode.SUCCESS).toList(),
                  Properties.NONE));
        }
        case Publish publish -> onPublish(publish);
        case PubRec rec -> send(new PubRel(rec.packetId()));
        case PubRel rel -> {
          inboundQos2.remove(rel.packetId());
          send(new PubComp(rel.packetId()));
        }
        case PingReq _ -> send(new PingResp());
        case Disconnect _ -> {
          closeSocket();
          return false;
        }
        default -> {}
      }
      return true;
    }

    private Session session() {
      if (session == null) {
        throw new IllegalStateException("no CONNECT");
      }
      return session;
    }

    private void onConnect(Connect connect) {
      version = connect.version();
      if (dropsConnections) {
        closeSocket();
        return;
      }
      if (connectAnswer.isError()) {
        send(new ConnAck(false, connectAnswer, connAckProperties));
        closeSocket();
        return;
      }
      Session its = connect.cleanStart() ? null : sessions.get(connect.clientId());
      boolean present = its != null;
      if (its == null) {
        its = new Session();
        sessions.put(connect.clientId(), its);
      }
      its.stays = !connect.cleanStart();
      lastingConnects += its.stays ? 1 : 0;
      its.link = this;
      session = its;
      send(new ConnAck(present, ReasonCode.SUCCESS, connAckProperties));
      while (!its.waiting.isEmpty()) {
        send(its.waiting.remove());
      }
    }

    private void onSubscribe(Subscribe subscribe) {
      List<ReasonCode> reasons = new ArrayList<>();
      for (var requested : subscribe.subscriptions()) {
        ReasonCode answer = subscribeAnswer;
        Qos qos = requested.options().maximumQos();
        reasons.add(answer != null ? answer : ReasonCode.of(qos.value()));
        if (answer == null) {
          session().filters.put(requested.topicFilter(), qos);
        }
      }
      send(new SubAck(subscribe.packetId(), reasons, Properties.NONE));
      for (var requested : subscribe.subscriptions()) {
        for (Publish kept : List.copyOf(retained.values())) {
          if (matches(requested.topicFilter(), kept.topic())) {
            deliver(session(), kept, kept.qos().min(requested.options().maximumQos()), true);
          }
        }
      }
    }

    private void onPublish(Publish publish) {
      boolean refused = publishAnswer.isError();
      switch (publish.qos()) {
        case AT_MOST_ONCE -> {}
        case AT_LEAST_ONCE -> send(new PubAck(publish.packetId(), publishAnswer, Properties.NONE));
        case EXACTLY_ONCE -> {
          send(new PubRec(publish.packetId(), publishAnswer, Properties.NONE));
          refused |= !inboundQos2.add(publish.packetId());
        }
      }
      if (!refused) {
        route(publish);
      }
    }
  }
}

package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.routing.Message;
import io.signalbox.server.session.ClientConnection;
import io.signalbox.server.session.Traffic;
import io.signalbox.server.topic.TopicName;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection without a socket: what the broker sends is in {@link #sent}, what the client sends
 * waits while reads are suspended.
 */
final class FakeConnection implements ClientConnection {
  final Deque<Packet> sent = new ArrayDeque<>();
  int credentialsRefused;

  /** Of those that were refused. */
  int guesses;

  private final ManualLoops.Loop loop;
  private final ProtocolVersion version;
  private final Deque<Packet> unread = new ArrayDeque<>();
  private final ClientHandler handler;
  private boolean lazy;
  private int unsentMax = Integer.MAX_VALUE;
  private int suspended;
  private int packetsSent;

  /** So many packets had been sent when the broker last read on. */
  int packetsSentWhenResumed;

  private boolean open = true;

  /** With which reason the broker ended it; null: it did not. */
  @Nullable ReasonCode disconnectedWith;

  private boolean reading;

  FakeConnection(
      ManualLoops loops, ManualLoops.Loop loop, ProtocolVersion version, ClientHandlers handlers) {
    this.loop = loop;
    this.version = version;
    ClientHandler[] made = new ClientHandler[1];
    loops.on(loop, () -> made[0] = handlers.open(this));
    handler = made[0];
  }

  /** As if its listener acknowledged before the disk has a message. */
  FakeConnection lazy() {
    lazy = true;
    return this;
  }

  /** As if from so many packets on its output were full, until {@link #readAll}. */
  FakeConnection congestedFrom(int packets) {
    unsentMax = packets;
    return this;
  }

  /** The client reads what was sent, so that there is room again; call it on the loop. */
  List<Packet> readAll() {
    List<Packet> all = List.copyOf(sent);
    sent.clear();
    handler.onWritable();
    return all;
  }

  /** The network has taken something; call it on the loop. */
  void writable() {
    handler.onWritable();
  }

  /** CONNECT is not answered in time; call it on the loop. */
  void connectTimesOut() {
    handler.onConnectTimeout();
  }

  /** From the client; call it on the loop. */
  void receive(Packet packet) {
    unread.add(packet);
    read();
  }

  /** What the client sent and the broker has not read. */
  int unread() {
    return unread.size();
  }

  private void read() {
    if (reading) {
      return;
    }
    reading = true;
    try {
      while (open && suspended == 0 && !unread.isEmpty()) {
        handler.onPacket(unread.remove());
      }
    } catch (PacketException problem) {
      handler.onPacketException(problem);
    } finally {
      reading = false;
    }
  }

  /** The network broke; call it on the loop. */
  void drop() {
    if (open) {
      open = false;
      loop.execute(() -> handler.onClosed(CloseCause.PEER_RESET));
    }
  }

  /** The broker ends; call it on the loop. */
  void shutDown() {
    if (open) {
      open = false;
      loop.execute(() -> handler.onClosed(CloseCause.SERVER_SHUTDOWN));
    }
  }

  private void end() {
    if (open) {
      open = false;
      loop.execute(() -> handler.onClosed(CloseCause.CLOSED_BY_US));
    }
  }

  private boolean put(Packet packet) {
    if (open) {
      sent.add(packet);
      packetsSent++;
    }
    return open;
  }

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public Peer peer() {
    return new Peer(
        "fake", "tcp", InetAddress.getLoopbackAddress(), 1, null, List.of(), true, lazy, null);
  }

  @Override
  public Traffic traffic() {
    return new Traffic(0, sent.size(), 0, 0);
  }

  @Override
  public ProtocolVersion version() {
    return version;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean send(Packet packet) {
    return put(packet);
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
    TopicName topic = message.topic();
    return put(
        new Publish(topic, qos, dup, retain, packetId, message.properties(), message.payload()));
  }

  @Override
  public void sendPubAck(int packetId, ReasonCode reason) {
    put(new PubAck(packetId, reason, Properties.NONE));
  }

  @Override
  public void sendPubRec(int packetId, ReasonCode reason) {
    put(new PubRec(packetId, reason, Properties.NONE));
  }

  @Override
  public void sendPubRel(int packetId, ReasonCode reason) {
    put(new PubRel(packetId, reason, Properties.NONE));
  }

  @Override
  public void sendPubComp(int packetId, ReasonCode reason) {
    put(new PubComp(packetId, reason, Properties.NONE));
  }

  @Override
  public boolean congested() {
    return sent.size() >= unsentMax;
  }

  @Override
  public void whenFlushed(long graceMillis, Runnable task) {
    loop.execute(task);
  }

  @Override
  public void suspendReads() {
    suspended++;
  }

  @Override
  public void resumeReads() {
    suspended--;
    packetsSentWhenResumed = packetsSent;
    loop.execute(this::read);
  }

  @Override
  public void accepted(
      int keepAliveSeconds, int clientPacketBytesMax, boolean problemInformation) {}

  @Override
  public void disconnect(ReasonCode reason, @Nullable String reasonString) {
    disconnectedWith = open ? reason : disconnectedWith;
    end();
  }

  @Override
  public void credentialRefused(boolean isGuess) {
    credentialsRefused++;
    guesses += isGuess ? 1 : 0;
  }

  @Override
  public void refuse(ConnAck packet) {
    put(packet);
    end();
  }

  @Override
  public void close() {
    end();
  }
}

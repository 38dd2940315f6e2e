package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
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
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import io.signalbox.server.packet.Will;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A client of the broker of a {@link DurableSessionFixture}, which acknowledges what it gets. */
final class DurableClient {
  private final DurableSessionFixture test;
  final FakeConnection connection;
  final List<String> payloads = new ArrayList<>();
  boolean acknowledging = true;
  int dups;
  int acknowledged;
  int completed;
  int releases;
  int pongs;

  /** SUBACKs, whatever they say. */
  int grants;

  int lastId;

  /** Of each PUBLISH. */
  final List<Integer> ids = new ArrayList<>();

  @Nullable ReasonCode connectReason;
  boolean sessionPresent;
  private boolean subscribed;
  @Nullable ReasonCode ackReason;
  @Nullable ReasonCode recReason;

  /** Of each PUBREC. */
  final List<ReasonCode> received = new ArrayList<>();

  private int packetId;

  DurableClient(DurableSessionFixture test, ProtocolVersion version, ManualLoops.Loop loop) {
    this.test = test;
    connection = test.broker.connection(loop, version);
    test.clients.add(this);
  }

  static DurableClient connect(DurableSessionFixture test, String clientId, long expiry) {
    return connect(test, ProtocolVersion.V5, clientId, expiry);
  }

  static DurableClient connect(
      DurableSessionFixture test, ProtocolVersion version, String clientId, long expiry) {
    return connect(test, version, clientId, expiry, null);
  }

  static DurableClient connect(
      DurableSessionFixture test,
      ProtocolVersion version,
      String clientId,
      long expiry,
      @Nullable Will will) {
    return begin(test, version, clientId, expiry, will).accepted();
  }

  /** Without Clean Start, whatever the interval. */
  static DurableClient resume(DurableSessionFixture test, String clientId, long expiry) {
    var client = new DurableClient(test, ProtocolVersion.V5, test.loops.loops.getFirst());
    Properties interval = Properties.NONE.with(Property.SESSION_EXPIRY_INTERVAL, expiry);
    client.send(new Connect(ProtocolVersion.V5, clientId, false, 0, null, null, null, interval));
    return client.accepted();
  }

  DurableClient accepted() {
    test.await(() -> connectReason != null);
    assertEquals(ReasonCode.SUCCESS, connectReason);
    return this;
  }

  /** Has a lasting session, and takes so many messages before it acknowledges one. */
  static DurableClient connectWithReceiveMaximum(
      DurableSessionFixture test, String clientId, int most) {
    return connectWithReceiveMaximum(test, clientId, 1_000, most);
  }

  /** Takes so many messages before it acknowledges one. */
  static DurableClient connectWithReceiveMaximum(
      DurableSessionFixture test, String clientId, long expiry, int most) {
    var client = new DurableClient(test, ProtocolVersion.V5, test.loops.loops.getFirst());
    Properties properties =
        Properties.NONE
            .with(Property.SESSION_EXPIRY_INTERVAL, expiry)
            .with(Property.RECEIVE_MAXIMUM, most);
    client.send(
        new Connect(ProtocolVersion.V5, clientId, expiry == 0, 0, null, null, null, properties));
    return client.accepted();
  }

  /** On a thread of its choice, with a lasting session. */
  static DurableClient connectOf311(
      DurableSessionFixture test, ManualLoops.Loop loop, String clientId) {
    return beginOf311(test, loop, clientId).accepted();
  }

  /** Sends CONNECT on a thread of its choice, for a lasting session. */
  static DurableClient beginOf311(
      DurableSessionFixture test, ManualLoops.Loop loop, String clientId) {
    var client = new DurableClient(test, ProtocolVersion.V3_1_1, loop);
    client.send(
        new Connect(ProtocolVersion.V3_1_1, clientId, false, 0, null, null, null, Properties.NONE));
    return client;
  }

  /** Sends CONNECT. */
  static DurableClient begin(
      DurableSessionFixture test,
      ProtocolVersion version,
      String clientId,
      long expiry,
      @Nullable Will will) {
    var client = new DurableClient(test, version, test.loops.loops.getFirst());
    boolean v5 = version == ProtocolVersion.V5;
    Properties properties =
        v5 ? Properties.NONE.with(Property.SESSION_EXPIRY_INTERVAL, expiry) : Properties.NONE;
    client.send(new Connect(version, clientId, expiry == 0, 0, will, null, null, properties));
    return client;
  }

  DurableClient subscribe() {
    return subscribe("t/#");
  }

  DurableClient subscribe(String filter) {
    return subscribe(subscription(filter));
  }

  DurableClient subscribe(Subscribe packet) {
    subscribed = false;
    send(packet);
    test.await(() -> subscribed);
    return this;
  }

  void unsubscribe(String filter) {
    send(new Unsubscribe(2, List.of(filter), Properties.NONE));
    test.await(() -> !subscribed);
  }

  static Subscribe subscription(String filter) {
    return subscription(filter, Qos.EXACTLY_ONCE);
  }

  static Subscribe subscription(String filter, Qos qos) {
    return new Subscribe(
        1,
        List.of(
            new RequestedSubscription(
                filter, new SubscriptionOptions(qos, false, false, RetainHandling.SEND))),
        Properties.NONE);
  }

  void send(Packet packet) {
    connection.loop().execute(() -> connection.receive(packet));
  }

  void drop() {
    connection.loop().execute(connection::drop);
    test.await(() -> !connection.isOpen());
    test.await(() -> true);
  }

  static Publish message(Qos qos, int packetId, String payload, Properties properties) {
    return message(qos, false, packetId, payload, properties);
  }

  static Publish retained(Qos qos, int packetId, String payload) {
    return message(qos, true, packetId, payload, Properties.NONE);
  }

  private static Publish message(
      Qos qos, boolean retain, int packetId, String payload, Properties properties) {
    return new Publish(
        SimulatedBroker.topic("t/1"),
        qos,
        false,
        retain,
        packetId,
        properties,
        payload.getBytes(UTF_8));
  }

  ReasonCode publish(Qos qos, String payload) {
    return publish(qos, payload, Properties.NONE);
  }

  /** With QoS 1, at once; on the connection's thread. */
  void publish(int withPacketId, String payload) {
    connection.receive(message(Qos.AT_LEAST_ONCE, withPacketId, payload, Properties.NONE));
  }

  /** So many with QoS 1; waits until all are acknowledged. */
  void publishAll(int count) {
    int before = acknowledged;
    for (int i = 1; i <= count; i++) {
      send(message(Qos.AT_LEAST_ONCE, i, "p" + i, Properties.NONE));
    }
    test.await(() -> acknowledged == before + count);
  }

  /** Waits for the first acknowledgement. */
  ReasonCode publish(Qos qos, String payload, Properties properties) {
    ackReason = null;
    recReason = null;
    packetId = packetId % 65_535 + 1;
    send(message(qos, packetId, payload, properties));
    test.await(() -> ackReason != null || recReason != null);
    return Objects.requireNonNull(ackReason != null ? ackReason : recReason);
  }

  void receive(int count) {
    test.await(() -> payloads.size() >= count);
    assertEquals(count, payloads.size());
  }

  void expectNothing() {
    for (int i = 0; i < 200; i++) {
      test.await(() -> true);
    }
    assertEquals(List.of(), payloads);
  }

  void read() {
    while (!connection.sent.isEmpty()) {
      switch (connection.sent.remove()) {
        case ConnAck ack -> {
          connectReason = ack.reason();
          sessionPresent = ack.sessionPresent();
        }
        case SubAck _ -> {
          subscribed = true;
          grants++;
        }
        case UnsubAck _ -> subscribed = false;
        case PubAck ack -> {
          ackReason = ack.reason();
          acknowledged++;
        }
        case PubRec rec -> {
          recReason = rec.reason();
          received.add(rec.reason());
          if (!rec.reason().isError()) {
            send(new PubRel(rec.packetId()));
          }
        }
        case PubComp _ -> completed++;
        case PubRel rel -> {
          releases++;
          send(new PubComp(rel.packetId()));
        }
        case PingResp _ -> pongs++;
        case Publish publish -> {
          payloads.add(new String(publish.payload(), UTF_8));
          dups += publish.dup() ? 1 : 0;
          lastId = publish.packetId();
          ids.add(lastId);
          if (acknowledging && publish.qos() != Qos.AT_MOST_ONCE) {
            send(
                publish.qos() == Qos.AT_LEAST_ONCE
                    ? new PubAck(publish.packetId())
                    : new PubRec(publish.packetId()));
          }
        }
        case Packet other -> fail("a client got " + other);
      }
    }
  }
}

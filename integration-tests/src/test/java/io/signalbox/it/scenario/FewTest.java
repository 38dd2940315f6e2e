package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketBytes.pubComp;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketBytes.unsubscribe;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PacketType.UNSUBACK;
import static io.signalbox.it.wire.PropertyBytes.maximumPacketSize;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Sockets;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A broker that takes few connections, few sessions and little data, and counts what it does. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class FewTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "few",
          BrokerConfig.open()
              .listenerYaml(Transport.TCP, "connections-max: 3")
              .listenerYaml(Transport.TLS, "connections-max: 3")
              .listenerYaml(Transport.WSS, "connections-max: 3")
              .yaml(
                  """
                  limits: { sessions-max: 6, %s }
                  store:
                    bytes-max: 4194304
                  """
                      .formatted(BrokerConfig.PATIENT)));

  private static final String TURNED_AWAY = "signalbox_connections_turned_away_total";
  private static final String UNEXPECTED = "signalbox_acks_unexpected_total";

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.WS, Version.V5);

  /** Over WebSocket, the one transport whose places are not counted. */
  private Peer peer(Version version) {
    return clients.peer(Transport.WS, version, Clients.unique("few"));
  }

  @Test
  @Order(1)
  @Behaviour({309, 129})
  void countersAgreeWithWhatHappened() {
    Metrics before = Metrics.of(BROKER);
    Peer publisher = peer(Version.V5);
    publisher.connect();
    Peer small = peer(Version.V5);
    small.connect(connect -> connect.with(maximumPacketSize(60)));
    String topic = clients.topic();
    small.subscribe(topic, 1);
    for (int i = 0; i < 5; i++) {
      publisher.publish(topic, 0, "q0");
      publisher.publish(topic, 1, "q1");
    }
    for (int i = 0; i < 3; i++) {
      publisher.publish(topic, 1, "x".repeat(100)); // does not fit and is counted
    }
    publisher.publishRetained(topic + "/r", 1, "kept");
    for (int i = 0; i < 10; i++) {
      small.acknowledge(small.receive());
    }
    small.ping();
    small.disconnect();
    publisher.send(bytes(0x00, 0));
    publisher.expectDisconnect(0x81);
    Metrics after = Metrics.of(BROKER);
    assertEquals(2, after.since(before, "signalbox_connects_accepted_total"));
    assertEquals(14, after.since(before, "signalbox_publishes_received_total"));
    assertEquals(10, after.since(before, "signalbox_publishes_sent_total"));
    assertEquals(3, after.since(before, "signalbox_messages_dropped_total"));
    assertEquals(1, after.since(before, "signalbox_malformed_packets_total"));
    assertEquals(1, after.total("signalbox_retained_messages"));
    assertEquals(0, after.total("signalbox_sessions_connected"));
  }

  @Test
  @Order(1)
  @Behaviour({103, 104})
  void acknowledgementsThatNobodyExpectsAreCounted() {
    Peer peer = peer(Version.V5);
    peer.connect();
    String topic = clients.topic();
    peer.subscribe(topic, 2);
    Peer publisher = peer(Version.V5);
    publisher.connect();
    publisher.publish(topic, 2, "two");
    publisher.disconnect();
    Parsed publish = peer.receivePublish("two");
    assertUnexpected(peer, pubAck(publish.packetId())); // of QoS 1, for QoS 2
    peer.acknowledge(publish);
    assertUnexpected(peer, pubAck(4_711));
    assertUnexpected(peer, pubComp(4_712));
    Metrics before = Metrics.of(BROKER);
    peer.send(pubRec(4_713));
    assertEquals(4_713, peer.receive(PUBREL).packetId());
    assertEquals(1, Metrics.of(BROKER).since(before, UNEXPECTED));
    peer.disconnect();
  }

  /** Sends an acknowledgement that is ignored, and sees it counted. */
  private static void assertUnexpected(Peer peer, byte[] acknowledgement) {
    Metrics before = Metrics.of(BROKER);
    peer.send(acknowledgement);
    peer.ping();
    assertEquals(1, Metrics.of(BROKER).since(before, UNEXPECTED));
  }

  @Test
  @Order(1)
  @Behaviour(179)
  void subscriptionsThatComeAndGoAreNotLeftBehind() {
    Peer peer = peer(Version.V5);
    peer.connect();
    peer.subscribe("kept/#", 0);
    long before = Metrics.of(BROKER).total("signalbox_subscriptions");
    for (int i = 0; i < 1_000; i++) {
      peer.send(
          subscribe(Version.V5, 1).filter("gone/" + i % 10 + "/+", 0),
          unsubscribe(Version.V5, 2, "gone/" + i % 10 + "/+"));
    }
    for (int i = 0; i < 1_000; i++) {
      peer.expectAck(SUBACK, 1);
      peer.expectAck(UNSUBACK, 2);
    }
    assertEquals(before, Metrics.of(BROKER).total("signalbox_subscriptions"));
    peer.disconnect();
    assertEquals(before - 1, Metrics.of(BROKER).total("signalbox_subscriptions"));
  }

  @Test
  @Order(2)
  @Behaviour(298)
  void noClientWritesLinesOfItsOwnIntoTheLog() {
    int position = BROKER.logPosition();
    Peer forger = clients.peer("id\n2026-11-28 ERROR forged line\r\u001B[31m red \u202E");
    forger.connect();
    forger.send(bytes(0x00, 0));
    forger.expectDisconnect(0x81);
    Peer next = peer(Version.V5);
    next.connect();
    next.send(
        subscribe(Version.V5, 1).filter("a\n2026-11-28 ERROR forged/#/filter", 0)); // bad, so told
    assertEquals(0x8F, next.receive(SUBACK).reasonCode());
    next.disconnect();
    BROKER.awaitLogFrom(position, "broke the protocol");
    for (String line : BROKER.logFrom(position)) {
      assertTrue(line.chars().noneMatch(Character::isISOControl), line);
      assertTrue(!line.startsWith("2026-11-28 ERROR forged"), line);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"TCP", "TLS", "WSS"})
  @Order(2)
  @Behaviour(30)
  void oneConnectionTooManyIsTurnedAway(Transport transport) throws IOException {
    Metrics before = Metrics.of(BROKER);
    List<Peer> good = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Peer peer = clients.peer(transport, Version.V5, Clients.unique("few"));
      peer.connect();
      good.add(peer);
    }
    InetSocketAddress address = BROKER.endpoint(transport).address();
    try (Socket tooMany = new Socket(address.getAddress(), address.getPort())) {
      assertTrue(Sockets.isEnded(tooMany, RawClient.PATIENCE), "a fourth over " + transport);
    }
    assertEquals(1, Metrics.of(BROKER).since(before, TURNED_AWAY, "reason=\"listener_limit\""));
    good.forEach(Peer::ping);
    Peer elsewhere = peer(Version.V5);
    elsewhere.connect(); // another listener has places of its own
    good.getFirst().disconnect();
    awaitAPlace(transport);
    elsewhere.disconnect();
  }

  /** A place is free when the broker has let go of the socket, a moment after its last byte. */
  private void awaitAPlace(Transport transport) {
    RawClient placed =
        Eventually.succeeds(
            () -> {
              RawClient wire = clients.raw(transport, Version.V5);
              wire.sendIfOpen(connect(Version.V5).clientId(Clients.unique("few")));
              Parsed connAck = wire.poll(RawClient.PATIENCE);
              assertNotNull(connAck, "the place of a closed connection is not given to another");
              assertEquals(0, connAck.reasonCode());
              return wire;
            });
    placed.close();
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  @Order(3)
  @Behaviour(61)
  void clientsThatFightOverAnIdentifierAreCountedAndNobodyIsBanned(Version version) {
    Metrics before = Metrics.of(BROKER);
    String id = Clients.unique("few");
    Peer last = clients.peer(Transport.WS, version, id);
    last.connect();
    for (Transport transport : Transport.values()) {
      Peer next = clients.peer(transport, version, id);
      next.connect();
      if (version.isV5()) {
        last.expectDisconnect(0x8E);
      } else {
        last.expectClosed();
      }
      last = next;
    }
    last.ping();
    last.disconnect();
    assertEquals(
        Transport.values().length,
        Metrics.of(BROKER).since(before, "signalbox_session_takeovers_total"));
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  @Order(4)
  @Behaviour(31)
  void oneSessionTooManyIsRefused(Version version) {
    Eventually.succeeds(
        () -> {
          assertEquals(0, Metrics.of(BROKER).total("signalbox_sessions"), "of other tests");
          return BROKER;
        });
    List<Peer> stored = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Peer peer = peer(version);
      peer.connect(connect -> peer.persistent(connect, 60));
      peer.disconnect();
      stored.add(peer);
    }
    Peer refused = peer(version);
    Parsed connAck = refused.tryConnect(connect -> refused.persistent(connect, 60));
    assertEquals(version.isV5() ? 0x97 : 3, connAck.reasonCode());
    refused.expectClosed();
    Peer again = clients.peer(Transport.WS, version, stored.getFirst().clientId());
    assertTrue(again.resume(60).sessionPresent(), "those that are there are served");
    again.disconnect();
    for (Peer peer : stored) {
      Peer last = clients.peer(Transport.WS, version, peer.clientId());
      last.connect();
      last.disconnect();
    }
  }

  @Test
  @Order(5)
  @Spec3("MQTT-4.8.0-2")
  @Spec("MQTT-3.4.2-1")
  @Behaviour({120, 149})
  void aFullStoreIsSaidAndReadsGoOn() {
    String topic = clients.topic();
    Peer away = peer(Version.V5);
    away.resume(600);
    away.subscribe(topic, 1);
    away.disconnect();
    Peer five = peer(Version.V5);
    five.connect();
    String large = "x".repeat(100_000);
    int acknowledged = 0;
    int code;
    do {
      five.send(five.publish(topic).qos(1, 1).payload(large));
      code = five.receive(PUBACK).reasonCode();
      acknowledged += code == 0 ? 1 : 0;
    } while (code == 0 && acknowledged < 100);
    assertEquals(0x97, code);
    five.ping();
    Peer three = peer(Version.V3);
    three.connect();
    int position = BROKER.logPosition();
    three.send(three.publish(topic).qos(1, 1).payload(large));
    BROKER.awaitLogFrom(position, "waits: the store is full");
    Peer back = clients.peer(away.clientId());
    back.resume(600);
    for (int i = 0; i < acknowledged; i++) {
      back.acknowledge(back.receivePublish(large));
    }
    back.ping();
    three.expectClosed(); // not acknowledged, and ended now that there is room to send it again
  }
}

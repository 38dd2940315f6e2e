package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a client without the right to something hears, over TLS and WSS with tokens. TCP takes 5.0
 * alone and WS 3.1.1 alone, both without credentials.
 */
@ParameterizedClass
@CsvSource({"TLS,V3", "TLS,V5", "WSS,V3", "WSS,V5"})
final class AccessTest {
  private static final String POLICY =
      """
      version: 1
      name: free
      description: Everybody may use free/ under any Client Identifier.
      match: { everyone: true }
      statements:
        - id: connect
          effect: allow
          actions: [connect]
          clientIds: ["*"]
        - id: free
          effect: allow
          actions: [publish, subscribe]
          topics: ["free/#"]
          where: { retain: allow }
      """;

  static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "access",
          BrokerConfig.empty()
              .policy("free", POLICY)
              .listener(Transport.TCP, true, "none")
              .listenerYaml(Transport.TCP, "protocol-versions: [5.0]")
              .listener(Transport.WS, true, "none")
              .listenerYaml(Transport.WS, "protocol-versions: [3.1.1]")
              .listener(Transport.TLS, false, "optional")
              .listener(Transport.WSS, false, "optional"));

  static final String ALICE = BROKER.issueToken("alice", "browsers", "1h");
  static final String BOB = BROKER.issueToken("bob", "browsers", "1h");

  @RegisterExtension final Clients clients;
  private final Version version;

  AccessTest(Transport transport, Version version) {
    this.clients = new Clients(BROKER, transport, version);
    this.version = version;
  }

  private static ConnectBytes as(String token, ConnectBytes connect) {
    return connect.userName("ignored").password(token);
  }

  private Peer connected() {
    return connected(connect -> connect);
  }

  private Peer connected(UnaryOperator<ConnectBytes> changes) {
    Peer peer = clients.peer();
    peer.connect(connect -> changes.apply(as(ALICE, connect)));
    return peer;
  }

  /** Nothing has come to the observer but what another client publishes now. */
  private void assertNothingElse(Peer observer, String topic) {
    connected().publish(topic, 1, "marker");
    observer.receivePublish("marker");
  }

  @Test
  @Spec({"MQTT-3.1.4-2", "MQTT-3.2.2-7", "MQTT-3.2.2-8"})
  @Spec3({"MQTT-3.2.2-4", "MQTT-3.2.2-5"})
  @Behaviour({28, 29})
  void anonymousClientsAreTakenWhereTheListenerSaysSo() {
    Peer anonymous = clients.peer();
    anonymous.send(connect(version).clientId(anonymous.clientId()));
    anonymous.expectConnAck(5, 0x87);
    clients.peer(Transport.TCP, Version.V5, Clients.unique("a")).connect();
  }

  @Test
  @Spec({"MQTT-3.1.4-2", "MQTT-3.1.4-6"})
  @Spec3("MQTT-3.1.4-5")
  @Behaviour(27)
  void aWrongPasswordIsRefusedAndItsWillForgotten() {
    String topic = "free/" + Clients.unique("w");
    Peer observer = connected();
    observer.subscribe(topic, 1);
    Peer wrong = clients.peer();
    wrong.send(
        as(ALICE + "x", connect(version).clientId(wrong.clientId())).will(topic, 1, true, "never"),
        wrong.publish(topic).payload("never"));
    wrong.expectConnAck(4, 0x86);
    wrong.close();
    assertNothingElse(observer, topic);
  }

  @Test
  @Behaviour(59)
  void aWrongPasswordTakesNoConnectionOver() {
    Peer good = connected(connect -> connect.cleanStart(false));
    String topic = "free/" + Clients.unique("o");
    good.subscribe(topic, 1);
    for (boolean clean : new boolean[] {false, true}) {
      Peer wrong = clients.peer(good.clientId());
      wrong.send(as(ALICE + "x", connect(version).clientId(good.clientId()).cleanStart(clean)));
      wrong.expectConnAck(4, 0x86);
    }
    good.ping();
    good.publish(topic, 0, "still here");
    good.receivePublish("still here");
  }

  @Test
  @Spec({"MQTT-3.2.2-1", "MQTT-3.2.2-6"})
  @Spec3("MQTT-3.2.2-4")
  void aRefusalHasNoSessionPresentAlthoughThereIsASession() {
    Peer stored = connected(connect -> connect.cleanStart(false));
    Peer five = clients.peer(Version.V5, stored.clientId());
    five.connect(connect -> five.persistent(as(ALICE, connect), 60));
    five.disconnect();
    Peer refused = clients.peer(stored.clientId());
    refused.send(as("wrong", connect(version).clientId(stored.clientId()).cleanStart(false)));
    refused.expectConnAck(4, 0x86); // the decoder of the tests fails at Session Present 1
    Peer good = clients.peer(stored.clientId());
    assertTrue(good.connect(connect -> as(ALICE, connect).cleanStart(false)).sessionPresent());
  }

  @Test
  @Spec("MQTT-3.1.4-2")
  @Behaviour(60)
  void aSessionBelongsToItsPrincipal() {
    Peer alice = connected(connect -> connect.cleanStart(false));
    for (boolean clean : new boolean[] {false, true}) {
      Peer bob = clients.peer(alice.clientId());
      bob.send(as(BOB, connect(version).clientId(alice.clientId()).cleanStart(clean)));
      bob.expectConnAck(2, 0x85);
    }
    alice.ping();
  }

  @Test
  @Spec3("MQTT-3.3.5-2")
  @Spec({"MQTT-3.4.2-1", "MQTT-3.5.2-1"})
  @Behaviour(98)
  void aPublishThatIsNotAllowedReachesNobody() {
    String topic = "free/" + Clients.unique("p");
    Peer observer = connected();
    observer.subscribe(topic, 2);
    for (int qos = 1; qos <= 2; qos++) {
      Peer publisher = connected();
      publisher.send(publisher.publish("secret/" + topic).qos(qos, 7).payload("never"));
      if (version.isV5()) {
        Parsed answer = publisher.receive(qos == 1 ? PUBACK : PUBREC);
        assertEquals(0x87, answer.reasonCode());
        publisher.ping();
      } else {
        publisher.expectClosed(); // 3.1.1 has no negative acknowledgement
      }
    }
    Peer qos0 = connected();
    qos0.publish("secret/" + topic, 0, "never");
    qos0.ping();
    assertNothingElse(observer, topic);
  }

  @Test
  @Spec("MQTT-4.3.3-9")
  @Spec3("MQTT-3.3.5-2")
  void afterAnErrorInPubRecTheIdentifierIsFree() {
    String topic = "free/" + Clients.unique("i");
    Peer observer = connected();
    observer.subscribe(topic, 2);
    Peer publisher = connected();
    publisher.send(publisher.publish("secret/" + topic).qos(2, 9).payload("refused"));
    if (!version.isV5()) {
      publisher.expectClosed();
      return;
    }
    assertEquals(0x87, publisher.receive(PUBREC).reasonCode());
    publisher.send(publisher.publish(topic).qos(2, 9).payload("another message"));
    publisher.expectAck(PUBREC, 9);
    publisher.send(pubRel(9));
    publisher.expectAck(PUBCOMP, 9);
    observer.acknowledge(observer.receivePublish("another message"));
    observer.ping();
  }

  @Test
  @Behaviour(45)
  void aWillThatIsNotAllowedRefusesTheConnect() {
    Peer peer = clients.peer();
    peer.send(
        as(ALICE, connect(version).clientId(peer.clientId())).will("secret/w", 1, false, "never"));
    peer.expectConnAck(5, 0x87);
    connected(connect -> connect.will("free/w", 1, false, "allowed")).ping();
  }

  @Test
  @Spec({"MQTT-3.9.3-1", "MQTT-3.9.3-2", "MQTT-3.8.4-7"})
  @Spec3({"MQTT-3.9.3-1", "MQTT-3.9.3-2"})
  @Behaviour({170, 257})
  void aFilterThatIsNotAllowedIsRefusedAlone() {
    String topic = "free/" + Clients.unique("s");
    Peer peer = connected();
    peer.send(
        subscribe(version, 5)
            .filter(topic, 1)
            .filter("secret/" + topic, 1)
            .filter("#", 0) // wider than the right
            .filter(topic + "/#", 2));
    int refused = version.isV5() ? 0x87 : 0x80;
    assertEquals(List.of(1, refused, refused, 2), peer.receive(SUBACK).reasonCodes());
    connected().publish(topic, 0, "granted");
    peer.receivePublish("granted");
  }

  @Test
  @Behaviour(198)
  void aRetainedMessageIsNotSentWhereTheFilterIsNotAllowed() {
    String topic = "free/" + Clients.unique("r");
    connected().publishRetained(topic, 1, "retained");
    Peer peer = connected();
    peer.send(subscribe(version, 5).filter("+/" + topic.substring(5), 1));
    assertTrue(peer.receive(SUBACK).reasonCode() >= 0x80);
    peer.ping();
    peer.subscribe(topic, 1);
    peer.receivePublish("retained");
  }

  @Test
  @Spec("MQTT-3.1.2-2")
  @Spec3("MQTT-3.1.2-2")
  @Behaviour(13)
  void aListenerSpeaksItsVersionsOnly() {
    RawClient three = clients.raw(Transport.TCP, Version.V3);
    three.send(connect(Version.V3).clientId(Clients.unique("v")));
    assertArrayEquals(new byte[] {0x20, 2, 0, 1}, three.drain());
    RawClient five = clients.raw(Transport.WS, Version.V5);
    five.send(connect(Version.V5).clientId(Clients.unique("v")));
    byte[] answer = five.drain();
    assertEquals(
        List.of(0x20, 0, 0x84), List.of((int) answer[0], (int) answer[2], answer[3] & 0xFF));
    Parsed connAck = clients.peer(Transport.WS, Version.V3, Clients.unique("v")).connect();
    assertFalse(connAck.sessionPresent());
  }
}

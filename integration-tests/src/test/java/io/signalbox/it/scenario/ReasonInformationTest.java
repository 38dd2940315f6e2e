package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketBytes.unsubscribe;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PacketType.UNSUBACK;
import static io.signalbox.it.wire.PropertyBytes.REASON_STRING;
import static io.signalbox.it.wire.PropertyBytes.USER_PROPERTY;
import static io.signalbox.it.wire.PropertyBytes.requestProblemInformation;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reason Strings, and who does not want them (section 3.1.2.11.7). */
@EachTransport
final class ReasonInformationTest {
  @RegisterExtension final Clients clients;

  ReasonInformationTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
  }

  private Peer peer(int problemInformation) {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.with(requestProblemInformation(problemInformation)));
    return peer;
  }

  /** One answer of each kind, with an error wherever the packet can carry one. */
  private static List<Parsed> answers(Peer peer) {
    peer.send(peer.publish("$SYS/not/writable").qos(1, 1));
    Parsed pubAck = peer.receive(PUBACK);
    peer.send(peer.publish("$SYS/not/writable").qos(2, 2));
    Parsed refused = peer.receive(PUBREC);
    peer.send(pubRel(4_711));
    Parsed pubComp = peer.receive(PUBCOMP);
    peer.send(pubRec(4_712));
    Parsed pubRel = peer.receive(PUBREL);
    peer.send(subscribe(Version.V5, 3).filter("a/#/b", 0));
    Parsed subAck = peer.receive(SUBACK);
    peer.send(unsubscribe(Version.V5, 4, "never/subscribed"));
    Parsed unsubAck = peer.receive(UNSUBACK);
    assertTrue(pubAck.reasonCode() >= 0x80 && subAck.reasonCode() >= 0x80);
    return List.of(pubAck, refused, pubComp, pubRel, subAck, unsubAck);
  }

  @Test
  @Spec("MQTT-3.1.2-29")
  @Behaviour(232)
  void noAcknowledgementExplainsItselfToAClientThatWantsNone() {
    for (Parsed answer : answers(peer(0))) {
      assertFalse(answer.properties().has(REASON_STRING), answer::toString);
      assertFalse(answer.properties().has(USER_PROPERTY), answer::toString);
    }
  }

  @Test
  @Behaviour(232)
  void refusalsExplainThemselvesToOthers() {
    List<Parsed> answers = answers(peer(1));
    assertTrue(answers.get(0).properties().has(REASON_STRING));
    assertTrue(answers.get(1).properties().has(REASON_STRING));
    assertTrue(answers.get(4).properties().has(REASON_STRING));
  }

  @Test
  @Spec("MQTT-3.1.2-29")
  void connAckAndDisconnectMayAlwaysSayWhy() {
    Peer refused = clients.peer("x".repeat(300));
    refused.send(connect(Version.V5).clientId(refused.clientId()));
    Parsed connAck = refused.receive(CONNACK);
    assertEquals(0x85, connAck.reasonCode());
    assertTrue(connAck.properties().has(REASON_STRING));
    Peer peer = peer(0);
    peer.send(bytes(0x00, 0));
    assertEquals(0x81, peer.receive(DISCONNECT).reasonCode());
    peer.expectClosed();
  }
}

package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.disconnect;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketBytes.pubComp;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PropertyBytes.SESSION_EXPIRY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static io.signalbox.it.wire.PropertyBytes.contentType;
import static io.signalbox.it.wire.PropertyBytes.reasonString;
import static io.signalbox.it.wire.PropertyBytes.serverReference;
import static io.signalbox.it.wire.PropertyBytes.userProperty;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reason Codes and properties of DISCONNECT in 5.0. */
@EachTransport
final class DisconnectV5Test {
  @RegisterExtension final Clients clients;

  DisconnectV5Test(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
  }

  private void assertEnded(byte[] packet, int... reasonCodes) {
    Peer peer = clients.connected();
    peer.send(packet);
    peer.expectDisconnect(reasonCodes);
  }

  @Test
  @Behaviour(303)
  void takesEveryShortForm() {
    for (byte[] form :
        List.of(
            bytes(0xE0, 0),
            bytes(0xE0, 1, 0),
            bytes(0xE0, 2, 0, 0),
            disconnect(0x04),
            disconnect(0, reasonString("bye"), userProperty("a", "b")))) {
      Peer peer = clients.connected();
      peer.send(form);
      peer.expectClosed();
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1})
  @Spec("MQTT-3.14.2-1")
  @Behaviour(304)
  void refusesCodesThatOnlyAServerSends(int reasonCode) {
    assertEnded(disconnect(reasonCode), 0x82, 0x81);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x01, 0x02, 0x10, 0x18, 0x7F, 0x85, 0x92, 0xA3, 0xFF})
  @Spec("MQTT-3.14.2-1")
  void refusesCodesThatAreNotOfDisconnect(int reasonCode) {
    assertEnded(disconnect(reasonCode), 0x81, 0x82);
  }

  @Test
  @Spec("MQTT-3.14.2-1")
  void refusesPropertiesThatAreNotTheClients() {
    assertEnded(disconnect(0, serverReference("elsewhere")), 0x81, 0x82);
    assertEnded(disconnect(0, contentType("x")), 0x81, 0x82);
  }

  @Test
  @Spec({"MQTT-3.14.2-2", "MQTT-3.14.4-1", "MQTT-3.14.4-2"})
  void itsOwnDisconnectHasNoSessionExpiryAndIsTheLastPacket() {
    Peer peer = clients.peer();
    peer.resume(60);
    peer.send(bytes(0x00, 0));
    Parsed last = peer.receive(DISCONNECT);
    assertFalse(last.properties().has(SESSION_EXPIRY_INTERVAL));
    peer.expectClosed();
  }

  @Test
  @Spec("MQTT-3.14.0-1")
  void sendsNoDisconnectBeforeConnAck() {
    for (byte[] bad : List.of(bytes(0x00, 0), bytes(0xF0, 0), bytes(0x82, 2, 0, 1))) {
      Peer peer = clients.peer();
      peer.send(bad);
      peer.expectClosed();
    }
  }

  @Test
  @Spec({"MQTT-3.15.1-1", "MQTT-2.1.3-1"})
  void refusesReservedFlagsOfAuth() {
    for (int firstByte : new int[] {0xF1, 0xF2, 0xF8}) {
      assertEnded(bytes(firstByte, 0), 0x81);
    }
  }

  @Test
  @Spec({"MQTT-4.12.0-7", "MQTT-4.12.1-1"})
  @Behaviour(237)
  void refusesAuthWhereConnectHadNoMethod() {
    assertEnded(auth(0x19), 0x82);
    assertEnded(auth(0x18, authenticationMethod("SCRAM-SHA-256")), 0x82);
    assertEnded(bytes(0xF0, 0), 0x82);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x01, 0x10, 0x17, 0x1A, 0x80, 0xFF})
  @Spec("MQTT-3.15.2-1")
  void refusesOtherCodesInAuth(int reasonCode) {
    assertEnded(auth(reasonCode, authenticationMethod("JWT")), 0x81, 0x82);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x40, 0x50, 0x62, 0x70})
  @Spec({"MQTT-3.4.2-1", "MQTT-3.5.2-1", "MQTT-3.6.2-1", "MQTT-3.7.2-1"})
  void refusesCodesThatAreNotOfTheAcknowledgement(int firstByte) {
    assertEnded(packet(firstByte, 0, 1, 0x8D), 0x81);
    assertEnded(packet(firstByte, 0, 1, 0xFF, 0), 0x81);
    if (firstByte >= 0x60) {
      assertEnded(packet(firstByte, 0, 1, 0x10), 0x81);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99})
  @Spec({"MQTT-3.4.2-1", "MQTT-3.5.2-1", "MQTT-4.4.0-2"})
  void takesEveryErrorCodeOfAnAcknowledgementAndDoesNotResend(int reasonCode) {
    String topic = clients.topic();
    Peer peer = clients.peer();
    peer.resume(60);
    peer.subscribe(topic, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "one");
    publisher.publish(topic, 2, "two");
    int one = peer.receivePublish("one").packetId();
    int two = peer.receivePublish("two").packetId();
    peer.send(pubAck(one, reasonCode, reasonString("no")), pubRec(two, reasonCode));
    peer.ping();
    peer.close();
    Peer back = clients.peer(peer.clientId());
    assertTrue(back.resume(60).sessionPresent());
    back.expectNothingQueued(publisher, topic);
  }

  @Test
  @Spec({"MQTT-3.6.2-1", "MQTT-3.7.2-1"})
  void takesIdentifierNotFoundInPubRelAndPubComp() {
    String topic = clients.topic();
    Peer peer = clients.connected();
    peer.subscribe(topic, 2);
    clients.connected().publish(topic, 2, "two");
    int id = peer.receivePublish("two").packetId();
    peer.send(pubRec(id));
    peer.expectAck(PUBREL, id);
    peer.send(pubComp(id, 0x92));
    peer.send(pubRel(999, 0x92));
    assertEquals(0x92, peer.receive(PUBCOMP).reasonCode());
    peer.ping();
  }
}

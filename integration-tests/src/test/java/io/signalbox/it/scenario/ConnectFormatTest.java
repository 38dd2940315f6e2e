package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.binary;
import static io.signalbox.it.wire.PacketBytes.binaryOf;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.disconnect;
import static io.signalbox.it.wire.PacketBytes.hex;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketBytes.publish;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.PINGRESP;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bytes of CONNECT (section 3.1): what is malformed is refused, what is odd but legal is taken.
 */
@EachTransportAndVersion
final class ConnectFormatTest {
  private static final byte[] NOTHING = new byte[0];

  @RegisterExtension final Clients clients;
  private final Version version;

  ConnectFormatTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.version = version;
  }

  /** CONNECT with that flags byte and these payload fields, no properties. */
  private byte[] connectWithFlags(int flags, Object... payload) {
    return packet(
        0x10,
        utf8("MQTT"),
        version.level(),
        flags,
        bytes(0, 0), // Keep Alive
        version.isV5() ? bytes(0) : NOTHING, // Property Length
        bytes(payload));
  }

  private byte[] id() {
    return utf8(Clients.unique("f"));
  }

  private byte[] willProperties() {
    return version.isV5() ? bytes(0) : NOTHING;
  }

  private void assertRefused(int reasonCode, byte[] connect) {
    Peer peer = clients.peer();
    peer.send(connect);
    peer.expectRefused(reasonCode);
  }

  /**
   * Well formed: the password is looked at, and it is nobody's, which even an anonymous client may
   * not show.
   */
  private void assertBadCredentials(byte[] connect) {
    Peer peer = clients.peer();
    peer.send(connect);
    peer.expectConnAck(4, 0x86);
  }

  private void assertAccepted(byte[] connect) {
    Peer peer = clients.peer();
    peer.send(connect);
    assertEquals(0, peer.receive(CONNACK).reasonCode());
    peer.ping();
  }

  @Test
  @Spec({"MQTT-3.1.4-5", "MQTT-3.2.0-1", "MQTT-4.2-1"})
  @Spec3({"MQTT-3.1.4-4", "MQTT-3.2.0-1", "MQTT-7.1.1-1"})
  void answersTheShortestConnect() {
    assertAccepted(connectWithFlags(0x02, id()));
  }

  @Test
  @Spec("MQTT-3.1.2-3")
  @Spec3("MQTT-3.1.2-3")
  void refusesTheReservedConnectFlag() {
    assertRefused(0x81, connectWithFlags(0x03, id()));
  }

  @Test
  @Spec("MQTT-3.1.2-11")
  @Spec3({"MQTT-3.1.2-11", "MQTT-3.1.2-13"})
  void refusesWillQosWithoutWill() {
    assertRefused(0x81, connectWithFlags(0b0000_1010, id()));
    assertRefused(0x81, connectWithFlags(0b0001_0010, id()));
  }

  @Test
  @Spec("MQTT-3.1.2-13")
  @Spec3({"MQTT-3.1.2-11", "MQTT-3.1.2-15"})
  void refusesWillRetainWithoutWill() {
    assertRefused(0x81, connectWithFlags(0b0010_0010, id()));
  }

  @Test
  @Spec("MQTT-3.1.2-12")
  @Spec3("MQTT-3.1.2-14")
  void refusesWillQosThree() {
    assertRefused(
        0x81,
        connectWithFlags(0b0001_1110, id(), willProperties(), utf8(clients.topic()), utf8("will")));
  }

  @Test
  @Spec("MQTT-3.1.2-9")
  @Spec3("MQTT-3.1.2-9")
  void refusesAWillFlagWithoutWillFields() {
    assertRefused(0x81, connectWithFlags(0b0000_0110, id()));
    assertRefused(
        0x81, connectWithFlags(0b0000_0110, id(), willProperties(), utf8(clients.topic())));
  }

  @Test
  @Spec({"MQTT-3.1.2-16", "MQTT-3.1.2-18", "MQTT-3.1.4-1"})
  @Spec3({"MQTT-3.1.2-18", "MQTT-3.1.2-20", "MQTT-3.1.4-1"})
  @Behaviour(22)
  void refusesBytesAfterThePayload() {
    assertRefused(0x81, connectWithFlags(0x02, id(), utf8("user")));
    assertRefused(0x81, connectWithFlags(0x02, id(), 0));
  }

  @Test
  @Spec("MQTT-3.1.2-17")
  @Spec3("MQTT-3.1.2-19")
  void refusesAUserNameFlagWithoutUserName() {
    assertRefused(0x81, connectWithFlags(0b1000_0010, id()));
  }

  @Test
  @Spec("MQTT-3.1.2-19")
  @Spec3("MQTT-3.1.2-21")
  void refusesAPasswordFlagWithoutPassword() {
    assertRefused(0x81, connectWithFlags(0b1100_0010, id(), utf8("user")));
  }

  @Test
  @Spec({"MQTT-3.1.3-3", "MQTT-3.1.4-1"})
  @Spec3({"MQTT-3.1.3-3", "MQTT-3.1.4-1"})
  @Behaviour(23)
  void refusesAConnectWithoutClientIdentifier() {
    assertRefused(0x81, connectWithFlags(0x02));
  }

  @Test
  @Spec({"MQTT-3.1.3-4", "MQTT-1.5.4-1"})
  @Spec3({"MQTT-3.1.3-4", "MQTT-1.5.3-1"})
  void refusesAClientIdentifierThatIsNotUtf8() {
    assertRefused(0x81, connectWithFlags(0x02, binaryOf('a', 0xC3, 0x28)));
  }

  @Test
  @Spec({"MQTT-1.5.4-2", "MQTT-3.1.3-4"})
  @Spec3({"MQTT-1.5.3-2", "MQTT-3.1.3-4"})
  void refusesANulInTheClientIdentifier() {
    assertRefused(0x81, connectWithFlags(0x02, binaryOf('a', 0, 'b')));
  }

  @Test
  @Spec("MQTT-3.1.3-12")
  @Spec3("MQTT-3.1.3-11")
  void refusesAUserNameThatIsNotUtf8() {
    assertRefused(0x81, connectWithFlags(0x82, id(), binaryOf(0xED, 0xA0, 0x80)));
  }

  @Test
  @Spec("MQTT-3.1.3-11")
  @Spec3("MQTT-3.1.3-10")
  @Behaviour(92)
  void refusesAWillTopicThatIsNotUtf8OrHoldsNul() {
    assertRefused(
        0x81, connectWithFlags(0x06, id(), willProperties(), binaryOf(0xFF), utf8("will")));
    assertRefused(
        0x81, connectWithFlags(0x06, id(), willProperties(), binaryOf('a', 0), utf8("will")));
  }

  @Test
  @Behaviour(43)
  void refusesAWillTopicWithWildcardOrEmpty() {
    for (String topic : new String[] {"a/#", "a/+/b", ""}) {
      Peer peer = clients.peer();
      peer.send(connectWithFlags(0x06, id(), willProperties(), utf8(topic), utf8("will")));
      peer.expectRefused(0x90, 0x81);
    }
  }

  @Test
  @Spec("MQTT-3.1.3-1")
  @Spec3("MQTT-3.1.3-1")
  void readsThePayloadFieldsInTheirOrder() {
    assertAccepted(
        connectWithFlags(
            0b1000_0110,
            id(),
            willProperties(),
            utf8(clients.topic()),
            utf8("will"),
            utf8("user")));
    assertBadCredentials(
        connectWithFlags(
            0b1100_0110,
            id(),
            willProperties(),
            utf8(clients.topic()),
            utf8("will"),
            utf8("user"),
            utf8("password")));
    // The will comes before the Client Identifier: its topic is taken for the will's message and so
    // on, which leaves bytes over.
    assertRefused(
        0x81, connectWithFlags(0b0000_0110, utf8("#"), willProperties(), id(), utf8("w"), 0xFF));
  }

  @Test
  @Behaviour({24})
  @Spec("MQTT-3.1.2-19")
  @Spec3("MQTT-3.1.2-22")
  void aPasswordWithoutUserNameIsOnlyForFive() {
    byte[] connect = connectWithFlags(0b0100_0010, id(), binary((byte) 1));
    if (version.isV5()) {
      assertBadCredentials(connect);
    } else {
      assertRefused(0x81, connect);
    }
  }

  @Test
  @Behaviour(25)
  void anEmptyPasswordIsAPassword() {
    assertAccepted(connectWithFlags(0b1000_0010, id(), utf8("")));
    assertBadCredentials(connectWithFlags(0b1100_0010, id(), utf8(""), utf8("")));
  }

  @Test
  @Behaviour(26)
  void aPasswordMayHoldAnyBytes() {
    assertBadCredentials(
        connectWithFlags(0b1100_0010, id(), utf8("user"), binaryOf(0, 0xFF, 0xC3, 0x28, 0)));
  }

  @Test
  @Behaviour(1)
  void takesAConnectByteByByte() {
    Peer peer = clients.peer();
    peer.wire().sendByteByByte(connect(version).clientId(peer.clientId()));
    assertEquals(0, peer.receive(CONNACK).reasonCode());
    peer.ping();
  }

  @Test
  @Behaviour(1)
  void takesAConnectSplitAtEveryByte() {
    byte[] connect =
        connect(version)
            .clientId(Clients.unique("s"))
            .will(clients.topic(), 1, false, "w")
            .userName("u")
            .toBytes();
    for (int cut = 1; cut < connect.length; cut++) {
      Peer peer = clients.peer();
      peer.wire().sendSplit(cut, connect, pingReq());
      assertEquals(0, peer.receive(CONNACK).reasonCode());
      peer.wire().expect(0xD0, 0);
      peer.disconnect();
    }
  }

  @Test
  @Behaviour({2, 3})
  void takesPacketsThatCameWithTheConnect() {
    Peer peer = clients.peer();
    String topic = clients.topic();
    peer.send(
        connect(version).clientId(peer.clientId()),
        subscribe(version, 7).filter(topic, 0),
        peer.publish(topic).payload("at once"),
        pingReq());
    assertEquals(0, peer.receive(CONNACK).reasonCode());
    assertEquals(7, peer.receive(SUBACK).packetId());
    peer.receivePublish("at once");
    peer.receive(PINGRESP);
  }

  @Test
  @Spec({"MQTT-3.1.0-1", "MQTT-3.14.0-1"})
  @Spec3("MQTT-3.1.0-1")
  void closesWithoutAWordWhenTheFirstPacketIsNotConnect() {
    for (byte[] first :
        new byte[][] {
          pingReq(),
          publish(version, "a").toBytes(),
          subscribe(version, 1).filter("a", 0).toBytes(),
          disconnect(),
          bytes(0x20, 2, 0, 0)
        }) {
      Peer peer = clients.peer();
      peer.send(first);
      peer.expectClosed();
    }
  }

  @Test
  @Spec("MQTT-3.1.0-2")
  @Spec3({"MQTT-3.1.0-2", "MQTT-4.8.0-1"})
  void endsTheConnectionAtASecondConnect() {
    Peer peer = clients.connected();
    peer.send(connect(version).clientId(peer.clientId()));
    peer.expectDisconnect(0x82);
  }

  @Test
  @Spec("MQTT-3.1.0-2")
  @Spec3("MQTT-3.1.0-2")
  @Behaviour(9)
  void endsTheConnectionAtASecondConnectRightBehindTheFirst() {
    Peer peer = clients.peer();
    peer.send(
        connect(version).clientId(peer.clientId()), connect(version).clientId(peer.clientId()));
    assertEquals(0, peer.receive(CONNACK).reasonCode());
    peer.expectDisconnect(0x82);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mqtt", "MQTt", "MQIsdp", "", "MQTTT", "HTTP"})
  @Spec("MQTT-3.1.2-1")
  @Spec3("MQTT-3.1.2-1")
  @Behaviour(10)
  void closesAtAnotherProtocolName(String name) {
    Peer peer = clients.peer();
    peer.send(
        packet(
            0x10,
            utf8(name),
            version.level(),
            0x02,
            bytes(0, 60),
            version.isV5() ? bytes(0) : NOTHING,
            id()));
    byte[] answer = peer.wire().drain();
    assertTrue(answer.length == 0 || (answer[0] == 0x20 && answer[3] != 0), hex(answer));
  }

  @Test
  @Spec("MQTT-1.5.4-3")
  @Spec3("MQTT-1.5.3-3")
  void takesAByteOrderMarkInTheClientIdentifierAsACharacter() {
    String id = Clients.unique("b");
    Peer plain = clients.peer(id);
    plain.connect();
    Peer marked = clients.peer("\uFEFF" + id);
    marked.connect();
    plain.ping(); // not taken over: another identifier
    marked.ping();
    assertEquals(3, "\uFEFF".getBytes(StandardCharsets.UTF_8).length);
  }
}

package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.binaryOf;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bytes of PUBLISH (section 3.3) in both versions: what is malformed, and sizes at every border
 * of the Remaining Length.
 */
@EachTransportAndVersion
final class PublishFormatTest {
  private static final byte[] NOTHING = new byte[0];

  @RegisterExtension final Clients clients;
  private final byte[] noProperties;

  PublishFormatTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.noProperties = version.isV5() ? bytes(0) : NOTHING;
  }

  private void assertEnded(int reasonCode, byte[] packet) {
    Peer peer = clients.connected();
    peer.send(packet);
    peer.expectDisconnect(reasonCode);
  }

  @Test
  @Spec({"MQTT-3.3.1-4", "MQTT-4.13.1-1"})
  @Spec3({"MQTT-3.3.1-4", "MQTT-4.8.0-1"})
  void refusesQosThree() {
    assertEnded(0x81, packet(0x36, utf8("a"), 0, 1, noProperties));
  }

  @Test
  @Spec("MQTT-3.3.1-2")
  @Spec3("MQTT-3.3.1-2")
  @Behaviour(116)
  void refusesDupWithQos0() {
    assertEnded(0x81, packet(0x38, utf8("a"), noProperties));
  }

  @Test
  @Spec({"MQTT-3.3.2-2", "MQTT-4.7.0-1"})
  @Spec3({"MQTT-3.3.2-2", "MQTT-4.7.1-1"})
  void refusesWildcardsInTheTopicName() {
    for (String topic : List.of("a/#", "#", "+", "a/+/b", "a+b", "a#")) {
      assertEnded(0x90, packet(0x30, utf8(topic), noProperties));
    }
  }

  @Test
  @Spec({"MQTT-3.3.2-1", "MQTT-1.5.4-1"})
  @Spec3({"MQTT-3.3.2-1", "MQTT-1.5.3-1"})
  void refusesATopicNameThatIsNotUtf8() {
    assertEnded(0x81, packet(0x30, binaryOf('a', 0xFF), noProperties));
    assertEnded(0x81, packet(0x32, binaryOf(0xC0, 0x80), 0, 1, noProperties));
  }

  @Test
  @Spec({"MQTT-4.7.3-2", "MQTT-1.5.4-2"})
  @Spec3({"MQTT-4.7.3-2", "MQTT-1.5.3-2"})
  void refusesANulInTheTopicName() {
    assertEnded(0x81, packet(0x30, binaryOf('a', 0, 'b'), noProperties));
  }

  @Test
  @Spec("MQTT-4.7.3-1")
  @Spec3("MQTT-4.7.3-1")
  @Behaviour({114, 302})
  void refusesAnEmptyTopicName() {
    assertEnded(0x82, packet(0x30, utf8(""), noProperties));
  }

  @Test
  @Spec("MQTT-2.2.1-3")
  @Spec3("MQTT-2.3.1-1")
  void refusesPacketIdentifierZero() {
    for (int first : new int[] {0x32, 0x34}) {
      Peer peer = clients.connected();
      peer.send(packet(first, utf8("a"), 0, 0, noProperties));
      peer.expectDisconnect(0x82);
    }
  }

  @Test
  @Spec("MQTT-3.3.2-1")
  @Spec3("MQTT-3.3.2-1")
  void refusesATopicNameThatRunsPastThePacket() {
    assertEnded(0x81, bytes(0x30, 4, 0, 9, 'a', 'b'));
    assertEnded(0x81, bytes(0x30, 1, 0));
    assertEnded(0x81, bytes(0x30, 0));
    assertEnded(0x81, bytes(0x32, 4, 0, 1, 'a', 0)); // half a Packet Identifier
  }

  @Test
  @Spec("MQTT-1.5.5-1")
  @Spec3("MQTT-4.8.0-1")
  @Behaviour(96)
  void refusesARemainingLengthOfFiveBytes() {
    assertEnded(0x81, bytes(0x30, 0x80, 0x80, 0x80, 0x80, 0x01));
    assertEnded(0x81, bytes(0x30, 0xFF, 0xFF, 0xFF, 0xFF));
  }

  @Test
  @Behaviour({95, 296})
  void refusesATooLongPacketBeforeItsBody() {
    assertEnded(0x95, bytes(0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, 'a'));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 127, 128, 129, 16_383, 16_384, 16_385, 65_535, 65_536, 500_000})
  @Behaviour(93)
  void carriesPayloadsAroundTheBordersOfTheLength(int remainingLength) {
    String topic = clients.topic();
    Peer peer = clients.connected();
    peer.subscribe(topic, 2);
    int header = 2 + topic.length() + noProperties.length;
    for (int qos = 0; qos <= 2; qos++) {
      byte[] payload = new byte[Math.max(0, remainingLength - header - (qos > 0 ? 2 : 0))];
      new Random(remainingLength).nextBytes(payload);
      peer.send(peer.publish(topic).qos(qos, qos == 0 ? 0 : 100 + qos).payload(payload));
      assertArrayEquals(payload, roundTrip(peer, qos, 100 + qos).payload());
    }
  }

  /**
   * The PUBLISH that comes back to its own sender, amid the acknowledgements of both directions.
   */
  private static Parsed roundTrip(Peer peer, int qos, int sentId) {
    Parsed publish = null;
    boolean acknowledged = qos == 0;
    while (publish == null || !acknowledged) {
      Parsed packet = peer.receive();
      switch (packet.type()) {
        case PUBLISH -> publish = packet;
        case PUBACK, PUBCOMP -> acknowledged = packet.packetId() == sentId;
        case PUBREC -> peer.send(pubRel(sentId));
        default -> throw new AssertionError("unexpected " + packet);
      }
    }
    peer.acknowledge(publish);
    return publish;
  }

  @Test
  @Spec("MQTT-3.2.2-15")
  @Behaviour({93, 94, 132, 302})
  void takesAPacketOfExactlyTheMaximumSizeAndNoneAbove() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 1);
    int header = 1 + 3 + 2 + topic.length() + noProperties.length;
    Peer publisher = clients.connected();
    byte[] largest = new byte[1_048_576 - header];
    publisher.send(publisher.publish(topic).payload(largest));
    assertEquals(largest.length, observer.receive(PUBLISH).payload().length);

    Peer tooLarge = clients.connected();
    tooLarge.wire().sendIfOpen(tooLarge.publish(topic).payload(new byte[largest.length + 1]));
    tooLarge.expectDisconnect(0x95);
  }

  @Test
  @Spec({"MQTT-4.7.3-3", "MQTT-3.3.2-3"})
  @Spec3({"MQTT-4.7.3-3", "MQTT-3.3.2-3"})
  @Behaviour(111)
  void carriesATopicNameOf65535Bytes() {
    String prefix = clients.topic() + "/";
    String topic = prefix + "x".repeat(65_535 - prefix.length());
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    clients.connected().publish(topic, 0, "long");
    assertEquals(topic, observer.receivePublish("long").topic());
  }

  @Test
  @Spec({"MQTT-1.5.4-3", "MQTT-4.7.3-4"})
  @Spec3({"MQTT-1.5.3-3", "MQTT-4.7.3-4"})
  void comparesTopicsByteByByte() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    List<String> different =
        List.of(
            topic + "/é",
            topic + "/e\u0301",
            topic + "/É",
            topic + "/\uFEFFé",
            topic + "/é ",
            topic + "//é",
            topic + "/é/");
    for (String filter : different) {
      observer.subscribe(filter, 0);
    }
    Peer publisher = clients.connected();
    for (String name : different) {
      publisher.publish(name, 0, name);
      assertEquals(name, observer.receivePublish(name).topic()); // one copy, of the same bytes
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "//", "/a", "a/", "a//b", "/a/", " ", "a b", "a\tb", "\uD83D\uDE00"})
  @Behaviour(109)
  void takesOddTopicsAsTheyAre(String odd) {
    String prefix = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(prefix + odd, 0);
    observer.subscribe(prefix + odd + "/other", 0);
    clients.connected().publish(prefix + odd, 0, "odd");
    assertEquals(prefix + odd, observer.receivePublish("odd").topic());
    observer.ping();
  }

  @Test
  @Behaviour({110, 175})
  void takesATopicOfTheMostLevelsAndRefusesMore() {
    String most = clients.topic() + "/x".repeat(125);
    String tooDeep = most + "/x/x";
    Peer observer = clients.connected();
    observer.subscribe(most + "/#", 0);
    Peer publisher = clients.connected();
    publisher.publish(most, 0, "deep");
    observer.receivePublish("deep");
    publisher.publish(tooDeep, 0, "too deep");
    publisher.publish(most, 0, "marker");
    observer.receivePublish("marker");
    publisher.send(publisher.publish(tooDeep).qos(1, 1));
    if (clients.version().isV5()) {
      assertEquals(0x90, publisher.receive(PUBACK).reasonCode());
      publisher.ping();
    } else {
      publisher.expectClosed();
    }
  }

  @Test
  @Behaviour({1, 93})
  void takesAPublishSplitAtEveryByte() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 1);
    Peer publisher = clients.connected();
    byte[] publish = publisher.publish(topic).qos(1, 5).payload("in two parts").toBytes();
    for (int cut = 1; cut < publish.length; cut++) {
      publisher.wire().sendSplit(cut, new Object[] {publish});
      publisher.expectAck(PUBACK, 5);
      observer.acknowledge(observer.receivePublish("in two parts"));
    }
  }

  @Test
  @Behaviour(2)
  void takesManyPacketsInOneWrite() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    Peer publisher = clients.connected();
    Object[] packets = new Object[500];
    for (int i = 0; i < packets.length; i++) {
      packets[i] = publisher.publish(topic).payload("p" + i);
    }
    publisher.send(packets);
    for (int i = 0; i < packets.length; i++) {
      observer.receivePublish("p" + i);
    }
  }
}

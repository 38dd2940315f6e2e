package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketBytes.pubComp;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The exchanges of QoS 0, 1 and 2 (sections 3.3.4, 3.4 to 3.7 and 4.3), in both versions. */
@EachTransportAndVersion
final class QosTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  QosTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.topic = clients.topic();
  }

  private Peer observer(int qos) {
    Peer observer = clients.connected();
    observer.subscribe(topic, qos);
    return observer;
  }

  @Test
  @Spec({"MQTT-3.3.4-1", "MQTT-4.3.1-1", "MQTT-2.2.1-2"})
  @Spec3({"MQTT-3.3.4-1", "MQTT-4.3.1-1", "MQTT-2.3.1-5", "MQTT-3.3.1-2"})
  void qos0IsNotAnswered() {
    Peer observer = observer(0);
    Peer publisher = clients.connected();
    publisher.publish(topic, 0, "zero");
    publisher.ping();
    Parsed publish = observer.receivePublish("zero");
    assertEquals(0, publish.flags());
    assertEquals(0, publish.packetId());
  }

  @Test
  @Spec({"MQTT-3.3.4-1", "MQTT-4.3.2-4", "MQTT-4.3.2-2", "MQTT-2.2.1-5", "MQTT-3.4.2-1"})
  @Spec3({"MQTT-3.3.4-1", "MQTT-4.3.2-1", "MQTT-4.3.2-2", "MQTT-2.3.1-6"})
  void qos1IsAnsweredByPubAck() {
    Peer observer = observer(1);
    Peer publisher = clients.connected();
    publisher.send(publisher.publish(topic).qos(1, 0xABCD).payload("one"));
    publisher.expectAck(PUBACK, 0xABCD);
    Parsed publish = observer.receivePublish("one");
    assertEquals(0b0010, publish.flags());
    observer.acknowledge(publish);
    observer.ping();
  }

  @Test
  @Spec({"MQTT-3.3.4-1", "MQTT-4.3.3-8", "MQTT-4.3.3-11", "MQTT-2.2.1-5", "MQTT-3.7.2-1"})
  @Spec3({"MQTT-3.3.4-1", "MQTT-4.3.3-2", "MQTT-2.3.1-6"})
  void qos2IsAnsweredByPubRecAndPubComp() {
    Peer publisher = clients.connected();
    publisher.send(publisher.publish(topic).qos(2, 0xFFFF).payload("two"));
    publisher.expectAck(PUBREC, 0xFFFF);
    publisher.send(pubRel(0xFFFF));
    publisher.expectAck(PUBCOMP, 0xFFFF);
  }

  @Test
  @Spec({"MQTT-4.3.3-2", "MQTT-4.3.3-4", "MQTT-2.1.3-1", "MQTT-3.6.1-1", "MQTT-3.6.2-1"})
  @Spec3({"MQTT-4.3.3-1", "MQTT-2.2.2-1", "MQTT-3.6.1-1"})
  void sendsQos2AsTheSendersSide() {
    Peer observer = observer(2);
    clients.connected().publish(topic, 2, "two");
    Parsed publish = observer.receivePublish("two");
    assertEquals(0b0100, publish.flags());
    observer.send(pubRec(publish.packetId()));
    Parsed pubRel = observer.expectAck(PUBREL, publish.packetId());
    assertEquals(0b0010, pubRel.flags());
    observer.send(pubComp(publish.packetId()));
    observer.ping();
  }

  @ParameterizedTest
  @CsvSource({"0,0,0", "0,1,0", "0,2,0", "1,0,0", "1,1,1", "1,2,1", "2,0,0", "2,1,1", "2,2,2"})
  @Spec({"MQTT-3.8.4-8", "MQTT-3.8.4-7"})
  @Spec3({"MQTT-3.8.4-6", "MQTT-3.8.4-5"})
  @Behaviour(162)
  void deliversWithTheLowerOfBothQos(int published, int granted, int delivered) {
    Peer observer = observer(granted);
    clients.connected().publish(topic, published, "qos");
    assertEquals(delivered, observer.receivePublish("qos").qos());
  }

  @Test
  @Spec({"MQTT-3.3.1-3", "MQTT-3.3.1-1"})
  @Spec3("MQTT-3.3.1-3")
  void passesDupNotOn() {
    Peer observer = observer(1);
    Peer publisher = clients.connected();
    publisher.send(publisher.publish(topic).qos(1, 3).dup().payload("dup"));
    publisher.expectAck(PUBACK, 3);
    assertFalse(observer.receivePublish("dup").dup());
  }

  @Test
  @Spec("MQTT-4.3.2-5")
  @Spec3("MQTT-4.3.2-2")
  void afterPubAckTheSameIdentifierIsANewMessage() {
    Peer observer = observer(1);
    Peer publisher = clients.connected();
    publisher.send(publisher.publish(topic).qos(1, 3).payload("first"));
    publisher.expectAck(PUBACK, 3);
    publisher.send(publisher.publish(topic).qos(1, 3).dup().payload("second"));
    publisher.expectAck(PUBACK, 3);
    observer.receivePublish("first");
    observer.receivePublish("second");
  }

  @Test
  @Spec("MQTT-4.3.3-10")
  @Spec3("MQTT-4.3.3-2")
  @Behaviour(99)
  void aRepeatedQos2PublishIsDeliveredOnce() {
    Peer observer = observer(2);
    Peer publisher = clients.connected();
    publisher.send(publisher.publish(topic).qos(2, 3).payload("once"));
    publisher.expectAck(PUBREC, 3);
    for (int i = 0; i < 3; i++) {
      publisher.send(publisher.publish(topic).qos(2, 3).dup().payload("once"));
      publisher.expectAck(PUBREC, 3);
    }
    publisher.send(pubRel(3));
    publisher.expectAck(PUBCOMP, 3);
    observer.acknowledge(observer.receivePublish("once"));
    publisher.publish(topic, 2, "marker");
    observer.receivePublish("marker");
  }

  @Test
  @Spec("MQTT-4.3.3-12")
  @Spec3("MQTT-4.3.3-2")
  void afterPubCompTheSameIdentifierIsANewMessage() {
    Peer observer = observer(2);
    Peer publisher = clients.connected();
    for (String payload : List.of("first", "second")) {
      publisher.send(publisher.publish(topic).qos(2, 3).payload(payload));
      publisher.expectAck(PUBREC, 3);
      publisher.send(pubRel(3));
      publisher.expectAck(PUBCOMP, 3);
      observer.acknowledge(observer.receivePublish(payload));
    }
  }

  @Test
  @Behaviour(100)
  void aRepeatedPubRelIsAnsweredWithoutDelivery() {
    Peer observer = observer(2);
    Peer publisher = clients.connected();
    publisher.send(publisher.publish(topic).qos(2, 3).payload("once"));
    publisher.expectAck(PUBREC, 3);
    publisher.send(pubRel(3));
    publisher.expectAck(PUBCOMP, 3);
    publisher.send(pubRel(3));
    assertEquals(3, publisher.receive(PUBCOMP).packetId());
    observer.acknowledge(observer.receivePublish("once"));
    publisher.publish(topic, 2, "marker");
    observer.receivePublish("marker");
  }

  @Test
  @Behaviour(101)
  void aQos2IdentifierInUseByAnotherTopicIsAResend() {
    Peer observer = observer(2);
    observer.subscribe(topic + "/other", 2);
    Peer publisher = clients.connected();
    publisher.send(publisher.publish(topic).qos(2, 3).payload("first"));
    publisher.expectAck(PUBREC, 3);
    publisher.send(publisher.publish(topic + "/other").qos(2, 3).payload("second"));
    publisher.expectAck(PUBREC, 3);
    publisher.send(pubRel(3));
    publisher.expectAck(PUBCOMP, 3);
    observer.acknowledge(observer.receivePublish("first"));
    publisher.publish(topic + "/other", 2, "marker");
    observer.receivePublish("marker");
  }

  @Test
  @Spec("MQTT-4.3.3-11")
  @Spec3("MQTT-4.3.3-2")
  @Behaviour(102)
  void aPubRelForAnUnknownIdentifierIsAnsweredByPubComp() {
    Peer peer = clients.connected();
    peer.send(pubRel(4_711));
    Parsed pubComp = peer.receive(PUBCOMP);
    assertEquals(4_711, pubComp.packetId());
    assertEquals(clients.version().isV5() ? 0x92 : 0, pubComp.reasonCode());
  }

  @Test
  @Behaviour(103)
  void acknowledgementsForUnknownIdentifiersHarmNobody() {
    Peer peer = clients.connected();
    peer.send(pubAck(4_711), pubComp(4_712));
    peer.ping();
  }

  @Test
  @Behaviour(103)
  void aPubRecForAnUnknownIdentifierIsAnsweredByPubRel() {
    Peer peer = clients.connected();
    peer.send(pubRec(4_711));
    Parsed pubRel = peer.receive(PUBREL);
    assertEquals(4_711, pubRel.packetId());
    assertEquals(clients.version().isV5() ? 0x92 : 0, pubRel.reasonCode());
  }

  @Test
  @Behaviour(104)
  void aPubAckForAQos2MessageDoesNotEndIt() {
    Peer observer = observer(2);
    clients.connected().publish(topic, 2, "two");
    Parsed publish = observer.receivePublish("two");
    observer.send(pubAck(publish.packetId()));
    observer.ping();
    observer.send(pubRec(publish.packetId()));
    observer.expectAck(PUBREL, publish.packetId());
  }

  @Test
  @Spec({"MQTT-2.2.1-4", "MQTT-4.3.2-1", "MQTT-4.3.3-1"})
  @Spec3({"MQTT-2.3.1-4", "MQTT-4.3.2-1", "MQTT-4.3.3-1"})
  void usesDistinctIdentifiersForWhatIsUnacknowledged() {
    Peer observer = observer(2);
    Peer publisher = clients.connected();
    Set<Integer> ids = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      publisher.publish(topic, 1 + i % 2, "m" + i);
      assertTrue(ids.add(observer.receivePublish("m" + i).packetId()));
    }
    assertFalse(ids.contains(0));
  }

  @Test
  @Spec({"MQTT-4.6.0-2", "MQTT-4.6.0-3", "MQTT-4.6.0-4"})
  @Spec3({"MQTT-4.6.0-2", "MQTT-4.6.0-3", "MQTT-4.6.0-4"})
  @Behaviour(118)
  void acknowledgesInTheOrderOfReceipt() {
    Peer persistent = clients.peer();
    persistent.resume(60);
    persistent.subscribe(topic + "/stored", 2);
    persistent.disconnect();
    Peer publisher = clients.connected();
    Object[] packets = new Object[300];
    for (int i = 0; i < packets.length; i++) {
      // Some wait for the disk and some do not; the order must not show it.
      String name = i % 3 == 0 ? topic + "/stored" : topic + "/nobody";
      packets[i] = publisher.publish(name).qos(1 + i % 2, i + 1).payload("m" + i);
    }
    publisher.send(packets);
    for (int i = 0; i < packets.length; i++) {
      publisher.expectAck(i % 2 == 0 ? PUBACK : PUBREC, i + 1);
    }
    for (int i = 1; i < packets.length; i += 2) {
      publisher.send(pubRel(i + 1));
    }
    for (int i = 1; i < packets.length; i += 2) {
      publisher.expectAck(PUBCOMP, i + 1);
    }
  }

  @Test
  @Spec("MQTT-4.6.0-4")
  @Spec3("MQTT-4.6.0-4")
  void sendsPubRelsInTheOrderOfPubRecs() {
    Peer observer = observer(2);
    Peer publisher = clients.connected();
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      publisher.publish(topic, 2, "m" + i);
      ids.add(observer.receivePublish("m" + i).packetId());
    }
    Collections.shuffle(ids, new Random(1));
    for (int id : ids) {
      observer.send(pubRec(id));
    }
    for (int id : ids) {
      observer.expectAck(PUBREL, id);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  @Spec({"MQTT-4.6.0-5", "MQTT-4.6.0-6"})
  @Spec3({"MQTT-4.6.0-5", "MQTT-4.6.0-6"})
  @Behaviour(310)
  void keepsThePublishersOrder(int qos) {
    Peer observer = observer(qos);
    Peer publisher = clients.connected();
    int count = 300;
    Object[] packets = new Object[count];
    for (int i = 0; i < count; i++) {
      packets[i] = publisher.publish(topic).qos(qos, qos == 0 ? 0 : i + 1).payload("n" + i);
    }
    publisher.send(packets);
    for (int i = 0; qos == 2 && i < count; i++) {
      publisher.expectAck(PUBREC, i + 1);
      publisher.send(pubRel(i + 1));
    }
    for (int i = 0; i < count; ) {
      Parsed packet = observer.receive();
      if (packet.type() == PUBLISH) {
        assertEquals("n" + i++, packet.text());
        if (qos == 1) {
          observer.send(pubAck(packet.packetId()));
        }
      }
      if (packet.qos() == 2 && packet.type() == PUBLISH) {
        observer.send(pubRec(packet.packetId()));
      } else if (packet.type() == PUBREL) {
        observer.send(pubComp(packet.packetId()));
      }
    }
  }

  @Test
  @Spec({"MQTT-4.6.0-5", "MQTT-4.6.0-6"})
  @Spec3({"MQTT-4.6.0-5", "MQTT-4.6.0-6"})
  @Behaviour(310)
  void keepsTheOrderOfEachTopicAndQosWhateverWaitsForTheDisk() {
    Peer stored = clients.peer();
    stored.resume(60);
    stored.subscribe(topic + "/+", 2);
    Peer passing = clients.connected();
    passing.subscribe(topic + "/+", 1);
    Peer publisher = clients.connected();
    int count = 240;
    Object[] packets = new Object[count];
    for (int i = 0; i < count; i++) {
      int qos = i / 2 % 3; // six streams: two topics, three QoS
      packets[i] =
          publisher
              .publish(topic + "/" + i % 2)
              .qos(qos, qos == 0 ? 0 : i + 1)
              .payload(i % 2 + "-" + qos + "-" + (1_000 + i));
    }
    publisher.send(packets);
    assertStreamsInOrder(count, passing);
    assertStreamsInOrder(count, stored);
  }

  /** Within each topic and QoS the numbers grow, across them anything goes. */
  private static void assertStreamsInOrder(int count, Peer receiver) {
    Map<String, String> last = new HashMap<>();
    for (int got = 0; got < count; ) {
      Parsed packet = receiver.receive();
      if (packet.type() == PUBLISH) {
        got++;
        String stream = packet.text().substring(0, 3);
        String before = last.put(stream, packet.text());
        assertTrue(before == null || before.compareTo(packet.text()) < 0, before + packet.text());
        if (packet.qos() == 1) {
          receiver.send(pubAck(packet.packetId()));
        } else if (packet.qos() == 2) {
          receiver.send(pubRec(packet.packetId()));
        }
      } else if (packet.type() == PUBREL) {
        receiver.send(pubComp(packet.packetId()));
      }
    }
  }

  @Test
  @Behaviour(97)
  void whatNobodyReceivesIsAcknowledged() {
    Peer publisher = clients.connected();
    int expected = clients.version().isV5() ? 0x10 : 0;
    publisher.send(publisher.publish(topic).qos(1, 1));
    assertEquals(expected, publisher.receive(PUBACK).reasonCode());
    publisher.send(publisher.publish(topic).qos(2, 2));
    assertEquals(expected, publisher.receive(PUBREC).reasonCode());
  }
}

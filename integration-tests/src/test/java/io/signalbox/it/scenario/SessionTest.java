package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.pubComp;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Session State over connections (sections 3.1.2.4 and 4.1), in both versions. */
@EachTransportAndVersion
final class SessionTest {
  @RegisterExtension final Clients clients;

  SessionTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
  }

  /** A disconnected session of a new client that is subscribed to the topic. */
  private String storedSession(String topic, int qos) {
    Peer peer = clients.peer();
    peer.resume(60);
    peer.subscribe(topic, qos);
    peer.disconnect();
    return peer.clientId();
  }

  @Test
  @Spec({"MQTT-3.1.2-5", "MQTT-3.2.2-3", "MQTT-3.1.2-23", "MQTT-3.1.4-4", "MQTT-3.1.3-2"})
  @Spec3({"MQTT-3.1.2-4", "MQTT-3.2.2-2", "MQTT-3.1.4-3", "MQTT-3.1.3-2", "MQTT-4.1.0-1"})
  void resumesItsSubscriptions() {
    String topic = clients.topic();
    String id = storedSession(topic, 1);
    Peer back = clients.peer(id);
    assertTrue(back.resume(60).sessionPresent());
    clients.connected().publish(topic, 1, "still subscribed");
    back.receivePublish("still subscribed");
  }

  @Test
  @Spec({"MQTT-4.5.0-1", "MQTT-3.1.2-5", "MQTT-3.2.0-1"})
  @Spec3({"MQTT-3.1.2-5", "MQTT-4.5.0-1", "MQTT-3.2.0-1"})
  @Behaviour({137, 139})
  void keepsMessagesOfQos1And2ForAnOfflineSession() {
    String topic = clients.topic();
    String id = storedSession(topic, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "one");
    publisher.publish(topic, 2, "two");
    publisher.publish(topic, 1, "three");
    Peer back = clients.peer(id);
    assertTrue(back.resume(60).sessionPresent());
    Parsed one = back.receivePublish("one");
    Parsed two = back.receivePublish("two");
    Parsed three = back.receivePublish("three");
    assertEquals(List.of(1, 2, 1), List.of(one.qos(), two.qos(), three.qos()));
    assertFalse(one.dup() || two.dup() || three.dup());
  }

  @Test
  @Behaviour(137)
  void keepsNoQos0ForAnOfflineSession() {
    String topic = clients.topic();
    String id = storedSession(topic, 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 0, "lost");
    publisher.publish(topic, 1, "kept");
    Peer back = clients.peer(id);
    back.resume(60);
    back.receivePublish("kept");
  }

  @Test
  @Spec("MQTT-4.5.0-1")
  @Spec3("MQTT-4.5.0-1")
  void everyOfflineSessionGetsTheMessage() {
    String topic = clients.topic();
    String first = storedSession(topic, 1);
    String second = storedSession(topic + "/#", 2);
    String third = storedSession(topic, 0);
    Peer publisher = clients.connected();
    publisher.publish(topic, 2, "to all");
    for (String id : List.of(first, second)) {
      Peer back = clients.peer(id);
      back.resume(60);
      back.receivePublish("to all");
    }
    Peer qos0 = clients.peer(third);
    assertTrue(qos0.resume(60).sessionPresent());
    qos0.expectNothingQueued(publisher, topic);
  }

  @Test
  @Spec({"MQTT-3.1.2-4", "MQTT-3.2.2-2"})
  @Spec3({"MQTT-3.1.2-6", "MQTT-3.2.2-1"})
  @Behaviour({150, 158})
  void cleanStartDropsSubscriptionsAndQueue() {
    String topic = clients.topic();
    String id = storedSession(topic, 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "in the old session's queue");
    Peer clean = clients.peer(id);
    assertFalse(clean.connect().sessionPresent());
    publisher.publish(topic, 1, "to no subscription");
    clean.subscribe(topic, 1);
    clean.expectNothingQueued(publisher, topic);
    clean.disconnect();
    assertFalse(clients.peer(id).resume(0).sessionPresent());
  }

  @Test
  @Spec({"MQTT-4.1.0-2", "MQTT-3.2.2-3"})
  @Spec3({"MQTT-3.1.2-6", "MQTT-3.2.2-3"})
  @Behaviour({63, 77})
  void aSessionWithoutExpiryEndsWithItsConnection() {
    Peer peer = clients.peer();
    peer.connect();
    peer.subscribe(clients.topic(), 1);
    peer.disconnect();
    assertFalse(clients.peer(peer.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Spec("MQTT-4.1.0-1")
  @Spec3("MQTT-4.1.0-2")
  void aSessionLastsAsLongAsItsConnection() {
    Peer peer = clients.connected();
    String topic = clients.topic();
    peer.subscribe(topic, 1);
    Peer publisher = clients.connected();
    for (int i = 0; i < 50; i++) {
      publisher.publish(topic, 1, "message " + i);
      peer.acknowledge(peer.receivePublish("message " + i));
    }
  }

  @Test
  @Spec({"MQTT-4.4.0-1", "MQTT-4.3.2-3", "MQTT-3.3.1-1"})
  @Spec3({"MQTT-4.4.0-1", "MQTT-4.3.2-1", "MQTT-3.3.1-1", "MQTT-2.3.1-4"})
  @Behaviour({144, 151, 160})
  void sendsUnacknowledgedMessagesAgainUntilTheyAreAcknowledged() {
    String topic = clients.topic();
    String id = storedSession(topic, 1);
    clients.connected().publish(topic, 1, "again and again");
    Peer first = clients.peer(id);
    first.resume(60);
    Parsed original = first.receivePublish("again and again");
    assertFalse(original.dup());
    first.close();
    for (int i = 0; i < 3; i++) {
      Peer next = clients.peer(id);
      next.resume(60);
      Parsed copy = next.receivePublish("again and again");
      assertTrue(copy.dup());
      assertEquals(original.packetId(), copy.packetId());
      next.close();
    }
    Peer last = clients.peer(id);
    last.resume(60);
    last.acknowledge(last.receivePublish("again and again"));
    last.ping();
    last.disconnect();
    Peer after = clients.peer(id);
    assertTrue(after.resume(60).sessionPresent());
    after.expectNothingQueued(clients.connected(), topic);
  }

  @Test
  @Spec({"MQTT-4.3.3-3", "MQTT-4.3.3-5", "MQTT-4.3.3-6", "MQTT-4.4.0-1"})
  @Spec3({"MQTT-4.3.3-1", "MQTT-4.4.0-1"})
  @Behaviour({148, 152, 153})
  void goesOnWithQos2WhereItStopped() {
    String topic = clients.topic();
    String id = storedSession(topic, 2);
    clients.connected().publish(topic, 2, "exactly once");
    Peer first = clients.peer(id);
    first.resume(60);
    Parsed publish = first.receivePublish("exactly once");
    first.close();

    Peer second = clients.peer(id);
    second.resume(60);
    Parsed again = second.receivePublish("exactly once");
    assertTrue(again.dup());
    assertEquals(publish.packetId(), again.packetId());
    second.send(pubRec(again.packetId()));
    assertEquals(publish.packetId(), second.receive(PUBREL).packetId());
    second.close();

    Peer third = clients.peer(id);
    third.resume(60);
    assertEquals(publish.packetId(), third.receive(PUBREL).packetId()); // and no PUBLISH
    third.send(pubComp(publish.packetId()));
    third.ping();
    third.disconnect();

    Peer fourth = clients.peer(id);
    assertTrue(fourth.resume(60).sessionPresent());
    fourth.expectNothingQueued(clients.connected(), topic);
  }

  @Test
  @Behaviour(141)
  void aQueuedMessageKeepsTheQosOfTheSubscriptionItCameBy() {
    String topic = clients.topic();
    String id = storedSession(topic, 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 2, "queued");
    Peer back = clients.peer(id);
    back.send(
        back.persistent(PacketBytes.connect(clients.version()).clientId(id), 60),
        PacketBytes.subscribe(clients.version(), 1).filter(topic, 0));
    assertTrue(back.receive(CONNACK).sessionPresent());
    int queuedQos = -1;
    for (int i = 0; i < 2; i++) { // SUBACK may come before or after
      Parsed packet = back.receive();
      queuedQos = packet.type() == PUBLISH ? packet.qos() : queuedQos;
    }
    assertEquals(1, queuedQos);
    publisher.publish(topic, 2, "live");
    assertEquals(0, back.receivePublish("live").qos());
  }

  @Test
  @Spec({"MQTT-4.6.0-1", "MQTT-4.6.0-5"})
  @Spec3({"MQTT-4.6.0-1", "MQTT-4.6.0-6"})
  @Behaviour({145, 154})
  void replaysInTheOriginalOrder() {
    String topic = clients.topic();
    String id = storedSession(topic, 2);
    Peer publisher = clients.connected();
    for (int i = 0; i < 10; i++) {
      publisher.publish(topic, 1 + i % 2, "m" + i);
    }
    Peer first = clients.peer(id);
    first.resume(60);
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ids.add(first.receivePublish("m" + i).packetId());
    }
    first.send(pubRec(ids.get(1)));
    first.expectAck(PUBREL, ids.get(1));
    first.close();
    publisher.publish(topic, 1, "later");

    Peer second = clients.peer(id);
    second.resume(60);
    List<Integer> replayed = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Parsed packet = second.receive();
      replayed.add(packet.packetId());
      assertEquals(i == 1 ? PUBREL : PUBLISH, packet.type());
    }
    assertEquals(ids, replayed);
    second.receivePublish("later");
  }

  @Test
  @Spec("MQTT-4.4.0-1")
  @Spec3("MQTT-4.4.0-1")
  @Behaviour(159)
  void resendsNothingOnALiveConnection() {
    String topic = clients.topic();
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "held back");
    publisher.publish(topic, 2, "held back too");
    subscriber.receivePublish("held back");
    subscriber.receivePublish("held back too");
    assertNull(subscriber.wire().poll(Duration.ofSeconds(1)));
    subscriber.ping();
  }

  @Test
  @Spec("MQTT-3.10.4-3")
  @Spec3("MQTT-3.10.4-3")
  @Behaviour(161)
  void completesBegunDeliveriesAfterUnsubscribe() {
    String topic = clients.topic();
    String id = storedSession(topic, 2);
    Peer publisher = clients.connected();
    Peer first = clients.peer(id);
    first.resume(60);
    publisher.publish(topic, 1, "one");
    publisher.publish(topic, 2, "two");
    first.receivePublish("one");
    Parsed two = first.receivePublish("two");
    first.unsubscribe(topic);
    publisher.publish(topic, 1, "after the end");
    first.send(pubRec(two.packetId()));
    first.expectAck(PUBREL, two.packetId());
    first.close();

    Peer second = clients.peer(id);
    second.resume(60);
    second.acknowledge(second.receivePublish("one"));
    second.expectAck(PUBREL, two.packetId());
    second.send(pubComp(two.packetId()));
    second.ping();
  }

  @Test
  @Spec("MQTT-3.1.2-4")
  @Spec3("MQTT-3.1.2-7")
  void retainedMessagesOutliveTheSessionOfTheirPublisher() {
    String topic = clients.topic();
    Peer publisher = clients.connected();
    publisher.publishRetained(topic, 1, "stays");
    publisher.disconnect();
    Peer reader = clients.connected();
    reader.subscribe(topic, 1);
    assertTrue(reader.receivePublish("stays").retain());
  }

  @Test
  @Behaviour(51)
  void aResetInMidQos2KeepsTheState() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 2);
    Peer publisher = clients.peer();
    publisher.resume(60);
    publisher.send(publisher.publish(topic).qos(2, 9).payload("once"));
    publisher.expectAck(PUBREC, 9);
    publisher.wire().reset();

    Peer back = clients.peer(publisher.clientId());
    assertTrue(back.resume(60).sessionPresent());
    back.send(back.publish(topic).qos(2, 9).dup().payload("once"));
    back.expectAck(PUBREC, 9);
    back.send(pubRel(9));
    back.expectAck(PUBCOMP, 9);
    observer.acknowledge(observer.receivePublish("once"));
    back.publish(topic, 2, "marker");
    observer.receivePublish("marker");
  }

  @Test
  @Behaviour(74)
  void staysWhenTheServerEndsTheConnection() {
    Peer peer = clients.peer();
    peer.resume(600);
    String topic = clients.topic();
    peer.subscribe(topic, 1);
    peer.send(PacketBytes.bytes(0x00, 0)); // a packet type that is reserved
    peer.expectDisconnect(0x81);
    clients.connected().publish(topic, 1, "queued");
    Peer back = clients.peer(peer.clientId());
    assertTrue(back.resume(600).sessionPresent());
    back.acknowledge(back.receivePublish("queued"));
    back.disconnect();
  }
}

package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketBytes.unsubscribe;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PacketType.UNSUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.SubscribeBytes;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** SUBSCRIBE and UNSUBSCRIBE and what they do (sections 3.8 to 3.11), in both versions. */
@EachTransportAndVersion
final class SubscribeTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  SubscribeTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.topic = clients.topic();
  }

  private List<Integer> unsubscribed(int... codes) {
    return clients.version().isV5()
        ? IntStream.of(codes).boxed().toList()
        : List.of(0); // 3.1.1 has no codes
  }

  @Test
  @Spec({
    "MQTT-3.8.4-1",
    "MQTT-3.8.4-2",
    "MQTT-2.2.1-6",
    "MQTT-3.8.4-5",
    "MQTT-3.8.4-6",
    "MQTT-3.8.4-7",
    "MQTT-3.9.3-1"
  })
  @Spec3({
    "MQTT-3.8.4-1",
    "MQTT-3.8.4-2",
    "MQTT-2.3.1-7",
    "MQTT-3.8.4-4",
    "MQTT-3.8.4-5",
    "MQTT-3.9.3-1"
  })
  void answersEachFilterInItsOrder() {
    Peer peer = clients.connected();
    peer.send(
        subscribe(clients.version(), 0xFFFF)
            .filter(topic + "/2", 2)
            .filter(topic + "/0", 0)
            .filter(topic + "/1", 1)
            .filter(topic + "/+", 2));
    Parsed subAck = peer.receive(SUBACK);
    assertEquals(0xFFFF, subAck.packetId());
    assertEquals(List.of(2, 0, 1, 2), subAck.reasonCodes());
  }

  @Test
  @Spec({"MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-3.10.4-6", "MQTT-3.11.3-1", "MQTT-3.11.3-2"})
  @Spec3({"MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-3.10.4-6", "MQTT-2.3.1-7"})
  @Behaviour({177, 178})
  void answersUnsubscribeAlsoWhenNothingMatched() {
    Peer peer = clients.connected();
    peer.subscribe(topic, 1);
    peer.send(unsubscribe(clients.version(), 0xABC, topic, topic, topic + "/never"));
    Parsed unsubAck = peer.receive(UNSUBACK);
    assertEquals(0xABC, unsubAck.packetId());
    assertEquals(unsubscribed(0x00, 0x11, 0x11), unsubAck.reasonCodes());
  }

  @Test
  @Spec({"MQTT-3.10.4-1", "MQTT-3.10.4-2"})
  @Spec3({"MQTT-3.10.4-1", "MQTT-3.10.4-2"})
  @Behaviour(182)
  void unsubscribeEndsTheDelivery() {
    Peer peer = clients.connected();
    peer.subscribe(topic, 1);
    peer.subscribe(topic + "/stays", 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "before");
    peer.receivePublish("before");
    peer.unsubscribe(topic);
    publisher.publish(topic, 1, "after");
    publisher.publish(topic + "/stays", 1, "marker"); // comes behind whatever came before it
    peer.receivePublish("marker");
  }

  @Test
  @Spec("MQTT-3.10.4-1")
  @Spec3("MQTT-3.10.4-1")
  void unsubscribeComparesFiltersCharacterByCharacter() {
    Peer peer = clients.connected();
    peer.subscribe(topic + "/+", 1);
    for (String other :
        List.of(topic + "/a", topic + "/#", topic.toUpperCase(Locale.ROOT) + "/+")) {
      assertEquals(unsubscribed(0x11), peer.unsubscribe(other).reasonCodes());
    }
    clients.connected().publish(topic + "/a", 0, "still");
    peer.receivePublish("still");
  }

  @Test
  @Spec({"MQTT-3.8.4-3", "MQTT-3.8.4-8"})
  @Spec3("MQTT-3.8.4-3")
  @Behaviour(163)
  void subscribingAgainReplacesTheSubscription() {
    Peer peer = clients.connected();
    peer.subscribe(topic, 2);
    peer.subscribe(topic, 0);
    Peer publisher = clients.connected();
    publisher.publish(topic, 2, "one copy");
    assertEquals(0, peer.receivePublish("one copy").qos());
    peer.subscribe(topic, 1);
    publisher.publish(topic, 2, "higher again");
    assertEquals(1, peer.receivePublish("higher again").qos());
    peer.ping();
  }

  @Test
  @Spec("MQTT-3.8.4-4")
  @Spec3("MQTT-3.8.4-3")
  void noMessageIsLostWhileASubscriptionIsReplaced() {
    Peer peer = clients.connected();
    peer.subscribe(topic, 1);
    Peer publisher = clients.connected();
    int count = 400;
    for (int i = 0; i < count; i++) {
      publisher.send(publisher.publish(topic).qos(1, i + 1).payload("m" + i));
      if (i % 20 == 10) {
        peer.send(subscribe(clients.version(), i + 1).filter(topic, 1));
      }
    }
    int next = 0;
    while (next < count) {
      Parsed packet = peer.receive();
      if (packet.type() == PUBLISH) {
        assertEquals("m" + next++, packet.text());
        peer.send(pubAck(packet.packetId()));
      }
    }
  }

  @Test
  @Behaviour(168)
  void ofTheSameFilterTwiceTheLastCounts() {
    Peer peer = clients.connected();
    peer.send(subscribe(clients.version(), 1).filter(topic, 2).filter(topic, 1));
    assertEquals(List.of(2, 1), peer.receive(SUBACK).reasonCodes());
    clients.connected().publish(topic, 2, "one copy");
    assertEquals(1, peer.receivePublish("one copy").qos());
    peer.ping();
  }

  @Test
  @Spec("MQTT-3.3.4-2")
  @Spec3("MQTT-3.3.5-1")
  @Behaviour(166)
  void overlappingSubscriptionsDeliverWithTheHighestQos() {
    Peer peer = clients.connected();
    peer.subscribe(topic + "/a", 0);
    peer.subscribe(topic + "/+", 2);
    peer.subscribe(topic + "/#", 1);
    Peer publisher = clients.connected();
    for (int i = 0; i < 3; i++) {
      publisher.publish(topic + "/a", 2, "overlap " + i);
      Parsed publish = peer.receivePublish("overlap " + i); // one copy, the same each time
      assertEquals(2, publish.qos());
      peer.acknowledge(publish);
      peer.ping();
    }
  }

  @Test
  @Behaviour(169)
  void takesHundredsOfFilters() {
    Peer peer = clients.connected();
    SubscribeBytes subscribe = subscribe(clients.version(), 1);
    for (int i = 0; i < 1_000; i++) {
      subscribe.filter(topic + "/" + i, i % 3);
    }
    peer.send(subscribe);
    List<Integer> codes = peer.receive(SUBACK).reasonCodes();
    assertEquals(1_000, codes.size());
    for (int i = 0; i < 1_000; i++) {
      assertEquals(i % 3, codes.get(i));
    }
    clients.connected().publish(topic + "/999", 0, "last");
    peer.receivePublish("last");
  }

  @Test
  @Behaviour(169)
  void refusesMoreFiltersThanItsLimit() {
    Peer peer = clients.connected();
    SubscribeBytes subscribe = subscribe(clients.version(), 1);
    for (int i = 0; i < 1_001; i++) {
      subscribe.filter(topic + "/" + i, 0);
    }
    peer.send(subscribe);
    int refused = clients.version().isV5() ? 0x97 : 0x80;
    assertEquals(Collections.nCopies(1_001, refused), peer.receive(SUBACK).reasonCodes());
    peer.ping();
  }

  @Test
  @Behaviour({179, 294})
  void subscribingAndUnsubscribingAThousandTimesLeavesNothingBehind() {
    Peer peer = clients.connected();
    Peer publisher = clients.connected();
    for (int i = 1; i <= 1_000; i++) {
      peer.send(
          subscribe(peer.version(), i).filter(topic + "/+/x/#", 0),
          unsubscribe(peer.version(), i, topic + "/+/x/#"));
    }
    for (int i = 1; i <= 1_000; i++) {
      peer.expectAck(SUBACK, i);
      peer.expectAck(UNSUBACK, i);
    }
    publisher.publish(topic + "/a/x/b", 1, "to nobody");
    peer.ping();
    peer.subscribe(topic + "/+/x/#", 0);
    publisher.publish(topic + "/a/x/b", 0, "once");
    peer.receivePublish("once");
    peer.ping();
  }

  /** The SUBACK of a session that lasts waits for the disk, while the message behind does not. */
  @Test
  @Behaviour(181)
  void whatIsPublishedBetweenSubscribeAndSubAckArrives() {
    Peer peer = clients.peer();
    peer.resume(60);
    for (int i = 0; i < 20; i++) {
      String name = topic + "/" + i;
      peer.send(
          subscribe(peer.version(), peer.newPacketId()).filter(name, 0),
          peer.publish(name).payload("at once"));
      Set<PacketType> answers = EnumSet.noneOf(PacketType.class);
      answers.add(peer.receive().type());
      answers.add(peer.receive().type());
      assertEquals(EnumSet.of(SUBACK, PUBLISH), answers);
    }
  }
}

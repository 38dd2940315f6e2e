package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketBytes.unsubscribe;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PacketType.UNSUBACK;
import static io.signalbox.it.wire.PropertyBytes.maximumPacketSize;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static io.signalbox.it.wire.PropertyBytes.subscriptionId;
import static io.signalbox.it.wire.PropertyBytes.topicAliasMaximum;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The client's Maximum Packet Size (section 3.1.2.11.4): what does not fit is not sent and holds
 * nothing up.
 */
@EachTransport
final class MaximumPacketSizeTest {
  private static final int SMALL = 100;

  @RegisterExtension final Clients clients;
  private final String topic;

  /** Two bytes: shorter than an alias for it. */
  private final String shortTopic;

  MaximumPacketSizeTest(Transport transport) {
    this.shortTopic =
        switch (transport) {
          case TCP -> "~1";
          case TLS -> "~2";
          case WS -> "~3";
          case WSS -> "~4";
        };
    this.clients = new Clients(transport, Version.V5);
    this.topic = clients.topic();
  }

  private Peer small(int size, byte[]... more) {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.with(maximumPacketSize(size)).with(more));
    return peer;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  @Spec({"MQTT-3.1.2-24", "MQTT-3.1.2-25"})
  @Behaviour(129)
  void aTooLargeMessageIsSkippedAndTheRestFlows(int qos) {
    Peer subscriber = small(SMALL, receiveMaximum(1));
    subscriber.subscribe(topic, 2);
    Peer publisher = clients.connected();
    for (int i = 0; i < 5; i++) {
      publisher.publish(topic, qos, "x".repeat(SMALL)); // would fill the window if it took a place
    }
    publisher.publish(topic, qos, "fits");
    subscriber.acknowledge(subscriber.receivePublish("fits"));
    subscriber.ping();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10}) // an alias of ours must not be what makes a message too large
  @Spec("MQTT-3.1.2-24")
  @Behaviour(130)
  void theWholePacketCounts(int topicAliases) {
    int header = 2 + 2 + topic.length() + 2 + 1;
    Peer subscriber = small(SMALL, topicAliasMaximum(topicAliases));
    subscriber.subscribe(topic, 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "y".repeat(SMALL - header + 1));
    publisher.publish(topic, 1, "z".repeat(SMALL - header));
    Parsed exact = subscriber.receive(PUBLISH);
    assertEquals('z', exact.text().charAt(0));
    assertEquals(SMALL, exact.length());
  }

  @Test
  void anAliasLongerThanItsTopicMakesNoMessageTooLarge() {
    int header = 2 + 2 + shortTopic.length() + 2 + 1;
    Peer subscriber = small(SMALL, topicAliasMaximum(10));
    subscriber.subscribe(shortTopic, 1);
    Peer publisher = clients.connected();
    publisher.publish(shortTopic, 1, "gives the alias");
    subscriber.acknowledge(subscriber.receivePublish("gives the alias"));
    publisher.publish(shortTopic, 1, "z".repeat(SMALL - header));
    Parsed exact = subscriber.receivePublish("z".repeat(SMALL - header));
    assertEquals(shortTopic, exact.topic());
    assertEquals(SMALL, exact.length());
  }

  @Test
  @Spec("MQTT-3.1.2-24")
  @Behaviour(130)
  void subscriptionIdentifiersCountToo() {
    int header = 2 + 2 + topic.length() + 1;
    Peer subscriber = small(SMALL);
    subscriber.subscribe(topic, 0, subscriptionId(268_435_455)); // five bytes more
    Peer publisher = clients.connected();
    publisher.publish(topic, 0, "y".repeat(SMALL - header));
    publisher.publish(topic, 0, "z".repeat(SMALL - header - 5));
    assertEquals(SMALL, subscriber.receivePublish("z".repeat(SMALL - header - 5)).length());
  }

  @Test
  @Spec({"MQTT-3.1.2-24", "MQTT-3.1.2-25"})
  @Behaviour(129)
  void aTooLargeRetainedMessageIsSkipped() {
    Peer publisher = clients.connected();
    publisher.publishRetained(topic + "/large", 1, "x".repeat(SMALL));
    publisher.publishRetained(topic + "/small", 1, "fits");
    Peer subscriber = small(SMALL);
    subscriber.subscribe(topic + "/#", 1);
    subscriber.receivePublish("fits");
    subscriber.ping();
  }

  @Test
  @Spec({"MQTT-3.1.2-25", "MQTT-3.1.2-24"})
  @Behaviour(155)
  void aReplayThatNoLongerFitsIsSkipped() {
    Peer first = clients.peer();
    first.resume(60);
    first.subscribe(topic, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "x".repeat(SMALL));
    publisher.publish(topic, 1, "fits");
    first.receive(PUBLISH);
    first.receive(PUBLISH);
    first.close();
    publisher.publish(topic, 1, "y".repeat(SMALL)); // in the queue
    publisher.publish(topic, 1, "behind");

    Peer second = clients.peer(first.clientId());
    second.connect(connect -> second.persistent(connect, 60).with(maximumPacketSize(SMALL)));
    second.acknowledge(second.receivePublish("fits"));
    second.acknowledge(
        second.receivePublish("behind")); // the queue was read past what is too large
    second.ping();
    second.disconnect();
    Peer third = clients.peer(first.clientId());
    third.resume(60);
    publisher.publish(topic, 1, "last");
    third.receivePublish("last"); // what did not fit counts as sent
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 20, 40})
  @Spec({
    "MQTT-3.4.2-2", "MQTT-3.4.2-3", "MQTT-3.5.2-2", "MQTT-3.5.2-3", "MQTT-3.7.2-2", "MQTT-3.7.2-3",
    "MQTT-3.9.2-1", "MQTT-3.9.2-2", "MQTT-3.11.2-1", "MQTT-3.11.2-2", "MQTT-3.6.2-2", "MQTT-3.6.2-3"
  })
  @Behaviour({129, 232})
  void acknowledgementsLeaveOutWhatDoesNotFit(int size) {
    Peer peer = small(size);
    peer.send(
        peer.publish(topic).qos(1, 1),
        peer.publish("$SYS/not/writable").qos(1, 2),
        peer.publish(topic).qos(2, 3),
        pubRel(4_711),
        pubRec(4_712));
    assertFits(size, peer.receive(PUBACK));
    assertFits(size, peer.receive(PUBACK));
    assertFits(size, peer.receive(PUBREC));
    Set<PacketType> answers = new HashSet<>();
    for (int i = 0; i < 2; i++) {
      Parsed answer = peer.receive();
      assertFits(size, answer);
      answers.add(answer.type());
    }
    assertEquals(Set.of(PUBCOMP, PUBREL), answers);
    peer.send(subscribe(Version.V5, 5).filter("a/#/b", 0));
    assertFits(size, peer.receive(SUBACK));
    peer.send(unsubscribe(Version.V5, 6, "never/subscribed"));
    assertFits(size, peer.receive(UNSUBACK));
  }

  private static void assertFits(int size, Parsed packet) {
    assertTrue(packet.length() <= size, packet::toString);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 20, 40})
  @Spec({"MQTT-3.14.2-3", "MQTT-3.14.2-4", "MQTT-3.1.2-24"})
  void disconnectLeavesOutWhatDoesNotFit(int size) {
    Peer peer = small(size);
    peer.send(bytes(0x20, 2, 0, 0));
    Parsed disconnect = peer.receive(DISCONNECT);
    assertEquals(0x82, disconnect.reasonCode());
    assertFits(size, disconnect);
    peer.expectClosed();
  }
}

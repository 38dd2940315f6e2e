package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.binaryOf;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PropertyBytes.CONTENT_TYPE;
import static io.signalbox.it.wire.PropertyBytes.CORRELATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.PAYLOAD_FORMAT_INDICATOR;
import static io.signalbox.it.wire.PropertyBytes.RESPONSE_TOPIC;
import static io.signalbox.it.wire.PropertyBytes.contentType;
import static io.signalbox.it.wire.PropertyBytes.correlationData;
import static io.signalbox.it.wire.PropertyBytes.payloadFormat;
import static io.signalbox.it.wire.PropertyBytes.responseTopic;
import static io.signalbox.it.wire.PropertyBytes.subscriptionId;
import static io.signalbox.it.wire.PropertyBytes.userProperty;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.ReceivedProperties;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Properties of a PUBLISH on their way through the broker (section 3.3.2.3). */
@EachTransport
final class MessagePropertiesTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  MessagePropertiesTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
    this.topic = clients.topic();
  }

  private static byte[] allBytes() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    return all;
  }

  private static byte[][] everything() {
    return new byte[][] {
      payloadFormat(1),
      contentType("text/plain; charset=ü"),
      responseTopic("answers/to/me"),
      correlationData(allBytes()),
      userProperty("b", "2"),
      userProperty("a", "1"),
      userProperty("b", "2"),
      userProperty("", ""),
      userProperty("b", "3")
    };
  }

  private static void assertEverything(ReceivedProperties properties) {
    assertEquals(Optional.of(1L), properties.number(PAYLOAD_FORMAT_INDICATOR));
    assertEquals(Optional.of("text/plain; charset=ü"), properties.text(CONTENT_TYPE));
    assertEquals(Optional.of("answers/to/me"), properties.text(RESPONSE_TOPIC));
    assertArrayEquals(allBytes(), properties.data(CORRELATION_DATA).orElseThrow());
    assertEquals(
        List.of("b=2", "a=1", "b=2", "=", "b=3"),
        properties.userProperties().stream()
            .map(pair -> pair.name() + "=" + pair.value())
            .toList());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  @Spec({
    "MQTT-3.3.2-4",
    "MQTT-3.3.2-15",
    "MQTT-3.3.2-16",
    "MQTT-3.3.2-17",
    "MQTT-3.3.2-18",
    "MQTT-3.3.2-20"
  })
  @Behaviour(225)
  void arriveUnchangedAndInOrder(int qos) {
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 2);
    clients.connected().publish(topic, qos, "live", everything());
    assertEverything(subscriber.receivePublish("live").properties());
  }

  @Test
  @Spec({"MQTT-3.3.2-4", "MQTT-3.3.2-17", "MQTT-3.3.2-18"})
  @Behaviour({188, 226})
  void areKeptWithARetainedMessage() {
    clients.connected().publishRetained(topic, 1, "retained", everything());
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 1);
    assertEverything(subscriber.receivePublish("retained").properties());
  }

  @Test
  @Spec({"MQTT-3.3.2-4", "MQTT-3.3.2-17", "MQTT-3.3.2-18"})
  @Behaviour(226)
  void areKeptWithAQueuedMessage() {
    Peer subscriber = clients.peer();
    subscriber.resume(60);
    subscriber.subscribe(topic, 1);
    subscriber.disconnect();
    clients.connected().publish(topic, 1, "queued", everything());
    Peer back = clients.peer(subscriber.clientId());
    back.resume(60);
    assertEverything(back.receivePublish("queued").properties());
  }

  @Test
  @Behaviour({157, 227})
  void areLeftOutFor311AndNotMadeUpFrom311() {
    Peer three = clients.connected(Version.V3);
    three.subscribe(topic, 1);
    Peer five = clients.connected();
    five.subscribe(topic, 1);
    clients.connected().publish(topic, 1, "from five", everything());
    three.acknowledge(three.receivePublish("from five"));
    assertEverything(five.receivePublish("from five").properties());
    clients.connected(Version.V3).publish(topic, 1, "from three");
    three.receivePublish("from three");
    assertTrue(five.receivePublish("from three").properties().isEmpty());
  }

  @Test
  @Behaviour(157)
  void areLeftOutOfAReplayIn311() {
    Peer five = clients.peer();
    five.resume(60);
    five.subscribe(topic, 1);
    clients.connected().publish(topic, 1, "held", everything());
    five.receivePublish("held");
    five.close();
    Peer three = clients.peer(Version.V3, five.clientId());
    assertTrue(three.resume(60).sessionPresent());
    assertTrue(three.receivePublish("held").dup());
  }

  private void assertEnded(int reasonCode, byte[]... properties) {
    Peer peer = clients.connected();
    peer.send(peer.publish(topic).with(properties));
    peer.expectDisconnect(reasonCode);
  }

  @Test
  @Spec({"MQTT-3.3.4-6"})
  @Behaviour(231)
  void aSubscriptionIdentifierFromAClientIsRefused() {
    assertEnded(0x82, subscriptionId(1));
  }

  @Test
  @Behaviour(113)
  void aPayloadFormatOtherThanZeroAndOneIsRefused() {
    assertEnded(0x82, payloadFormat(2));
  }

  @Test
  @Spec("MQTT-3.3.2-14")
  @Behaviour(115)
  void aResponseTopicWithWildcardsOrEmptyIsRefused() {
    assertEnded(0x82, responseTopic("a/#"));
    assertEnded(0x82, responseTopic("+"));
    assertEnded(0x82, responseTopic(""));
  }

  @Test
  @Spec({"MQTT-3.3.2-13", "MQTT-3.3.2-19", "MQTT-1.5.7-1"})
  void textPropertiesThatAreNotUtf8AreRefused() {
    byte[] bad = binaryOf('a', 0xFF);
    byte[] nul = binaryOf('a', 0);
    assertEnded(0x81, bytes(0x08, bad));
    assertEnded(0x81, bytes(0x08, nul));
    assertEnded(0x81, bytes(0x03, bad));
    assertEnded(0x81, bytes(0x03, nul));
    assertEnded(0x81, bytes(0x26, bad, utf8("v")));
    assertEnded(0x81, bytes(0x26, utf8("k"), nul));
  }

  @Test
  @Behaviour(112)
  void aPayloadThatIsNotUtf8DespiteItsIndicatorIsPassedOn() {
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 0);
    Peer publisher = clients.connected();
    byte[] notText = {(byte) 0xFF, (byte) 0xFE};
    publisher.send(publisher.publish(topic).with(payloadFormat(1)).payload(notText));
    assertArrayEquals(notText, subscriber.receive(PUBLISH).payload());
  }

  @Test
  @Behaviour({230, 302})
  void manyUserPropertiesAreCarriedAndTooManyRefused() {
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 0);
    byte[][] most = new byte[100][];
    for (int i = 0; i < most.length; i++) {
      most[i] = userProperty("k" + i, "v");
    }
    clients.connected().publish(topic, 0, "many", most);
    assertEquals(100, subscriber.receivePublish("many").properties().userProperties().size());
    byte[][] tooMany = Arrays.copyOf(most, 101);
    tooMany[100] = userProperty("more", "v");
    Peer peer = clients.connected();
    peer.send(peer.publish(topic).with(tooMany));
    peer.expectDisconnect(0x97);
  }
}

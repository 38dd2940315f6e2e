package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.disconnect;
import static io.signalbox.it.wire.PropertyBytes.CONTENT_TYPE;
import static io.signalbox.it.wire.PropertyBytes.CORRELATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.MESSAGE_EXPIRY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.PAYLOAD_FORMAT_INDICATOR;
import static io.signalbox.it.wire.PropertyBytes.RESPONSE_TOPIC;
import static io.signalbox.it.wire.PropertyBytes.WILL_DELAY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.contentType;
import static io.signalbox.it.wire.PropertyBytes.correlationData;
import static io.signalbox.it.wire.PropertyBytes.messageExpiry;
import static io.signalbox.it.wire.PropertyBytes.payloadFormat;
import static io.signalbox.it.wire.PropertyBytes.responseTopic;
import static io.signalbox.it.wire.PropertyBytes.userProperty;
import static io.signalbox.it.wire.PropertyBytes.willDelay;
import static io.signalbox.it.wire.SubscribeBytes.NO_LOCAL;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.ReceivedProperties;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Will Delay, Will Properties and the reasons of DISCONNECT in 5.0. */
@EachTransport
@Execution(ExecutionMode.CONCURRENT)
final class WillV5Test {
  @RegisterExtension final Clients clients;
  private final String topic;

  WillV5Test(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
    this.topic = clients.topic();
  }

  private Peer observer() {
    Peer observer = clients.connected();
    observer.subscribe(topic, 1);
    return observer;
  }

  private Peer withDelay(long delaySeconds, long expirySeconds) {
    Peer peer = clients.peer();
    peer.connect(
        connect ->
            peer.persistent(connect, expirySeconds)
                .will(topic, 1, false, "will", willDelay(delaySeconds)));
    return peer;
  }

  private void assertNoWill(Peer observer) {
    clients.connected().publish(topic, 1, "marker");
    observer.receivePublish("marker");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99})
  @Spec({"MQTT-3.14.4-3", "MQTT-3.1.2-8"})
  @Behaviour({79, 80})
  void isPublishedAfterAnyDisconnectButTheNormalOne(int reasonCode) {
    Peer observer = observer();
    Peer peer = withDelay(0, 0);
    peer.send(disconnect(reasonCode));
    peer.expectClosed();
    observer.receivePublish("will");
  }

  @Test
  @Spec("MQTT-3.14.4-3")
  @Behaviour({79, 303})
  void isDroppedByEveryFormOfTheNormalDisconnect() {
    Peer observer = observer();
    for (byte[] normal : List.of(bytes(0xE0, 0), bytes(0xE0, 1, 0), bytes(0xE0, 2, 0, 0))) {
      Peer peer = withDelay(0, 0);
      peer.send(normal);
      peer.expectClosed();
    }
    assertNoWill(observer);
  }

  @Test
  @Spec("MQTT-3.1.2-8")
  @Behaviour(81)
  void comesAfterItsDelay() {
    Peer observer = observer();
    long start = System.nanoTime();
    withDelay(1, 600).close();
    observer.receivePublish("will");
    assertTrue(System.nanoTime() - start >= 1_000_000_000L, "not before the delay");
  }

  @Test
  @Spec("MQTT-3.1.2-8")
  @Behaviour(81)
  void comesAtTheSessionsEndWhenThatIsFirst() {
    Peer observer = observer();
    long start = System.nanoTime();
    withDelay(600, 1).close();
    observer.receivePublish("will");
    assertTrue(System.nanoTime() - start >= 1_000_000_000L, "not before the end");
  }

  @Test
  @Behaviour(82)
  void comesAtOnceWhenTheSessionEndsWithTheConnection() {
    Peer observer = observer();
    withDelay(600, 0).close();
    observer.receivePublish("will");
  }

  @Test
  @Spec({"MQTT-3.1.3-9", "MQTT-3.1.2-8"})
  @Behaviour({55, 83})
  void isCancelledByAReconnectWithinTheDelay() {
    Peer observer = observer();
    Peer peer = withDelay(8, 600);
    peer.close();
    Peer back = clients.peer(peer.clientId());
    assertTrue(back.resume(600).sessionPresent());
    Peer clock = clients.peer();
    String clockTopic = topic + "/clock";
    observer.subscribe(clockTopic, 1);
    clock.connect(
        connect -> clock.persistent(connect, 600).will(clockTopic, 1, false, "tick", willDelay(9)));
    clock.close();
    observer.receivePublish("tick"); // the cancelled one was due before
  }

  @Test
  @Behaviour(83)
  void isDueAtOnceWhenCleanStartEndsTheSession() {
    Peer observer = observer();
    Peer peer = withDelay(600, 600);
    peer.close();
    clients.peer(peer.clientId()).connect();
    observer.receivePublish("will");
  }

  @Test
  @Spec("MQTT-3.1.3-9")
  @Behaviour(55)
  void isSuppressedAtTakeOverWithinTheDelay() {
    Peer observer = observer();
    Peer peer = withDelay(600, 600);
    Peer next = clients.peer(peer.clientId());
    next.resume(600);
    peer.expectDisconnect(0x8E);
    assertNoWill(observer);
  }

  @Test
  @Behaviour(55)
  void isDueAtOnceAtTakeOverWithCleanStart() {
    Peer observer = observer();
    Peer peer = withDelay(600, 600);
    clients.peer(peer.clientId()).connect();
    peer.expectDisconnect(0x8E);
    observer.receivePublish("will");
  }

  @Test
  @Spec({"MQTT-3.1.3-10", "MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-20"})
  @Behaviour({42, 88})
  void carriesItsProperties() {
    Peer observer = observer();
    Peer peer = clients.peer();
    peer.connect(
        connect ->
            connect.will(
                topic,
                1,
                false,
                "{}",
                payloadFormat(1),
                contentType("application/json"),
                responseTopic("answers/here"),
                correlationData((byte) 0, (byte) -1),
                messageExpiry(1_000),
                userProperty("b", "1"),
                userProperty("a", "2"),
                userProperty("b", "1")));
    peer.close();
    ReceivedProperties properties = observer.receivePublish("{}").properties();
    assertEquals(Optional.of(1L), properties.number(PAYLOAD_FORMAT_INDICATOR));
    assertEquals(Optional.of("application/json"), properties.text(CONTENT_TYPE));
    assertEquals(Optional.of("answers/here"), properties.text(RESPONSE_TOPIC));
    assertArrayEquals(new byte[] {0, -1}, properties.data(CORRELATION_DATA).orElseThrow());
    assertTrue(properties.number(MESSAGE_EXPIRY_INTERVAL).orElseThrow() <= 1_000);
    assertFalse(properties.has(WILL_DELAY_INTERVAL));
    assertEquals(
        List.of(
            new ReceivedProperties.Pair("b", "1"),
            new ReceivedProperties.Pair("a", "2"),
            new ReceivedProperties.Pair("b", "1")),
        properties.userProperties());
  }

  @Test
  @Behaviour(86)
  void itsExpiryCountsFromItsPublication() {
    Peer peer = clients.peer();
    Peer stored = clients.peer();
    stored.resume(60);
    stored.subscribe(topic, 1);
    Peer observer = observer();
    peer.connect(
        connect ->
            peer.persistent(connect, 600)
                .will(topic, 1, false, "will", willDelay(8), messageExpiry(1_000)));
    peer.close();
    Parsed will = observer.receivePublish("will");
    // Counted from CONNECT or from the end of the connection it would be 992 at most.
    assertTrue(will.properties().number(MESSAGE_EXPIRY_INTERVAL).orElseThrow() >= 993);
    stored.receivePublish("will");
  }

  @Test
  @Spec("MQTT-3.8.3-3")
  @Behaviour(183)
  void isNotSentBackToItsOwnClientWithNoLocal() {
    Peer observer = observer();
    Peer peer = clients.peer();
    peer.connect(
        connect -> peer.persistent(connect, 60).will(topic, 1, false, "will", willDelay(0)));
    peer.subscribe(topic, 1 | NO_LOCAL);
    peer.close();
    observer.receivePublish("will");
    Peer back = clients.peer(peer.clientId());
    assertTrue(back.resume(60).sessionPresent());
    clients.connected().publish(topic, 1, "marker"); // comes behind whatever came before it
    back.receivePublish("marker");
  }
}

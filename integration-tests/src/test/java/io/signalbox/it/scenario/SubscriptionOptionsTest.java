package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PropertyBytes.subscriptionId;
import static io.signalbox.it.wire.SubscribeBytes.NO_LOCAL;
import static io.signalbox.it.wire.SubscribeBytes.RETAIN_AS_PUBLISHED;
import static io.signalbox.it.wire.SubscribeBytes.RETAIN_IF_NEW;
import static io.signalbox.it.wire.SubscribeBytes.RETAIN_NEVER;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Subscription options and identifiers of 5.0 (sections 3.8.2.1.2, 3.8.3.1 and 3.3.4). */
@EachTransport
final class SubscriptionOptionsTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  SubscriptionOptionsTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
    this.topic = clients.topic();
  }

  private void assertEnded(byte[] packet, int... reasonCodes) {
    Peer peer = clients.connected();
    peer.send(packet);
    peer.expectDisconnect(reasonCodes);
  }

  @Test
  @Spec("MQTT-3.8.3-5")
  void refusesRetainHandling3() {
    assertEnded(subscribe(Version.V5, 1).filter(topic, 0x30).toBytes(), 0x82);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  @Spec("MQTT-3.8.3-3")
  @Behaviour(183)
  void noLocalKeepsOwnMessagesAway(int qos) {
    Peer self = clients.connected();
    self.subscribe(topic, 2 | NO_LOCAL);
    self.publish(topic, qos, "own");
    clients.connected().publish(topic, qos, "of another");
    self.receivePublish("of another");
  }

  @Test
  @Spec("MQTT-3.8.3-3")
  @Behaviour(183)
  void noLocalGoesByTheClientIdentifierAlsoAfterATakeOver() {
    Peer first = clients.peer();
    first.resume(60);
    first.subscribe(topic, 1 | NO_LOCAL);
    Peer second = clients.peer(first.clientId());
    second.resume(60);
    second.publish(topic, 1, "own");
    clients.connected().publish(topic, 1, "of another");
    second.receivePublish("of another");
  }

  @Test
  @Spec("MQTT-3.8.3-4")
  @Behaviour(210)
  void refusesNoLocalOnASharedSubscription() {
    assertEnded(subscribe(Version.V5, 1).filter("$share/g/" + topic, NO_LOCAL).toBytes(), 0x82);
  }

  @Test
  @Spec({"MQTT-3.3.1-12", "MQTT-3.3.1-13"})
  @Behaviour(187)
  void retainAsPublishedDecidesTheFlagOfLiveMessages() {
    Peer as = clients.connected();
    as.subscribe(topic, 1 | RETAIN_AS_PUBLISHED);
    Peer not = clients.connected();
    not.subscribe(topic, 1);
    Peer publisher = clients.connected();
    publisher.publishRetained(topic, 1, "retained");
    publisher.publish(topic, 1, "not retained");
    assertTrue(as.receivePublish("retained").retain());
    assertFalse(as.receivePublish("not retained").retain());
    assertFalse(not.receivePublish("retained").retain());
    assertFalse(not.receivePublish("not retained").retain());
  }

  @Test
  @Spec("MQTT-3.3.1-13")
  @Behaviour(187)
  void retainAsPublishedHoldsForQueuedAndSharedMessages() {
    Peer offline = clients.peer();
    offline.resume(60);
    offline.subscribe(topic, 1 | RETAIN_AS_PUBLISHED);
    offline.disconnect();
    Peer shared = clients.connected();
    shared.subscribe("$share/g/" + topic, 1 | RETAIN_AS_PUBLISHED);
    clients.connected().publishRetained(topic, 1, "retained");
    assertTrue(shared.receivePublish("retained").retain());
    Peer back = clients.peer(offline.clientId());
    back.resume(60);
    assertTrue(back.receivePublish("retained").retain());
  }

  @Test
  @Behaviour(186)
  void whatIsSentBecauseOfASubscribeHasTheRetainFlagAnyway() {
    clients.connected().publishRetained(topic, 1, "stored");
    for (int options : new int[] {1, 1 | RETAIN_AS_PUBLISHED}) {
      Peer peer = clients.connected();
      peer.subscribe(topic, options);
      assertTrue(peer.receivePublish("stored").retain());
    }
  }

  @Test
  @Spec("MQTT-3.3.1-9")
  @Behaviour(185)
  void retainHandling0SendsAtEverySubscribe() {
    clients.connected().publishRetained(topic, 1, "stored");
    Peer peer = clients.connected();
    for (int i = 0; i < 3; i++) {
      peer.subscribe(topic, 0);
      peer.receivePublish("stored");
    }
    peer.ping();
  }

  @Test
  @Spec("MQTT-3.3.1-10")
  @Behaviour(185)
  void retainHandling1SendsForANewSubscriptionOnly() {
    clients.connected().publishRetained(topic, 1, "stored");
    Peer peer = clients.connected();
    peer.subscribe(topic, RETAIN_IF_NEW);
    peer.receivePublish("stored");
    peer.subscribeAndGetNothingRetained(topic, RETAIN_IF_NEW);
    peer.subscribeAndGetNothingRetained(topic, 1 | RETAIN_IF_NEW);
    peer.unsubscribe(topic);
    peer.subscribe(topic, RETAIN_IF_NEW);
    peer.receivePublish("stored");
  }

  @Test
  @Spec("MQTT-3.3.1-10")
  @Behaviour(185)
  void retainHandling1SeesAResumedSubscriptionAsAnExistingOne() {
    clients.connected().publishRetained(topic, 1, "stored");
    Peer peer = clients.peer();
    peer.resume(60);
    peer.subscribe(topic, RETAIN_IF_NEW);
    peer.receivePublish("stored");
    peer.disconnect();
    Peer back = clients.peer(peer.clientId());
    assertTrue(back.resume(0).sessionPresent());
    back.subscribeAndGetNothingRetained(topic, RETAIN_IF_NEW);
    back.disconnect();
    Peer anew = clients.peer(peer.clientId());
    assertFalse(anew.resume(0).sessionPresent());
    anew.subscribe(topic, RETAIN_IF_NEW);
    anew.receivePublish("stored");
  }

  @Test
  @Spec("MQTT-3.3.1-11")
  @Behaviour(185)
  void retainHandling2NeverSends() {
    Peer publisher = clients.connected();
    publisher.publishRetained(topic, 1, "stored");
    publisher.ping();
    Peer peer = clients.connected();
    peer.subscribeAndGetNothingRetained(topic, RETAIN_NEVER);
    publisher.publish(topic, 0, "live");
    peer.receivePublish("live");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 127, 128, 16_383, 16_384, 2_097_152, 268_435_455})
  @Spec({"MQTT-3.3.4-3", "MQTT-1.5.5-1"})
  @Behaviour(165)
  void theIdentifierComesWithTheMessage(int identifier) {
    Peer peer = clients.connected();
    peer.subscribe(topic, 0, subscriptionId(identifier));
    clients.connected().publish(topic, 0, "identified");
    assertEquals(
        List.of((long) identifier),
        peer.receivePublish("identified").properties().subscriptionIds());
  }

  @Test
  @Behaviour(165)
  void refusesIdentifierZeroAndTwoInOneSubscribe() {
    assertEnded(subscribe(Version.V5, 1).filter(topic, 0).with(bytes(0x0B, 0)).toBytes(), 0x82);
    assertEnded(
        subscribe(Version.V5, 1)
            .filter(topic, 0)
            .with(subscriptionId(1), subscriptionId(2))
            .toBytes(),
        0x82);
  }

  @Test
  @Spec({"MQTT-3.3.4-3", "MQTT-3.3.4-4", "MQTT-3.3.4-5"})
  @Behaviour(166)
  void overlapsCarryTheIdentifiersOfAll() {
    Peer peer = clients.connected();
    peer.subscribe(topic + "/a", 0, subscriptionId(1));
    peer.subscribe(topic + "/+", 1, subscriptionId(2));
    peer.subscribe(topic + "/#", 2); // without one
    peer.subscribe("+/" + topic.substring(2) + "/a", 1, subscriptionId(1));
    clients.connected().publish(topic + "/a", 2, "overlap");
    Parsed publish = peer.receivePublish("overlap");
    assertEquals(2, publish.qos());
    List<Long> ids = new ArrayList<>(publish.properties().subscriptionIds());
    Collections.sort(ids);
    assertTrue(ids.equals(List.of(1L, 2L)) || ids.equals(List.of(1L, 1L, 2L)), ids::toString);
    peer.acknowledge(publish);
    peer.ping();
  }

  @Test
  @Spec({"MQTT-3.3.4-3", "MQTT-3.8.4-3"})
  @Behaviour({163, 164})
  void subscribingAgainChangesOrRemovesTheIdentifier() {
    Peer peer = clients.connected();
    Peer publisher = clients.connected();
    peer.subscribe(topic, 0, subscriptionId(1));
    peer.subscribe(topic, 0, subscriptionId(2));
    publisher.publish(topic, 0, "changed");
    assertEquals(List.of(2L), peer.receivePublish("changed").properties().subscriptionIds());
    peer.subscribe(topic, 0);
    publisher.publish(topic, 0, "removed");
    assertEquals(List.of(), peer.receivePublish("removed").properties().subscriptionIds());
  }

  @Test
  @Spec("MQTT-3.3.4-3")
  void queuedMessagesKeepTheIdentifierOfTheirSubscription() {
    Peer peer = clients.peer();
    peer.resume(60);
    peer.subscribe(topic, 1, subscriptionId(77));
    peer.disconnect();
    clients.connected().publish(topic, 1, "queued");
    Peer back = clients.peer(peer.clientId());
    back.resume(60);
    assertEquals(List.of(77L), back.receivePublish("queued").properties().subscriptionIds());
  }

  @Test
  @Spec("MQTT-3.3.4-3")
  @Behaviour(188)
  void retainedMessagesCarryTheIdentifierOfTheNewSubscription() {
    clients.connected().publishRetained(topic, 1, "stored");
    Peer peer = clients.connected();
    peer.subscribe(topic + "/#", 1, subscriptionId(8));
    assertEquals(List.of(8L), peer.receivePublish("stored").properties().subscriptionIds());
  }

  @Test
  @Behaviour(168)
  void oneIdentifierHoldsForAllFiltersOfASubscribe() {
    Peer peer = clients.connected();
    peer.send(
        subscribe(Version.V5, 1)
            .filter(topic + "/a", 0)
            .filter(topic + "/b", 0)
            .with(subscriptionId(5)));
    peer.receive(SUBACK);
    Peer publisher = clients.connected();
    for (String name : List.of("a", "b")) {
      publisher.publish(topic + "/" + name, 0, name);
      assertEquals(List.of(5L), peer.receivePublish(name).properties().subscriptionIds());
    }
  }
}

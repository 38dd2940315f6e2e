package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.SUBACK;
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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Retained messages in both versions (section 3.3.1.3). */
@EachTransportAndVersion
final class RetainTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  RetainTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.topic = clients.topic();
  }

  private void assertNothingRetained(String filter) {
    clients.connected().subscribeAndGetNothingRetained(filter, 2);
  }

  private Parsed retained(String filter) {
    Peer late = clients.connected();
    late.subscribe(filter, 2);
    Parsed publish = late.receive(PUBLISH);
    late.acknowledge(publish);
    late.ping();
    return publish;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  @Spec("MQTT-3.3.1-5")
  @Spec3({"MQTT-3.3.1-5", "MQTT-3.3.1-6", "MQTT-3.3.1-7", "MQTT-3.3.1-8"})
  void theLastOneIsSentToANewSubscription(int qos) {
    Peer publisher = clients.connected();
    publisher.publishRetained(topic, 1, "old");
    publisher.publishRetained(topic, qos, "new");
    publisher.ping();
    Parsed publish = retained(topic);
    assertEquals("new", publish.text());
    assertTrue(publish.retain());
    assertEquals(qos, publish.qos());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  @Spec({"MQTT-3.3.1-6", "MQTT-3.3.1-7"})
  @Spec3({"MQTT-3.3.1-10", "MQTT-3.3.1-11"})
  @Behaviour(191)
  void anEmptyPayloadRemovesItAndIsForwarded(int qos) {
    Peer publisher = clients.connected();
    publisher.publishRetained(topic, 1, "old");
    Peer live = clients.connected();
    live.subscribe(topic, 0);
    live.receivePublish("old");
    publisher.publishRetained(topic, qos, "");
    publisher.ping();
    live.receivePublish("");
    assertNothingRetained(topic);
  }

  @Test
  @Spec("MQTT-3.3.1-8")
  @Spec3("MQTT-3.3.1-12")
  void aMessageWithoutRetainNeitherStoresNorRemoves() {
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "passing");
    assertNothingRetained(topic);
    publisher.publishRetained(topic, 1, "kept");
    publisher.publish(topic, 1, "passing");
    publisher.publish(topic, 1, "");
    assertEquals("kept", retained(topic).text());
  }

  @Test
  @Spec("MQTT-3.3.1-12")
  @Spec3("MQTT-3.3.1-9")
  void aLiveSubscriptionGetsItWithoutTheFlag() {
    Peer live = clients.connected();
    live.subscribe(topic, 1);
    clients.connected().publishRetained(topic, 1, "live");
    assertFalse(live.receivePublish("live").retain());
  }

  @Test
  @Spec({"MQTT-3.3.1-9", "MQTT-3.8.4-4"})
  @Spec3("MQTT-3.8.4-3")
  void subscribingAgainBringsItAgain() {
    clients.connected().publishRetained(topic, 1, "again");
    Peer peer = clients.connected();
    for (int i = 0; i < 3; i++) {
      peer.subscribe(topic, 0);
      assertTrue(peer.receivePublish("again").retain());
    }
  }

  @Test
  @Spec3("MQTT-3.3.1-6")
  void aWildcardBringsOneForEachTopic() {
    Peer publisher = clients.connected();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      String name = topic + "/" + i % 5 + "/" + i;
      publisher.publishRetained(name, 1, "replaced");
      publisher.publishRetained(name, 1, name);
      names.add(name);
    }
    Peer peer = clients.connected();
    peer.subscribe(topic + "/#", 1);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      Parsed publish = peer.receive(PUBLISH);
      assertEquals(publish.topic(), publish.text());
      assertTrue(publish.retain());
      assertTrue(seen.add(publish.topic()));
      peer.acknowledge(publish);
    }
    assertEquals(names, seen);
    peer.ping();
    Peer plus = clients.connected();
    plus.subscribe(topic + "/3/+", 0);
    for (int i = 0; i < 10; i++) {
      assertTrue(plus.receive(PUBLISH).topic().startsWith(topic + "/3/"));
    }
    plus.ping();
  }

  @Test
  @Behaviour({110, 172, 173})
  void filtersMatchRetainedTopicsAsTheyMatchLiveOnes() {
    Peer publisher = clients.connected();
    for (String name : List.of(topic, topic + "/", topic + "//x", topic + "/a", topic + "/a/b")) {
      publisher.publishRetained(name, 1, name);
    }
    assertRetained(topic + "/#", "", "/", "//x", "/a", "/a/b");
    assertRetained(topic + "/+", "/", "/a");
    assertRetained(topic + "/+/+", "//x", "/a/b");
    assertRetained(topic + "/+/#", "/", "//x", "/a", "/a/b");
    assertRetained(topic + "/a/#", "/a", "/a/b");
    assertRetained(topic + "//x", "//x");
  }

  private void assertRetained(String filter, String... suffixes) {
    Peer peer = clients.connected();
    peer.subscribe(filter, 0);
    Set<String> wanted = new HashSet<>();
    Set<String> seen = new HashSet<>();
    for (String suffix : suffixes) {
      wanted.add(topic + suffix);
      seen.add(peer.receive(PUBLISH).topic());
    }
    assertEquals(wanted, seen);
    peer.ping();
  }

  @Test
  @Behaviour(195)
  void staysWhenItsPublisherIsGone() {
    Peer publisher = clients.connected();
    publisher.publishRetained(topic, 2, "legacy");
    publisher.close();
    assertEquals("legacy", retained(topic).text());
  }

  @Test
  @Behaviour(196)
  void ofConcurrentPublishersOneWinsForEverybody() {
    List<Peer> publishers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      publishers.add(clients.connected());
    }
    Peer live = clients.connected();
    live.subscribe(topic, 0);
    for (int round = 0; round < 20; round++) {
      for (Peer publisher : publishers) {
        publisher.send(
            publisher
                .publish(topic)
                .qos(1, round + 1)
                .retain()
                .payload(publisher.clientId() + "-" + round));
      }
    }
    for (Peer publisher : publishers) {
      for (int round = 0; round < 20; round++) {
        publisher.expectAck(PUBACK, round + 1);
      }
    }
    String last = "";
    for (int i = 0; i < 8 * 20; i++) {
      last = live.receive(PUBLISH).text();
    }
    assertTrue(last.endsWith("-19"), last);
    String first = retained(topic).text();
    assertEquals(first, retained(topic).text());
    assertTrue(first.endsWith("-19"), first);
  }

  @Test
  @Spec("MQTT-3.8.4-5")
  @Spec3("MQTT-3.8.4-4")
  @Behaviour(168)
  void isSentForEachMatchingFilterOfOneSubscribe() {
    clients.connected().publishRetained(topic + "/a", 1, "twice");
    Peer peer = clients.connected();
    peer.send(subscribe(clients.version(), 1).filter(topic + "/a", 0).filter(topic + "/+", 0));
    assertEquals(List.of(0, 0), peer.receive(SUBACK).reasonCodes());
    peer.receivePublish("twice");
    peer.receivePublish("twice");
    peer.ping();
  }

  @Test
  void filtersOfOneSubscribeThatFindNothingDoNotHideTheOthers() {
    Peer publisher = clients.connected();
    publisher.publishRetained(topic + "/a/x", 1, "first");
    publisher.publishRetained(topic + "/c", 1, "second");
    Peer peer = clients.connected();
    peer.send(
        subscribe(clients.version(), 1)
            .filter(topic + "/0/+", 0)
            .filter(topic + "/a/#", 0)
            .filter(topic + "/b/#", 0)
            .filter(topic + "/b", 0)
            .filter(topic + "/+/y", 0)
            .filter(topic + "/c/#", 0)
            .filter(topic + "/z/+", 0));
    assertEquals(List.of(0, 0, 0, 0, 0, 0, 0), peer.receive(SUBACK).reasonCodes());
    peer.receivePublish("first");
    peer.receivePublish("second");
    peer.ping();
  }

  /** The broker looks for so many only in several turns. */
  @Test
  void theLastOfManyFiltersFindsWhatIsRetained() {
    int filters = 200;
    Peer publisher = clients.connected();
    publisher.publishRetained(topic + "/last/x", 1, "at the end");
    Peer peer = clients.connected();
    var subscribe = subscribe(clients.version(), 1);
    for (int i = 1; i < filters; i++) {
      subscribe.filter(topic + "/" + i + (i % 2 == 0 ? "/+" : ""), 0);
    }
    peer.send(subscribe.filter(topic + "/last/#", 0));
    assertEquals(filters, peer.receive(SUBACK).reasonCodes().size());
    peer.receivePublish("at the end");
    peer.ping();
  }
}

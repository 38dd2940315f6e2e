package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.disconnect;
import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.unsubscribe;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.UNSUBACK;
import static io.signalbox.it.wire.PropertyBytes.maximumPacketSize;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;
import static io.signalbox.it.wire.PropertyBytes.subscriptionId;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shared Subscriptions (section 4.8.2). */
@EachTransport
final class SharedSubscriptionTest {
  @RegisterExtension final Clients clients;
  private final String topic;
  private final String shared;

  SharedSubscriptionTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
    this.topic = clients.topic();
    this.shared = "$share/workers/" + topic;
  }

  private Peer member(int qos, byte[]... properties) {
    Peer member = clients.connected();
    member.subscribe(shared, qos, properties);
    return member;
  }

  /** Publishes count messages and returns what each member got. */
  private List<List<String>> share(int count, int qos, Peer... members) {
    Peer publisher = clients.connected();
    for (int i = 0; i < count; i++) {
      publisher.publish(topic, qos, "m" + i);
    }
    return Collected.from(count, members).stream()
        .map(packets -> packets.stream().map(Parsed::text).toList())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  @Behaviour({199, 200, 214})
  void eachMessageGoesToOneMemberAndEachMemberGetsItsShare(int qos) {
    int count = 90;
    List<List<String>> received = share(count, qos, member(1), member(1), member(1));
    List<String> all = new ArrayList<>();
    for (List<String> texts : received) {
      all.addAll(texts);
      assertTrue(texts.size() >= count / 6, () -> "share of " + texts.size());
      List<Integer> numbers =
          texts.stream().map(text -> Integer.valueOf(text.substring(1))).toList();
      assertEquals(numbers.stream().sorted().toList(), numbers, "in order within a member");
    }
    assertEquals(count, all.size());
    assertEquals(count, new HashSet<>(all).size());
  }

  @Test
  @Behaviour({201, 202})
  void groupsAndFiltersAreCountedApart() {
    Peer first = member(0);
    Peer second = clients.connected();
    second.subscribe("$share/others/" + topic, 0);
    Peer third = clients.connected();
    third.subscribe("$share/workers/" + topic + "/#", 0);
    clients.connected().publish(topic, 0, "to each");
    first.receivePublish("to each");
    second.receivePublish("to each");
    third.receivePublish("to each");
  }

  @Test
  @Spec({"MQTT-3.3.4-3", "MQTT-3.3.4-5"})
  @Behaviour(167)
  void sharedAndPlainSubscriptionsOfOneClientBothDeliver() {
    Peer member = member(0, subscriptionId(1));
    member.subscribe(topic, 0, subscriptionId(2));
    clients.connected().publish(topic, 0, "twice");
    List<Long> ids = new ArrayList<>();
    ids.addAll(member.receivePublish("twice").properties().subscriptionIds());
    ids.addAll(member.receivePublish("twice").properties().subscriptionIds());
    Collections.sort(ids);
    assertEquals(List.of(1L, 2L), ids);
  }

  @Test
  @Behaviour({194, 185})
  void noRetainedMessageIsSentAtSubscribe() {
    clients.connected().publishRetained(topic, 1, "retained");
    clients.connected().subscribeAndGetNothingRetained(shared, 1);
  }

  @ParameterizedTest
  @CsvSource({"0,2,0", "1,2,1", "2,2,2", "2,1,1", "2,0,0", "1,0,0"})
  @Spec("MQTT-4.8.2-3")
  @Behaviour(209)
  void theGrantedQosIsRespected(int published, int granted, int delivered) {
    Peer member = member(granted);
    clients.connected().publish(topic, published, "qos");
    assertEquals(delivered, member.receivePublish("qos").qos());
  }

  @Test
  @Spec("MQTT-4.8.2-3")
  @Behaviour(209)
  void membersMayHaveDifferentQos() {
    Peer zero = member(0);
    Peer two = member(2);
    Peer publisher = clients.connected();
    for (int i = 0; i < 20; i++) {
      publisher.publish(topic, 2, "m" + i);
    }
    List<List<Parsed>> received = Collected.from(20, zero, two);
    assertTrue(received.get(0).stream().allMatch(publish -> publish.qos() == 0));
    assertTrue(received.get(1).stream().allMatch(publish -> publish.qos() == 2));
    assertFalse(received.get(0).isEmpty() || received.get(1).isEmpty());
  }

  @Test
  @Behaviour(203)
  void anOfflineMemberIsPassedOverWhileOthersAreOnline() {
    Peer offline = clients.peer();
    offline.resume(60);
    offline.subscribe(shared, 1);
    offline.disconnect();
    Peer online = member(1);
    Peer publisher = clients.connected();
    for (int i = 0; i < 10; i++) {
      publisher.publish(topic, 1, "m" + i);
      online.acknowledge(online.receivePublish("m" + i));
    }
    Peer back = clients.peer(offline.clientId());
    assertTrue(back.resume(60).sessionPresent());
    online.disconnect();
    back.expectNothingQueued(publisher, topic);
  }

  @Test
  @Behaviour(204)
  void messagesWaitForOneOfTheOfflineMembersWhenAllAreAway() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Peer member = clients.peer();
      member.resume(60);
      member.subscribe(shared, 1);
      member.disconnect();
      ids.add(member.clientId());
    }
    Peer publisher = clients.connected();
    for (int i = 0; i < 10; i++) {
      publisher.publish(topic, 1, "m" + i);
    }
    Peer[] members = ids.stream().map(clients::peer).toArray(Peer[]::new);
    for (Peer member : members) {
      assertTrue(member.resume(60).sessionPresent());
    }
    Set<String> all = new HashSet<>();
    for (List<Parsed> packets : Collected.from(10, members)) {
      packets.forEach(publish -> assertTrue(all.add(publish.text())));
    }
  }

  @Test
  @Spec("MQTT-4.8.2-5")
  @Behaviour(206)
  void qos2BegunWithAMemberWhoseSessionEndsGoesToNobodyElse() {
    Peer first = member(2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 2, "begun");
    first.receivePublish("begun");
    Peer second = member(2);
    first.disconnect();
    publisher.publish(topic, 2, "next");
    second.receivePublish("next");
  }

  @Test
  @Spec("MQTT-4.8.2-4")
  void qos2BegunWithAMemberIsCompletedToThatMember() {
    Peer first = clients.peer();
    first.connect(connect -> first.persistent(connect, 60).will(topic + "/gone", 0, false, "gone"));
    first.subscribe(shared, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 2, "begun");
    Parsed publish = first.receivePublish("begun");
    Peer second = member(2);
    second.subscribe(topic + "/gone", 0);
    first.close();
    second.receivePublish("gone"); // the broker has seen the connection break
    publisher.publish(topic, 2, "next");
    second.acknowledge(second.receivePublish("next"));
    Peer back = clients.peer(first.clientId());
    back.resume(60);
    Parsed again = back.receivePublish("begun");
    assertEquals(publish.packetId(), again.packetId());
    assertTrue(again.dup());
    back.acknowledge(again);
    second.ping();
  }

  @Test
  @Spec("MQTT-4.8.2-6")
  @Behaviour(207)
  void anErrorAcknowledgementGoesToNobodyElse() {
    Peer first = member(2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "refused");
    publisher.publish(topic, 2, "refused too");
    Parsed one = first.receivePublish("refused");
    Parsed two = first.receivePublish("refused too");
    Peer second = member(2);
    first.send(pubAck(one.packetId(), 0x80), pubRec(two.packetId(), 0x97));
    first.ping();
    first.disconnect();
    publisher.publish(topic, 1, "marker");
    second.receivePublish("marker");
  }

  @Test
  @Behaviour(205)
  void whatAMemberHasNotAcknowledgedMovesOnWhenItsSessionEnds() {
    Peer first = clients.peer();
    first.connect(connect -> connect.with(receiveMaximum(2)));
    first.subscribe(shared, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "sent");
    publisher.publish(topic, 2, "begun");
    first.receivePublish("sent");
    first.receivePublish("begun");
    publisher.publish(topic, 1, "waits for room");
    publisher.publish(topic, 2, "waits for room too");
    first.ping();
    Peer second = member(2);
    first.disconnect(); // and with it the session
    Parsed again = second.receivePublish("sent");
    assertFalse(again.dup(), "to this member it was never sent");
    second.acknowledge(again);
    second.acknowledge(second.receivePublish("waits for room"));
    second.acknowledge(second.receivePublish("waits for room too"));
    publisher.publish(topic, 1, "marker");
    second.receivePublish("marker"); // and not what was begun
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Spec({"MQTT-4.8.2-5", "MQTT-4.8.2-6"})
  @Behaviour({205, 206})
  void whatAStoredSessionLeavesMovesOnWhenItEnds(boolean takerIsStored) {
    Peer first = clients.peer();
    first.resume(600);
    first.subscribe(shared, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "sent");
    publisher.publish(topic, 2, "begun");
    publisher.publish(topic, 1, "refused");
    Parsed sent = first.receivePublish("sent");
    first.receivePublish("begun");
    first.send(pubAck(first.receivePublish("refused").packetId(), 0x80));
    first.ping();
    first.disconnect();
    publisher.publish(topic, 1, "queued");
    publisher.publish(topic, 2, "queued too");
    Peer second = clients.peer();
    second.resume(takerIsStored ? 600 : 0);
    second.subscribe(shared, 2);
    second.ping(); // nothing moves while the session lasts
    clients.peer(first.clientId()).connect(); // Clean Start ends it
    Parsed moved = second.receivePublish("sent");
    assertFalse(moved.dup());
    assertEquals(1, sent.qos());
    second.acknowledge(moved);
    second.acknowledge(second.receivePublish("queued"));
    second.acknowledge(second.receivePublish("queued too"));
    publisher.publish(topic, 1, "marker");
    second.receivePublish("marker");
  }

  @Test
  @Behaviour(205)
  void whatMovedToAMemberThatIsAwayIsInItsQueue() {
    Peer away = clients.peer();
    away.resume(600);
    away.subscribe(shared, 1);
    Peer leaving = clients.peer();
    leaving.resume(600);
    away.disconnect();
    leaving.subscribe(shared, 1);
    Peer publisher = clients.connected();
    for (int i = 0; i < 20; i++) {
      publisher.publish(topic, 1, "m" + i);
      leaving.receivePublish("m" + i);
    }
    leaving.send(disconnect(0x00, sessionExpiry(0)));
    leaving.expectClosed();
    Set<String> seen = new HashSet<>();
    Peer back = clients.peer(away.clientId());
    assertTrue(back.resume(600).sessionPresent());
    for (int i = 0; i < 20; i++) {
      Parsed publish = back.receive(PUBLISH);
      assertTrue(seen.add(publish.text()));
      back.acknowledge(publish);
    }
    back.ping();
  }

  @Test
  @Behaviour(208)
  void aMemberThatLeavesInMidStreamLosesNothing() {
    Peer leaving = member(1);
    Peer staying = member(1);
    Peer publisher = clients.connected();
    int count = 100;
    for (int i = 0; i < count; i++) {
      publisher.send(publisher.publish(topic).qos(1, i + 1).payload("m" + i));
      if (i == 50) {
        leaving.send(unsubscribe(Version.V5, 1_000, shared));
      }
    }
    Set<String> seen = new HashSet<>();
    Parsed packet;
    do {
      packet = leaving.receive();
      if (packet.type() == PUBLISH) {
        assertTrue(seen.add(packet.text()));
        leaving.acknowledge(packet);
      }
    } while (packet.type() != UNSUBACK);
    long deadline = System.nanoTime() + RawClient.PATIENCE.toNanos();
    while (seen.size() < count && System.nanoTime() < deadline) {
      // The leaving one may still get what was on its way before the broker took its UNSUBSCRIBE.
      for (Peer member : List.of(staying, leaving)) {
        Parsed publish = member.wire().poll(Duration.ofMillis(10));
        if (publish != null) {
          assertTrue(seen.add(publish.text()));
          member.acknowledge(publish);
        }
      }
    }
    assertEquals(count, seen.size());
  }

  @Test
  @Behaviour(177)
  void unsubscribeNamesTheWholeSharedFilter() {
    Peer member = member(1);
    assertEquals(0x11, member.unsubscribe(topic).reasonCode());
    assertEquals(0x11, member.unsubscribe("$share/others/" + topic).reasonCode());
    assertEquals(0x00, member.unsubscribe(shared).reasonCode());
    clients.connected().publish(topic, 1, "to nobody");
    member.ping();
  }

  @Test
  @Behaviour(211)
  void wildcardsWorkBehindTheShareName() {
    Peer member = clients.connected();
    member.subscribe("$share/g/" + topic + "/+/#", 0);
    Peer publisher = clients.connected();
    publisher.publish(topic + "/a/b", 0, "matches");
    publisher.publish(topic, 0, "does not");
    publisher.publish(topic + "/a", 0, "matches too");
    member.receivePublish("matches");
    member.receivePublish("matches too");
  }

  @Test
  @Behaviour(213)
  void identifiersComeWithSharedMessages() {
    Peer member = member(1, subscriptionId(9));
    clients.connected().publish(topic, 1, "identified");
    assertEquals(List.of(9L), member.receivePublish("identified").properties().subscriptionIds());
  }

  @Test
  @Behaviour(216)
  void clientsOf311MayShareToo() {
    Peer three = clients.connected(Version.V3);
    three.subscribe(shared, 1);
    Peer five = member(1);
    Peer publisher = clients.connected();
    for (int i = 0; i < 10; i++) {
      publisher.publish(topic, 0, "m" + i);
    }
    List<List<Parsed>> received = Collected.from(10, three, five);
    assertFalse(received.get(0).isEmpty() || received.get(1).isEmpty());
  }

  @Test
  @Behaviour(217)
  void aMemberWithAFullWindowIsPassedOver() {
    Peer full = clients.peer();
    full.connect(connect -> connect.with(receiveMaximum(1)));
    full.subscribe(shared, 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "fills");
    full.receivePublish("fills");
    Peer free = member(1);
    for (int i = 0; i < 10; i++) {
      publisher.publish(topic, 1, "m" + i);
      free.acknowledge(free.receivePublish("m" + i));
    }
    full.ping();
  }

  @Test
  @Behaviour(131)
  void aMemberWithASmallMaximumPacketSizeLosesNoMessageOfTheGroup() {
    Peer small = clients.peer();
    small.connect(connect -> connect.with(maximumPacketSize(60)));
    small.subscribe(shared, 0);
    Peer large = member(0);
    Peer publisher = clients.connected();
    for (int i = 0; i < 10; i++) {
      publisher.publish(topic, 0, "x".repeat(100));
      publisher.publish(topic, 0, "fits " + i);
    }
    Set<String> fitting = new HashSet<>();
    while (fitting.size() < 10) {
      for (Peer member : List.of(small, large)) {
        Parsed publish = member.wire().poll(Duration.ofMillis(10));
        if (publish != null && publish.text().startsWith("fits")) {
          assertTrue(fitting.add(publish.text()));
        }
      }
    }
    small.ping();
  }
}

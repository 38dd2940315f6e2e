package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.disconnect;
import static io.signalbox.it.wire.PacketBytes.pubComp;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PropertyBytes.CONTENT_TYPE;
import static io.signalbox.it.wire.PropertyBytes.MESSAGE_EXPIRY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.contentType;
import static io.signalbox.it.wire.PropertyBytes.messageExpiry;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;
import static io.signalbox.it.wire.PropertyBytes.subscriptionId;
import static io.signalbox.it.wire.PropertyBytes.userProperty;
import static io.signalbox.it.wire.PropertyBytes.willDelay;
import static io.signalbox.it.wire.SubscribeBytes.NO_LOCAL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a broker still knows after it was killed: everything is prepared once over every transport,
 * the process killed once, and each test looks at its own part. {@link StopTest} ends one in order.
 */
@EachTransport
final class RestartTest {
  /** How long no broker is there, and what has to have ended or come by then. */
  private static final int AWAY_SECONDS = 15;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "restart",
          BrokerConfig.open() // a grace that is over long before the delay of a will would be
              .yaml("session:\n  will-restart-grace-millis: 3000\n"));

  private static final Map<Transport, Before> BEFORE = new EnumMap<>(Transport.class);
  private static final Map<Transport, After> AFTER = new EnumMap<>(Transport.class);

  static {
    prepareAndKill();
  }

  @RegisterExtension final Clients clients;
  private final Before before;
  private final After after;

  RestartTest(Transport transport) {
    clients = new Clients(BROKER, transport, Version.V5);
    before = Objects.requireNonNull(BEFORE.get(transport));
    after = Objects.requireNonNull(AFTER.get(transport));
  }

  /** A name on both sides of the restart: {@code topic("x")} and {@code id("x")} go together. */
  private String topic(String name) {
    return Before.topic(clients.transport(), name);
  }

  private String id(String name) {
    return Before.id(clients.transport(), name);
  }

  private Peer resumed(String name) {
    Peer peer = clients.peer(id(name));
    assertTrue(peer.resume(600).sessionPresent(), name);
    return peer;
  }

  /**
   * What the first process was told over one transport, and when.
   *
   * @param queuedFromNanos before the message "one" was sent
   * @param queuedToNanos after it was acknowledged
   */
  private record Before(long queuedFromNanos, long queuedToNanos, int begunId, int releasedId) {
    static String topic(Transport transport, String name) {
      return "restart/" + transport + "/" + name;
    }

    static String id(Transport transport, String name) {
      return transport + "-" + name;
    }
  }

  /**
   * What was found as soon as the second process was ready.
   *
   * @param shortSession whether there was a session whose time was over
   * @param will what the will said whose delay was over
   * @param willNanos how long after that it came
   */
  private record After(boolean shortSession, String will, long willNanos) {}

  private static void prepareAndKill() {
    List<Peer> open = new ArrayList<>();
    List<Preparation> preparations =
        EachTransport.Chosen.transports().map(each -> new Preparation(each, open)).toList();
    preparations.forEach(each -> BEFORE.put(each.transport(), each.whatStays()));
    preparations.forEach(Preparation::whatEndsSoon);
    BROKER.kill9();
    open.forEach(Peer::close);
    long back = System.nanoTime() + TimeUnit.SECONDS.toNanos(AWAY_SECONDS);
    while (System.nanoTime() < back) {
      LockSupport.parkNanos(back - System.nanoTime());
    }
    BROKER.restart();
    long ready = System.nanoTime();
    preparations.forEach(each -> AFTER.put(each.transport(), each.whatHasEnded(ready)));
  }

  /** The clients of one transport before the kill, and right after it. */
  private record Preparation(Transport transport, List<Peer> open) {
    String topic(String name) {
      return Before.topic(transport, name);
    }

    Before whatStays() {
      Peer publisher = peer("publisher");
      publisher.connect();

      Peer queue = stored("queue", 2);
      queue.disconnect();
      long queuedFrom = System.nanoTime();
      publisher.publish(topic("queue"), 1, "one", messageExpiry(1_000));
      long queuedTo = System.nanoTime();
      publisher.publish(topic("queue"), 1, "short", messageExpiry(AWAY_SECONDS));
      publisher.publish(topic("queue"), 1, "two", contentType("text/plain"));
      for (int i = 0; i < 100; i++) {
        publisher.publish(topic("queue"), 1, "m" + i);
      }

      publisher.publishRetained(
          topic("retained"),
          2,
          "kept",
          userProperty("b", "1"),
          userProperty("a", "2"),
          messageExpiry(1_000));
      publisher.publishRetained(topic("cleared"), 1, "old");
      publisher.publishRetained(topic("cleared"), 1, "");

      Peer local = peer("local");
      local.resume(600);
      local.subscribe(topic("local"), 1 | NO_LOCAL, subscriptionId(77));
      local.disconnect();

      Peer member = peer("member");
      member.resume(600);
      member.subscribe("$share/g/" + topic("shared"), 1);
      member.disconnect();

      Peer inbound = peer("inbound");
      inbound.resume(600);
      inbound.send(inbound.publish(topic("once")).qos(2, 9).payload("once"));
      inbound.expectAck(PUBREC, 9);
      Peer once = stored("once", 2); // subscribed after: gets it only if it is sent twice
      once.disconnect();

      Peer outbound = stored("outbound", 2);
      publisher.publish(topic("outbound"), 2, "released");
      publisher.publish(topic("outbound"), 2, "begun");
      int released = outbound.receivePublish("released").packetId();
      int begun = outbound.receivePublish("begun").packetId();
      outbound.send(pubRec(released));
      outbound.expectAck(PUBREL, released);

      return new Before(queuedFrom, queuedTo, begun, released);
    }

    /** Last before the kill, so that it ends after it. */
    void whatEndsSoon() {
      stored("mourner", 1);
      stored("heir", 1);
      Peer will = peer("will");
      will.connect(
          connect ->
              will.persistent(connect, 600)
                  .will(topic("mourner"), 1, false, "late", willDelay(AWAY_SECONDS)));
      will.close();
      Peer lost = peer("lost");
      lost.connect(connect -> lost.persistent(connect, 600).will(topic("heir"), 1, false, "lost"));
      stored("widow", 1);
      peer("brief")
          .connect(connect -> connect.will(topic("widow"), 1, false, "brief", willDelay(3_600)));

      Peer shortLived = stored("short", 1);
      shortLived.send(disconnectWith(AWAY_SECONDS));
      shortLived.expectClosed();
      stored("long", 1).disconnect();
      Peer publisher = peer("last");
      publisher.connect();
      publisher.publish(topic("queue"), 1, "last"); // acknowledged: all before it is on disk
    }

    After whatHasEnded(long ready) {
      try (Peer shortLived = peer("short");
          Peer mourner = peer("mourner")) {
        boolean there = shortLived.resume(0).sessionPresent();
        mourner.resume(600);
        Parsed will = mourner.receive(PUBLISH);
        long willNanos = System.nanoTime() - ready;
        mourner.acknowledge(will);
        mourner.disconnect();
        return new After(there, will.text(), willNanos);
      }
    }

    private byte[] disconnectWith(long expirySeconds) {
      return disconnect(0, sessionExpiry(expirySeconds));
    }

    private Peer peer(String name) {
      try {
        Peer peer =
            new Peer(
                RawClient.open(BROKER.endpoint(transport), Version.V5), Before.id(transport, name));
        open.add(peer);
        return peer;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private Peer stored(String name, int qos) {
      Peer peer = peer(name);
      peer.resume(600);
      peer.subscribe(topic(name), qos);
      return peer;
    }
  }

  @Test
  @Spec({"MQTT-4.3.2-4", "MQTT-3.3.2-5", "MQTT-3.3.2-6", "MQTT-4.1.0-1", "MQTT-4.6.0-5"})
  @Behaviour({119, 140, 146, 229})
  void whatWasAcknowledgedIsInTheQueueInItsOrder() {
    long waitedMin = secondsSince(before.queuedToNanos());
    Peer queue = resumed("queue");
    Parsed one = queue.receivePublish("one");
    long waitedMax = secondsSince(before.queuedFromNanos());
    long left = one.properties().number(MESSAGE_EXPIRY_INTERVAL).orElseThrow();
    assertTrue(
        left <= 1_000 - waitedMin + 1 && left >= 1_000 - waitedMax - 2,
        waitedMin + " to " + waitedMax + " s, left " + left);
    queue.acknowledge(one);
    Parsed next = queue.receive();
    if (next.text().equals("short")) {
      throw new AssertionError("expired while the broker was down, which took " + waitedMax + " s");
    }
    assertEquals("two", next.text());
    assertEquals(Optional.of("text/plain"), next.properties().text(CONTENT_TYPE));
    queue.acknowledge(next);
    for (int i = 0; i < 100; i++) {
      queue.acknowledge(queue.receivePublish("m" + i));
    }
    queue.acknowledge(queue.receivePublish("last"));
    queue.ping();
    queue.disconnect();
  }

  private static long secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000_000L;
  }

  @Test
  @Spec({"MQTT-3.3.1-5", "MQTT-3.3.1-7", "MQTT-3.3.2-18"})
  @Spec3("MQTT-3.1.2-7")
  @Behaviour({197, 188})
  void retainedMessagesAreThereWithEverything() {
    Peer peer = clients.connected();
    peer.subscribe(topic("retained"), 2);
    Parsed kept = peer.receivePublish("kept");
    assertTrue(kept.retain());
    assertEquals(2, kept.qos());
    assertEquals(
        List.of("b=1", "a=2"),
        kept.properties().userProperties().stream().map(p -> p.name() + "=" + p.value()).toList());
    long left = kept.properties().number(MESSAGE_EXPIRY_INTERVAL).orElseThrow();
    long waitedMax = secondsSince(before.queuedFromNanos());
    assertTrue(left <= 1_000 - AWAY_SECONDS && left >= 1_000 - waitedMax - 2, "left " + left);
    peer.acknowledge(kept);
    peer.subscribe(topic("cleared"), 1);
    peer.ping();
  }

  @Test
  @Spec({"MQTT-3.8.3-3", "MQTT-3.3.4-3"})
  @Behaviour(184)
  void subscriptionsKeepTheirOptionsAndIdentifiers() {
    Peer local = resumed("local");
    local.publish(topic("local"), 1, "own");
    clients.connected().publish(topic("local"), 1, "of another");
    Parsed other = local.receivePublish("of another");
    assertEquals(List.of(77L), other.properties().subscriptionIds());
    local.disconnect();
  }

  @Test
  @Behaviour(215)
  void membersOfSharedSubscriptionsAreMembersStill() {
    Peer second = clients.connected();
    second.subscribe("$share/g/" + topic("shared"), 1);
    Peer member = resumed("member");
    Peer publisher = clients.connected();
    boolean[] reached = new boolean[2];
    Eventually.succeeds( // one that still looks for what waits on disk is passed over
        () -> {
          publisher.publish(topic("shared"), 1, "m");
          List<List<Parsed>> received = Collected.from(1, member, second);
          reached[0] |= !received.get(0).isEmpty();
          reached[1] |= !received.get(1).isEmpty();
          assertTrue(reached[0] && reached[1], "one member gets all");
          return received;
        });
    member.disconnect();
  }

  @Test
  @Spec({"MQTT-4.3.3-10", "MQTT-4.3.3-11"})
  @Behaviour(147)
  void aRepeatedQos2PublishIsKnownStill() {
    Peer inbound = resumed("inbound");
    inbound.send(inbound.publish(topic("once")).qos(2, 9).dup().payload("once"));
    inbound.expectAck(PUBREC, 9);
    inbound.send(pubRel(9));
    assertEquals(0, inbound.receive(PUBCOMP).reasonCode());
    inbound.publish(topic("once"), 2, "another");
    Peer once = resumed("once");
    once.acknowledge(once.receivePublish("another"));
    once.ping();
    inbound.disconnect();
    once.disconnect();
  }

  @Test
  @Spec({"MQTT-4.3.3-5", "MQTT-4.3.3-6", "MQTT-4.4.0-1", "MQTT-3.3.1-1"})
  @Behaviour(148)
  void anOutgoingQos2ExchangeGoesOnWhereItStood() {
    Peer outbound = resumed("outbound");
    Parsed first = outbound.receive(PUBREL); // PUBREC came before the kill: no PUBLISH again
    assertEquals(before.releasedId(), first.packetId());
    Parsed begun = outbound.receivePublish("begun");
    assertTrue(begun.dup());
    assertEquals(before.begunId(), begun.packetId());
    outbound.send(pubComp(first.packetId()));
    outbound.acknowledge(begun);
    outbound.ping();
    outbound.disconnect();
  }

  @Test
  @Spec({"MQTT-3.1.2-8", "MQTT-3.1.2-7"})
  @Behaviour(84)
  void aDelayedWillIsSentAfterTheRestart() {
    assertEquals("late", after.will());
    assertTrue(after.willNanos() < TimeUnit.SECONDS.toNanos(AWAY_SECONDS), after::toString);
  }

  @Test
  @Spec("MQTT-3.1.2-8")
  @Behaviour(84)
  void theWillOfAClientThatTheKillCutOffIsSentAfterTheGrace() {
    Peer heir = resumed("heir");
    heir.acknowledge(heir.receivePublish("lost"));
    heir.disconnect();
  }

  /** It ended with the broker, so only the grace is waited for. */
  @Test
  @Behaviour({81, 82})
  void theDelayOfAWillEndsWithASessionThatHasNoExpiry() {
    Peer widow = resumed("widow");
    widow.acknowledge(widow.receivePublish("brief"));
    widow.disconnect();
  }

  @Test
  @Spec("MQTT-4.1.0-2")
  @Behaviour(71)
  void theTimeThatTheBrokerWasDownCountsForTheExpiry() {
    assertFalse(after.shortSession());
    resumed("long").disconnect();
  }
}

package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PropertyBytes.MESSAGE_EXPIRY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.messageExpiry;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static io.signalbox.it.wire.PropertyBytes.willDelay;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Message Expiry Interval (section 3.3.2.3.3). A will with a delay is the clock of these tests. */
@EachTransport
@Execution(ExecutionMode.CONCURRENT)
final class MessageExpiryTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  MessageExpiryTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
    this.topic = clients.topic();
  }

  private Peer storedSession() {
    Peer peer = clients.peer();
    peer.resume(60);
    peer.subscribe(topic, 2);
    peer.disconnect();
    return peer;
  }

  /** Returns when at least so many seconds have passed on the broker's clock. */
  private void awaitSeconds(int seconds) {
    String clockTopic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(clockTopic, 0);
    Peer clock = clients.peer();
    clock.connect(
        connect ->
            clock.persistent(connect, 600).will(clockTopic, 0, false, "tick", willDelay(seconds)));
    clock.close();
    observer.receivePublish("tick");
  }

  private static long expiry(Parsed publish) {
    return publish.properties().number(MESSAGE_EXPIRY_INTERVAL).orElseThrow();
  }

  @Test
  @Spec("MQTT-3.3.2-5")
  @Behaviour(140)
  void anExpiredMessageLeavesTheQueue() {
    Peer stored = storedSession();
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "short", messageExpiry(1));
    publisher.publish(topic, 1, "endless");
    publisher.publish(topic, 1, "long", messageExpiry(1_000));
    awaitSeconds(2);
    Peer back = clients.peer(stored.clientId());
    back.resume(60);
    assertFalse(back.receivePublish("endless").properties().has(MESSAGE_EXPIRY_INTERVAL));
    back.receivePublish("long");
  }

  @Test
  @Spec("MQTT-3.3.2-6")
  @Behaviour({140, 229})
  void theWaitIsSubtracted() {
    Peer stored = storedSession();
    Peer publisher = clients.connected();
    long start = System.nanoTime();
    publisher.publish(topic, 1, "waits", messageExpiry(1_000));
    awaitSeconds(2);
    Peer back = clients.peer(stored.clientId());
    back.resume(60);
    long left = expiry(back.receivePublish("waits"));
    assertTwoSecondsOrMoreSince(start, left);
  }

  private static void assertTwoSecondsOrMoreSince(long startNanos, long left) {
    long passed = (System.nanoTime() - startNanos) / 1_000_000_000L;
    assertTrue(left <= 998, "two seconds have passed: " + left);
    assertTrue(left >= 1_000 - passed - 1, "only " + passed + " seconds have passed: " + left);
  }

  @Test
  @Spec("MQTT-3.3.2-6")
  @Behaviour(188)
  void aRetainedMessageCountsDown() {
    long start = System.nanoTime();
    clients.connected().publishRetained(topic, 1, "retained", messageExpiry(1_000));
    awaitSeconds(2);
    Peer late = clients.connected();
    late.subscribe(topic, 1);
    assertTwoSecondsOrMoreSince(start, expiry(late.receivePublish("retained")));
  }

  @Test
  @Spec("MQTT-3.3.2-5")
  @Behaviour(189)
  void anExpiredRetainedMessageIsNotSent() {
    clients.connected().publishRetained(topic, 1, "retained", messageExpiry(1));
    awaitSeconds(2);
    clients.connected().subscribeAndGetNothingRetained(topic, 1);
  }

  @Test
  @Behaviour(228)
  void liveMessagesKeepTheirInterval() {
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 0);
    Peer publisher = clients.connected();
    publisher.publish(topic, 0, "long", messageExpiry(4_294_967_295L));
    assertTrue(expiry(subscriber.receivePublish("long")) >= 4_294_967_290L);
    publisher.publish(topic, 0, "one minute", messageExpiry(60));
    long left = expiry(subscriber.receivePublish("one minute"));
    assertTrue(left <= 60 && left >= 50, "left " + left);
  }

  @Test
  @Behaviour(228)
  void anIntervalOfZeroIsExpiredAtOnceForASessionThatIsAway() {
    Peer stored = storedSession();
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "never", messageExpiry(0));
    publisher.publish(topic, 1, "marker");
    Peer back = clients.peer(stored.clientId());
    back.resume(60);
    back.receivePublish("marker");
  }

  @Test
  @Behaviour(127)
  void anExpiredMessageTakesNoPlaceInTheWindow() {
    Peer subscriber = clients.peer();
    subscriber.connect(connect -> connect.with(receiveMaximum(1)));
    subscriber.subscribe(topic, 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "open");
    Parsed open = subscriber.receivePublish("open");
    publisher.publish(topic, 1, "expires while it waits", messageExpiry(1));
    publisher.publish(topic, 1, "last");
    awaitSeconds(2);
    subscriber.acknowledge(open);
    subscriber.acknowledge(subscriber.receivePublish("last"));
    subscriber.ping();
  }

  @Test
  @Spec({"MQTT-4.3.3-7", "MQTT-4.4.0-1"})
  void whatWasSentOnceDoesNotExpire() {
    Peer subscriber = clients.peer();
    subscriber.resume(60);
    subscriber.subscribe(topic, 2);
    clients.connected().publish(topic, 2, "begun", messageExpiry(1));
    Parsed first = subscriber.receivePublish("begun");
    awaitSeconds(2);
    subscriber.close();
    Peer back = clients.peer(subscriber.clientId());
    back.resume(60);
    Parsed again = back.receivePublish("begun");
    assertTrue(again.dup());
    assertEquals(first.packetId(), again.packetId());
  }

  @Test
  @Spec("MQTT-4.3.3-13")
  void theHandshakeGoesOnAfterTheExpiry() {
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 2, "out", messageExpiry(1));
    Parsed out = subscriber.receivePublish("out");
    String elsewhere = topic + "/in";
    publisher.send(publisher.publish(elsewhere).qos(2, 700).with(messageExpiry(1)));
    publisher.expectAck(PUBREC, 700);
    awaitSeconds(2);
    publisher.send(pubRel(700));
    publisher.expectAck(PUBCOMP, 700);
    subscriber.acknowledge(out);
    subscriber.ping();
  }
}

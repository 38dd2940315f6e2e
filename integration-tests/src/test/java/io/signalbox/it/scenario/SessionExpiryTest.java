package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.disconnect;
import static io.signalbox.it.wire.PropertyBytes.SESSION_EXPIRY_INTERVAL;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;
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
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Session Expiry Interval (sections 3.1.2.11.2, 3.14.2.2.2 and 4.1). The end of a session is seen
 * by its will: with a longer Will Delay it is published when the session ends.
 */
@EachTransport
@Execution(ExecutionMode.CONCURRENT)
final class SessionExpiryTest {
  private static final int LONG_DELAY = 1_000;

  @RegisterExtension final Clients clients;

  SessionExpiryTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
  }

  /** Connects with Clean Start 0 and a will that is due when the session ends. */
  private Parsed connectWithDelayedWill(Peer peer, String willTopic, long expirySeconds) {
    return peer.connect(
        connect ->
            peer.persistent(connect, expirySeconds)
                .will(willTopic, 1, false, "ended", willDelay(LONG_DELAY)));
  }

  private Peer observer(String topic) {
    Peer observer = clients.connected();
    observer.subscribe(topic, 1);
    return observer;
  }

  @Test
  @Spec({"MQTT-4.1.0-2", "MQTT-3.1.2-23", "MQTT-3.1.2-8"})
  @Behaviour({64, 69, 77, 81})
  void theSessionIsThereBeforeTheIntervalAndGoneAfterIt() {
    String willTopic = clients.topic();
    Peer observer = observer(willTopic);
    Peer first = clients.peer();
    connectWithDelayedWill(first, willTopic, 8);
    first.close();
    Peer second = clients.peer(first.clientId());
    assertTrue(connectWithDelayedWill(second, willTopic, 8).sessionPresent());
    second.close();
    observer.receivePublish("ended");
    assertFalse(clients.peer(second.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(73)
  void subscriptionsAndQueueOfAnExpiredSessionAreGone() {
    String topic = clients.topic();
    String willTopic = clients.topic();
    Peer observer = observer(willTopic);
    Peer peer = clients.peer();
    connectWithDelayedWill(peer, willTopic, 1);
    peer.subscribe(topic, 1);
    peer.close();
    clients.connected().publish(topic, 1, "queued");
    observer.receivePublish("ended");
    Peer back = clients.peer(peer.clientId());
    assertFalse(back.resume(10).sessionPresent());
    clients.connected().publish(topic, 1, "to nobody");
    back.ping();
  }

  @Test
  @Behaviour(66)
  void disconnectMayLowerTheInterval() {
    String willTopic = clients.topic();
    Peer observer = observer(willTopic);
    Peer peer = clients.peer();
    connectWithDelayedWill(peer, willTopic, 600);
    peer.send(disconnect(0x04, sessionExpiry(1))); // with the will
    peer.expectClosed();
    observer.receivePublish("ended");
    assertFalse(clients.peer(peer.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(66)
  void disconnectMayEndTheSession() {
    Peer peer = clients.peer();
    peer.resume(600);
    peer.send(disconnect(0x00, sessionExpiry(0)));
    peer.expectClosed();
    assertFalse(clients.peer(peer.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(66)
  void disconnectMayRaiseTheInterval() {
    String clockTopic = clients.topic();
    Peer observer = observer(clockTopic);
    Peer peer = clients.peer();
    peer.resume(1);
    peer.send(disconnect(0x00, sessionExpiry(600)));
    peer.expectClosed();
    Peer clock = clients.peer();
    connectWithDelayedWill(clock, clockTopic, 2);
    clock.close();
    observer.receivePublish("ended"); // more than a second has passed
    assertTrue(clients.peer(peer.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(67)
  void disconnectMayNotStartAnIntervalWhereConnectHadNone() {
    Peer peer = clients.connected();
    peer.send(disconnect(0x00, sessionExpiry(1)));
    peer.expectDisconnect(0x82);
  }

  /** The client of a lasting session, which comes back to it without an interval. */
  private Peer backWithoutInterval() {
    Peer first = clients.peer();
    first.resume(600);
    first.disconnect();
    Peer second = clients.peer(first.clientId());
    assertTrue(second.connect(connect -> connect.cleanStart(false)).sessionPresent());
    return second;
  }

  @Test
  @Behaviour(67)
  void disconnectMayNotStartAnIntervalWhereTheResumingConnectHadNone() {
    Peer second = backWithoutInterval();
    second.send(disconnect(0x00, sessionExpiry(1)));
    second.expectDisconnect(0x82);
  }

  @Test
  void disconnectMayRepeatAnIntervalOfZero() {
    Peer peer = clients.connected();
    peer.send(disconnect(0x00, sessionExpiry(0)));
    peer.expectClosed();
  }

  @Test
  @Behaviour(68)
  void aReconnectBringsItsOwnInterval() {
    String willTopic = clients.topic();
    Peer observer = observer(willTopic);
    Peer first = clients.peer();
    first.resume(600);
    first.disconnect();
    Peer second = clients.peer(first.clientId());
    assertTrue(connectWithDelayedWill(second, willTopic, 1).sessionPresent());
    second.close();
    observer.receivePublish("ended");
    assertFalse(clients.peer(second.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(68)
  void aReconnectWithoutIntervalEndsTheSessionWithItsConnection() {
    Peer second = backWithoutInterval();
    second.disconnect();
    assertFalse(clients.peer(second.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(68)
  void aSessionThatEndsWithItsConnectionEndsWhenItIsTakenOver() {
    Peer second = backWithoutInterval();
    assertFalse(clients.peer(second.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(69)
  void theIntervalStartsAtTheEndOfTheConnection() {
    String clockTopic = clients.topic();
    Peer observer = observer(clockTopic);
    Peer peer = clients.peer();
    peer.resume(8);
    Peer clock = clients.peer();
    connectWithDelayedWill(clock, clockTopic, 9);
    clock.close();
    observer.receivePublish("ended");
    peer.disconnect();
    assertTrue(clients.peer(peer.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(70)
  void aKeepAliveTimeoutStartsTheInterval() {
    String willTopic = clients.topic();
    Peer observer = observer(willTopic);
    Peer peer = clients.peer();
    peer.connect(
        connect ->
            peer.persistent(connect, 1)
                .keepAlive(1)
                .will(willTopic, 1, false, "ended", willDelay(LONG_DELAY)));
    peer.expectDisconnect(0x8D);
    observer.receivePublish("ended");
    assertFalse(clients.peer(peer.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour({34, 65})
  void anIntervalAboveTheLimitIsReducedAndSaid() {
    Parsed connAck = clients.peer().resume(0xFFFF_FFFFL);
    assertEquals(Optional.of(2_592_000L), connAck.properties().number(SESSION_EXPIRY_INTERVAL));
    assertFalse(clients.peer().resume(60).properties().has(SESSION_EXPIRY_INTERVAL));
  }

  @Test
  @Behaviour(75)
  void aSessionOf311LastsBeyondItsConnection() {
    Peer old = clients.peer(Version.V3);
    old.resume(0);
    old.disconnect();
    assertTrue(clients.peer(Version.V3, old.clientId()).resume(0).sessionPresent());
  }

  @Test
  @Behaviour(76)
  void aCleanSessionOf311DropsTheStoredSessionOf5() {
    Peer five = clients.peer();
    five.resume(600);
    five.disconnect();
    Peer three = clients.peer(Version.V3, five.clientId());
    assertFalse(three.connect().sessionPresent());
    three.disconnect();
    assertFalse(clients.peer(five.clientId()).resume(0).sessionPresent());
  }

  @Test
  void cleanStartMayBeginALongSession() {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.cleanStart(true).with(sessionExpiry(60)));
    peer.disconnect();
    assertTrue(clients.peer(peer.clientId()).resume(0).sessionPresent());
  }
}

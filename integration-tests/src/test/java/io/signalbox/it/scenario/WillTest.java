package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Will Messages in both versions (sections 3.1.2.5 to 3.1.2.7 and 3.14.4). */
@EachTransportAndVersion
final class WillTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  WillTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.topic = clients.topic();
  }

  private Peer observer(int qos) {
    Peer observer = clients.connected();
    observer.subscribe(topic, qos);
    return observer;
  }

  private Peer withWill(int qos, boolean retain, String payload) {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.will(topic, qos, retain, payload));
    return peer;
  }

  /** Ends the connection so that the broker has certainly seen it, and would send a will. */
  private static void endByAnError(Peer peer) {
    peer.send(bytes(0x00, 0));
    peer.expectDisconnect(0x81);
  }

  /** The next thing the observer sees is a message that another client publishes now. */
  private void assertNoWill(Peer observer) {
    clients.connected().publish(topic, 1, "marker");
    observer.receivePublish("marker");
  }

  @Test
  @Spec({"MQTT-3.1.2-7", "MQTT-3.1.2-8"})
  @Spec3("MQTT-3.1.2-8")
  @Behaviour({78, 269})
  void isPublishedWhenTheConnectionIsDropped() {
    Peer observer = observer(1);
    withWill(1, false, "dropped").close();
    observer.receivePublish("dropped");
  }

  @Test
  @Spec("MQTT-3.1.2-8")
  @Spec3("MQTT-3.1.2-8")
  @Behaviour({51, 78})
  void isPublishedWhenTheConnectionIsReset() {
    Peer observer = observer(1);
    withWill(1, false, "reset").wire().reset();
    observer.receivePublish("reset");
  }

  @Test
  @Spec({"MQTT-3.1.2-8", "MQTT-4.13.1-1"})
  @Spec3({"MQTT-3.1.2-8", "MQTT-4.8.0-1"})
  @Behaviour(78)
  void isPublishedAfterAProtocolError() {
    Peer observer = observer(1);
    Peer peer = withWill(1, false, "error");
    peer.send(bytes(0x20, 2, 0, 0)); // CONNACK from a client
    peer.expectDisconnect(0x82);
    observer.receivePublish("error");
  }

  @Test
  @Spec({"MQTT-3.14.4-3", "MQTT-3.1.2-10", "MQTT-3.1.2-8"})
  @Spec3({"MQTT-3.14.4-3", "MQTT-3.1.2-10", "MQTT-3.1.2-8"})
  @Behaviour(79)
  void isDroppedAtDisconnect() {
    Peer observer = observer(1);
    withWill(1, true, "not sent").disconnect();
    assertNoWill(observer);
    clients.connected().subscribeAndGetNothingRetained(topic, 1);
  }

  @Test
  @Spec({"MQTT-3.1.2-10"})
  @Spec3("MQTT-3.1.2-10")
  void isPublishedOnceOnly() {
    Peer observer = observer(1);
    Peer peer = clients.peer();
    peer.connect(connect -> peer.persistent(connect, 60).will(topic, 1, false, "once"));
    peer.close();
    observer.receivePublish("once");
    Peer back = clients.peer(peer.clientId());
    back.resume(60); // without a will
    endByAnError(back);
    assertNoWill(observer);
  }

  @Test
  @Spec("MQTT-3.1.2-7")
  @Spec3("MQTT-3.1.2-12")
  void thereIsNoneWithoutWillFlag() {
    Peer observer = observer(1);
    endByAnError(clients.connected());
    assertNoWill(observer);
  }

  @Test
  @Spec("MQTT-3.1.2-14")
  @Spec3("MQTT-3.1.2-16")
  void isNotRetainedWithoutWillRetain() {
    Peer observer = observer(1);
    withWill(1, false, "passing").close();
    assertFalse(observer.receivePublish("passing").retain());
    clients.connected().subscribeAndGetNothingRetained(topic, 1);
  }

  @Test
  @Spec("MQTT-3.1.2-15")
  @Spec3("MQTT-3.1.2-17")
  void isRetainedWithWillRetain() {
    Peer observer = observer(1);
    withWill(1, true, "staying").close();
    observer.receivePublish("staying");
    Peer late = clients.connected();
    late.subscribe(topic, 1);
    assertTrue(late.receivePublish("staying").retain());
  }

  @Test
  @Behaviour({85, 191})
  void anEmptyRetainedWillClearsTheRetainedMessage() {
    clients.connected().publishRetained(topic, 1, "old");
    Peer observer = observer(1);
    observer.receivePublish("old");
    withWill(1, true, "").close();
    observer.receivePublish("");
    clients.connected().subscribeAndGetNothingRetained(topic, 1);
  }

  @ParameterizedTest
  @CsvSource({"0,0,0", "0,2,0", "1,0,0", "1,1,1", "1,2,1", "2,0,0", "2,1,1", "2,2,2"})
  @Spec("MQTT-3.1.2-12")
  @Spec3("MQTT-3.1.2-9")
  @Behaviour(90)
  void arrivesWithTheLowerOfBothQos(int willQos, int grantedQos, int deliveredQos) {
    Peer observer = observer(grantedQos);
    withWill(willQos, false, "will").close();
    assertEquals(deliveredQos, observer.receivePublish("will").qos());
  }

  @Test
  @Spec("MQTT-3.1.2-22")
  @Spec3("MQTT-3.1.2-24")
  @Behaviour({50, 78})
  void isPublishedWhenTheClientFallsSilent() {
    Peer observer = observer(1);
    Peer peer = clients.peer();
    peer.connect(connect -> connect.keepAlive(1).will(topic, 1, false, "silent"));
    observer.receivePublish("silent");
    peer.expectDisconnect(0x8D);
  }

  @Test
  @Spec("MQTT-3.1.4-3")
  @Spec3("MQTT-3.1.4-2")
  @Behaviour({55, 78})
  void isPublishedAtTakeOver() {
    Peer observer = observer(1);
    Peer peer = withWill(1, false, "taken over");
    clients.peer(peer.clientId()).connect();
    observer.receivePublish("taken over");
  }

  @Test
  @Behaviour(27)
  void ofARefusedClientIsNotPublished() {
    Peer observer = observer(1);
    Peer refused = clients.peer("x".repeat(300));
    refused.tryConnect(connect -> connect.will(topic, 1, false, "never"));
    refused.close();
    assertNoWill(observer);
  }

  @Test
  @Spec("MQTT-3.14.1-1")
  @Spec3("MQTT-3.14.1-1")
  void isPublishedAfterADisconnectWithReservedBits() {
    Peer observer = observer(1);
    Peer peer = withWill(1, false, "bad disconnect");
    peer.send(bytes(0xE1, 0));
    peer.expectDisconnect(0x81);
    observer.receivePublish("bad disconnect");
  }

  @Test
  @Behaviour(87)
  void reachesTheClientsOwnOtherSessions() {
    String group = Clients.unique("g");
    Peer other = clients.connected();
    other.subscribe("$share/" + group + "/" + topic, 1);
    Peer plain = observer(1);
    withWill(1, false, "to both").close();
    other.receivePublish("to both");
    plain.receivePublish("to both");
  }
}

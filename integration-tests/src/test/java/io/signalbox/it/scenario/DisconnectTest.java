package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.disconnect;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static org.junit.jupiter.api.Assertions.assertEquals;

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
import org.junit.jupiter.params.provider.ValueSource;

/**
 * DISCONNECT, PINGREQ and packets that a client may not send (sections 3.12, 3.14 and 4.13), in
 * both versions.
 */
@EachTransportAndVersion
final class DisconnectTest {
  @RegisterExtension final Clients clients;

  DisconnectTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
  }

  private void assertEnded(int reasonCode, byte[] packet) {
    Peer peer = clients.connected();
    peer.send(packet);
    peer.expectDisconnect(reasonCode);
  }

  @Test
  @Spec("MQTT-3.12.4-1")
  @Spec3("MQTT-3.12.4-1")
  void pingIsAnswered() {
    Peer peer = clients.connected();
    peer.send(pingReq());
    peer.wire().expect(0xD0, 0);
  }

  @Test
  @Spec("MQTT-3.14.4-2")
  @Spec3("MQTT-3.14.4-1")
  @Behaviour(306)
  void theServerClosesAfterDisconnect() {
    Peer peer = clients.connected();
    peer.send(disconnect());
    peer.expectClosed();
  }

  @Test
  @Spec("MQTT-3.14.4-1")
  @Spec3("MQTT-3.14.4-2")
  @Behaviour(305)
  void whatComesAfterDisconnectIsIgnored() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    Peer peer = clients.connected();
    peer.send(disconnect(), peer.publish(topic).payload("too late"), pingReq());
    peer.expectClosed();
    observer.publish(topic, 0, "marker");
    observer.receivePublish("marker");
  }

  @ParameterizedTest
  @ValueSource(ints = {0xC1, 0xC2, 0xC4, 0xC8, 0xE1, 0xE8})
  @Spec({"MQTT-2.1.3-1", "MQTT-3.14.1-1", "MQTT-4.13.1-1"})
  @Spec3({"MQTT-2.2.2-2", "MQTT-3.14.1-1", "MQTT-4.8.0-1"})
  void reservedFlagsEndTheConnection(int firstByte) {
    assertEnded(0x81, bytes(firstByte, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x41, 0x42, 0x48, 0x51, 0x54, 0x60, 0x61, 0x63, 0x66, 0x6A, 0x71, 0x72})
  @Spec({"MQTT-2.1.3-1", "MQTT-3.6.1-1"})
  @Spec3({"MQTT-2.2.2-2", "MQTT-3.6.1-1"})
  void reservedFlagsOfAcknowledgementsEndTheConnection(int firstByte) {
    assertEnded(0x81, bytes(firstByte, 2, 0, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x20, 0x90, 0xB0, 0xD0})
  @Behaviour(105)
  void packetsThatOnlyAServerSendsEndTheConnection(int firstByte) {
    byte[] body = firstByte == 0xD0 ? new byte[0] : bytes(0, 1);
    assertEnded(0x82, packet(firstByte, body));
  }

  @Test
  @Behaviour({106, 242, 302})
  void reservedPacketTypesEndTheConnection() {
    assertEnded(0x81, bytes(0x00, 0));
    if (!clients.version().isV5()) {
      assertEnded(0x81, bytes(0xF0, 0));
    }
  }

  @Test
  @Behaviour(107)
  void aLengthWhereThereIsNoneEndsTheConnection() {
    assertEnded(0x81, bytes(0xC0, 1, 0));
    if (!clients.version().isV5()) {
      assertEnded(0x81, bytes(0xE0, 1, 0));
    }
  }

  @Test
  @Behaviour(103)
  void acknowledgementsOfTheWrongLengthEndTheConnection() {
    assertEnded(0x81, bytes(0x40, 1, 0));
    assertEnded(0x81, bytes(0x50, 0));
    assertEnded(0x81, bytes(0x62, 1, 5));
    if (!clients.version().isV5()) {
      assertEnded(0x81, bytes(0x40, 3, 0, 1, 0));
    }
  }

  @Test
  @Spec({"MQTT-4.13.2-1", "MQTT-4.13.1-1"})
  @Spec3("MQTT-4.8.0-1")
  void oneClientsErrorEndsOnlyItsOwnConnection() {
    Peer good = clients.connected();
    String topic = clients.topic();
    good.subscribe(topic, 1);
    for (int i = 0; i < 20; i++) {
      assertEnded(0x81, bytes(0x00, 0));
    }
    clients.connected().publish(topic, 1, "alive");
    good.receivePublish("alive");
  }

  @Test
  @Behaviour(307)
  void theReasonArrivesAlthoughMoreWasSent() {
    Peer peer = clients.connected();
    peer.wire()
        .sendIfOpen(bytes(0x00, 0), new byte[200_000]); // much that the broker will never read
    if (clients.version().isV5()) {
      assertEquals(0x81, peer.receive(DISCONNECT).reasonCode());
    }
    peer.expectClosed();
  }
}

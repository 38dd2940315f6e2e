package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who is let in and under which Client Identifier (sections 3.1.3, 3.1.4 and 3.2), in both
 * versions.
 */
@EachTransportAndVersion
final class ConnectTest {
  private static final byte[] REFUSED_AS_3 = bytes(0x20, 2, 0, 1);

  @RegisterExtension final Clients clients;
  private final Version version;

  ConnectTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.version = version;
  }

  @Test
  @Spec("MQTT-3.1.3-5")
  @Spec3("MQTT-3.1.3-5")
  void takesEveryLetterAndDigitInTheClientIdentifier() {
    for (String id :
        new String[] {
          "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ", "7"
        }) {
      Peer peer = clients.peer(id);
      peer.connect();
      peer.disconnect();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"with space", "a/b/c", "plus+hash#", "ünïcødé-日本-\uD83D\uDE00", "$sys"})
  @Behaviour(15)
  void takesOddClientIdentifiers(String odd) {
    Peer peer = clients.peer(Clients.unique(odd));
    peer.connect();
    peer.ping();
  }

  @Test
  @Spec({"MQTT-3.1.3-8", "MQTT-3.2.2-7", "MQTT-3.2.2-8"})
  @Spec3({"MQTT-3.1.3-9", "MQTT-3.2.2-4", "MQTT-3.2.2-5"})
  @Behaviour(16)
  void refusesAClientIdentifierAboveTheLimit() {
    Peer longest = clients.peer((Clients.unique("l") + "x".repeat(256)).substring(0, 256));
    longest.connect();
    Peer tooLong = clients.peer("x".repeat(257));
    tooLong.send(connect(version).clientId(tooLong.clientId()));
    tooLong.expectConnAck(2, 0x85);
  }

  @Test
  @Spec({"MQTT-3.1.4-6", "MQTT-3.2.2-7"})
  @Spec3({"MQTT-3.1.4-5", "MQTT-3.2.2-5"})
  void processesNothingAfterARefusedConnect() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    Peer refused = clients.peer("x".repeat(300));
    refused.send(
        connect(version).clientId(refused.clientId()),
        refused.publish(topic).retain().payload("must not arrive"));
    refused.expectConnAck(2, 0x85);
    observer.publish(topic, 0, "marker");
    observer.receivePublish("marker");
    clients.connected().subscribeAndGetNothingRetained(topic, 0);
  }

  @Test
  @Spec({"MQTT-3.1.3-6", "MQTT-3.2.2-16"})
  @Spec3("MQTT-3.1.3-6")
  @Behaviour(20)
  void clientsWithoutIdentifierDoNotTakeEachOtherOver() {
    Peer first = clients.peer("");
    Peer second = clients.peer("");
    first.connect();
    second.connect();
    first.ping();
    second.ping();
  }

  @Test
  @Spec("MQTT-3.2.0-2")
  @Spec3("MQTT-3.2.0-1")
  void sendsOneConnAck() {
    Peer peer = clients.connected();
    peer.ping();
    peer.ping();
  }

  @Test
  @Spec({"MQTT-3.2.2-2", "MQTT-3.1.2-6", "MQTT-3.2.2-3"})
  @Spec3({"MQTT-3.2.2-1", "MQTT-3.2.2-3"})
  void saysThatThereIsNoSessionForANewClient() {
    assertFalse(clients.peer().connect().sessionPresent());
    assertFalse(clients.peer().resume(0).sessionPresent());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 6, 7, 127, 128, 131, 132, 133, 255})
  @Spec("MQTT-3.1.2-2")
  @Spec3("MQTT-3.1.2-2")
  @Behaviour({10, 11, 12, 14})
  void refusesAProtocolLevelItDoesNotSpeak(int level) {
    RawClient client = clients.raw();
    client.send(
        packet(
            0x10,
            utf8("MQTT"),
            level,
            0x02,
            bytes(0, 60),
            level < 5 ? new byte[0] : bytes(0),
            utf8(Clients.unique("v"))));
    byte[] answer = client.drain();
    // The predecessors of 3.1.1, also with the bridge bit, understand the old form only.
    boolean older = level == 3 || level == 131 || level == 132;
    if (older) {
      assertArrayEquals(REFUSED_AS_3, answer);
    } else {
      assertEquals(
          List.of(0x20, 0, 0x84), List.of((int) answer[0], (int) answer[2], answer[3] & 0xFF));
    }
  }

  @Test
  @Behaviour({10, 11})
  void refusesMqtt31() {
    RawClient client = clients.raw();
    client.send(packet(0x10, utf8("MQIsdp"), 3, 0x02, bytes(0, 60), utf8(Clients.unique("v"))));
    assertArrayEquals(REFUSED_AS_3, client.drain());
  }

  @Test
  @Behaviour(8)
  void closesAtOnceAtAHugeFirstPacketThatIsNotConnect() {
    RawClient client = clients.raw();
    client.send(bytes(0x30, 0xFF, 0xFF, 0xFF, 0x7F), "the body never comes");
    client.expectClosed();
  }

  @Test
  @Behaviour(8)
  void closesAtOnceAtAConnectWithARemainingLengthThatNoConnectHas() {
    RawClient client = clients.raw();
    client.send(bytes(0x10, 0xFF, 0xFF, 0xFF, 0x7F), utf8("MQTT"));
    client.drain();
  }

  @Test
  @Behaviour(51)
  void aResetRightAfterConnectHarmsNobody() {
    Peer other = clients.connected();
    for (int i = 0; i < 20; i++) {
      Peer peer = clients.peer();
      peer.send(connect(version).clientId(peer.clientId()), pingReq());
      peer.wire().reset();
    }
    other.ping();
    Parsed again = clients.peer().connect();
    assertFalse(again.sessionPresent());
  }

  @Test
  @Behaviour(51)
  void aResetInTheMiddleOfASubscribeKeepsTheSessionAsItWasAndSendsTheWill() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    Peer peer = clients.peer();
    peer.connect(connect -> peer.persistent(connect, 60).will(topic, 0, false, "will"));
    byte[] subscribe = subscribe(version, 1).filter(topic, 1).toBytes();
    peer.send(Arrays.copyOf(subscribe, subscribe.length - 1));
    peer.wire().reset();
    observer.receivePublish("will");
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "not subscribed");
    Peer back = clients.peer(peer.clientId());
    assertTrue(back.resume(60).sessionPresent());
    back.subscribe(topic, 1);
    back.expectNothingQueued(publisher, topic);
  }
}

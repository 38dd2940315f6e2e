package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.binaryOf;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.SubscribeBytes;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes of SUBSCRIBE and UNSUBSCRIBE (sections 3.8 and 3.10), in both versions. */
@EachTransportAndVersion
final class SubscribeFormatTest {
  private static final byte[] NOTHING = new byte[0];

  @RegisterExtension final Clients clients;
  private final byte[] noProperties;

  SubscribeFormatTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
    this.noProperties = version.isV5() ? bytes(0) : NOTHING;
  }

  private void assertEnded(byte[] packet, int... reasonCodes) {
    Peer peer = clients.connected();
    peer.send(packet);
    peer.expectDisconnect(reasonCodes);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x80, 0x81, 0x83, 0x84, 0x8A, 0x8F})
  @Spec({"MQTT-3.8.1-1", "MQTT-2.1.3-1"})
  @Spec3({"MQTT-3.8.1-1", "MQTT-2.2.2-2"})
  void refusesOtherFlagsThan0010InSubscribe(int firstByte) {
    assertEnded(packet(firstByte, 0, 1, noProperties, utf8("a"), 0), 0x81);
  }

  @ParameterizedTest
  @ValueSource(ints = {0xA0, 0xA1, 0xA3, 0xA6, 0xAA})
  @Spec({"MQTT-3.10.1-1", "MQTT-2.1.3-1"})
  @Spec3({"MQTT-3.10.1-1", "MQTT-2.2.2-2"})
  void refusesOtherFlagsThan0010InUnsubscribe(int firstByte) {
    assertEnded(packet(firstByte, 0, 1, noProperties, utf8("a")), 0x81);
  }

  @Test
  @Spec("MQTT-2.2.1-3")
  @Spec3("MQTT-2.3.1-1")
  void refusesPacketIdentifierZero() {
    assertEnded(packet(0x82, 0, 0, noProperties, utf8("a"), 0), 0x81, 0x82);
    assertEnded(packet(0xA2, 0, 0, noProperties, utf8("a")), 0x81, 0x82);
  }

  @Test
  @Spec("MQTT-3.8.3-2")
  @Spec3("MQTT-3.8.3-3")
  void refusesASubscribeWithoutFilter() {
    assertEnded(packet(0x82, 0, 1, noProperties), 0x82);
  }

  @Test
  @Spec("MQTT-3.10.3-2")
  @Spec3("MQTT-3.10.3-2")
  void refusesAnUnsubscribeWithoutFilter() {
    assertEnded(packet(0xA2, 0, 1, noProperties), 0x82);
  }

  @Test
  @Spec({"MQTT-3.8.3-1", "MQTT-1.5.4-1", "MQTT-4.7.3-2"})
  @Spec3({"MQTT-3.8.3-1", "MQTT-1.5.3-1", "MQTT-4.7.3-2"})
  void refusesAFilterThatIsNotUtf8() {
    assertEnded(packet(0x82, 0, 1, noProperties, binaryOf('a', 0xFF), 0), 0x81);
    assertEnded(packet(0x82, 0, 1, noProperties, binaryOf('a', 0), 0), 0x81);
    assertEnded(packet(0x82, 0, 1, noProperties, binaryOf(0xED, 0xBF, 0xBF), 0), 0x81);
  }

  @Test
  @Spec({"MQTT-3.10.3-1", "MQTT-1.5.4-2"})
  @Spec3({"MQTT-3.10.3-1", "MQTT-1.5.3-2"})
  void refusesAnUnsubscribeFilterThatIsNotUtf8() {
    assertEnded(packet(0xA2, 0, 1, noProperties, binaryOf('a', 0xFF)), 0x81);
    assertEnded(packet(0xA2, 0, 1, noProperties, binaryOf('a', 0)), 0x81);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x03, 0x40, 0x80, 0xC1, 0xFC})
  @Spec("MQTT-3.8.3-5")
  @Spec3("MQTT-3.8.3-4")
  void refusesReservedOptionBitsAndQos3(int options) {
    assertEnded(packet(0x82, 0, 1, noProperties, utf8("a"), options), 0x81, 0x82);
  }

  @Test
  @Spec("MQTT-3.8.3-2")
  @Spec3("MQTT-3.8.3-3")
  void refusesAFilterWithoutOptions() {
    assertEnded(packet(0x82, 0, 1, noProperties, utf8("a")), 0x81);
    assertEnded(packet(0x82, 0, 1, noProperties, utf8("a"), 0, utf8("b")), 0x81);
    assertEnded(packet(0x82, 0, 1, noProperties, 0, 9, 'a', 0), 0x81);
    assertEnded(packet(0x82, 0), 0x81);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/#/b", "a#", "#a", "a/#b", "##", "#/", "a+", "+a", "a/b+/c", "++", ""})
  @Spec({"MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.7.3-1", "MQTT-3.9.3-2"})
  @Spec3({"MQTT-4.7.1-2", "MQTT-4.7.1-3", "MQTT-4.7.3-1", "MQTT-3.9.3-2"})
  @Behaviour(176)
  void refusesABadFilterAlone(String bad) {
    Peer peer = clients.connected();
    String good = clients.topic();
    peer.send(
        subscribe(clients.version(), 9).filter(good, 1).filter(bad, 1).filter(good + "/+", 2));
    int refused = clients.version().isV5() ? 0x8F : 0x80;
    assertEquals(List.of(1, refused, 2), peer.receive(SUBACK).reasonCodes());
    peer.publish(good, 0, "the others are granted");
    peer.receivePublish("the others are granted");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"$share/g", "$share/g/", "$share//t", "$share/+/t", "$share/a#/t", "$share/g/a#"})
  @Spec({"MQTT-4.8.2-1", "MQTT-4.8.2-2"})
  @Behaviour(212)
  void refusesABadSharedFilterAlone(String bad) {
    Peer peer = clients.connected();
    peer.send(subscribe(clients.version(), 9).filter(bad, 1).filter(clients.topic(), 1));
    int refused = clients.version().isV5() ? 0x8F : 0x80;
    assertEquals(List.of(refused, 1), peer.receive(SUBACK).reasonCodes());
  }

  @Test
  @Behaviour({110, 175})
  void refusesAFilterOfTooManyLevels() {
    Peer peer = clients.connected();
    peer.send(
        subscribe(clients.version(), 1)
            .filter("a" + "/a".repeat(127), 1)
            .filter("a" + "/a".repeat(128), 1)
            .filter("/".repeat(60_000), 1));
    List<Integer> codes = peer.receive(SUBACK).reasonCodes();
    assertEquals(1, codes.get(0));
    assertTrue(codes.get(1) >= 0x80 && codes.get(2) >= 0x80, codes::toString);
  }

  @Test
  @Spec("MQTT-4.7.3-3")
  @Spec3("MQTT-4.7.3-3")
  @Behaviour(175)
  void takesAFilterOf65535Bytes() {
    String prefix = clients.topic() + "/+/";
    Peer peer = clients.connected();
    peer.subscribe(prefix + "x".repeat(65_535 - prefix.length()), 1);
  }

  @Test
  @Behaviour({1, 169})
  void takesASubscribeOfManyFiltersByteByByte() {
    Peer peer = clients.connected();
    SubscribeBytes subscribe = subscribe(clients.version(), 77);
    String topic = clients.topic();
    for (int i = 0; i < 30; i++) {
      subscribe.filter(topic + "/" + i, i % 3);
    }
    peer.wire().sendByteByByte(subscribe);
    assertEquals(77, peer.receive(SUBACK).packetId());
  }
}

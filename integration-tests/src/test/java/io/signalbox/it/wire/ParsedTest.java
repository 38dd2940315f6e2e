package io.signalbox.it.wire;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.properties;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The decoder of the tests must see what a server does wrong, or every other test is blind. */
final class ParsedTest {
  private static Parsed parse(Version version, byte[] packet) {
    return Parsed.of(
        version, packet[0] & 0xFF, Arrays.copyOfRange(packet, 2, packet.length), packet.length);
  }

  private static void assertMalformed(Version version, byte[] packet) {
    assertThrows(MalformedByServer.class, () -> parse(version, packet));
  }

  @Test
  void readsAPublishWithEverything() {
    Parsed publish =
        parse(
            Version.V5,
            packet(
                0x3B,
                utf8("a/b"),
                bytes(0x12, 0x34),
                properties(
                    PropertyBytes.userProperty("k", "1"),
                    PropertyBytes.userProperty("k", "2"),
                    PropertyBytes.subscriptionId(300)),
                "hi"));
    assertEquals(PacketType.PUBLISH, publish.type());
    assertEquals(1, publish.qos());
    assertTrue(publish.dup() && publish.retain());
    assertEquals("a/b", publish.topic());
    assertEquals(0x1234, publish.packetId());
    assertEquals(List.of(300L), publish.properties().subscriptionIds());
    assertEquals(
        List.of(new ReceivedProperties.Pair("k", "1"), new ReceivedProperties.Pair("k", "2")),
        publish.properties().userProperties());
    assertArrayEquals(bytes("hi"), publish.payload());
  }

  @Test
  void readsTheShortFormsOfAcks() {
    assertEquals(7, parse(Version.V3, packet(0x40, 0, 7)).packetId());
    assertEquals(0, parse(Version.V5, packet(0x40, 0, 7)).reasonCode());
    assertEquals(0x10, parse(Version.V5, packet(0x40, 0, 7, 0x10)).reasonCode());
    assertEquals(0x8E, parse(Version.V5, packet(0xE0, 0x8E)).reasonCode());
  }

  @Test
  void refusesWhatAServerMayNotSend() {
    assertMalformed(Version.V5, packet(0x30, utf8("a/#"), 0)); // wildcard
    assertMalformed(Version.V5, packet(0x30, utf8(""), 0)); // no topic, no alias
    assertMalformed(Version.V5, packet(0x38, utf8("a"), 0)); // DUP with QoS 0
    assertMalformed(Version.V5, packet(0x36, utf8("a"), 0, 1, 0)); // QoS 3
    assertMalformed(Version.V5, packet(0x32, utf8("a"), 0, 0, 0)); // Packet Identifier 0
    assertMalformed(Version.V5, packet(0x41, 0, 1)); // flags
    assertMalformed(Version.V5, packet(0x60, 0, 1)); // PUBREL without its flag
    assertMalformed(Version.V5, packet(0x40, 0, 1, 0x81, 0)); // not a code of PUBACK
    assertMalformed(Version.V5, packet(0x20, 2, 0, 0)); // acknowledge flags
    assertMalformed(Version.V5, packet(0x20, 1, 0x87, 0)); // Session Present in a refusal
    assertMalformed(Version.V5, packet(0x20, 0, 0, properties(PropertyBytes.topicAlias(1))));
    assertMalformed(
        Version.V5,
        packet(
            0x20,
            0,
            0,
            properties(PropertyBytes.receiveMaximum(1), PropertyBytes.receiveMaximum(1))));
    assertMalformed(Version.V5, packet(0xE0, 0, properties(PropertyBytes.sessionExpiry(1))));
    assertMalformed(Version.V5, packet(0x30, 0, 1, 0xFF, 0)); // not UTF-8
    assertMalformed(Version.V5, packet(0x40, 0, 1, 0, 0, 0)); // a byte too many
    assertMalformed(Version.V5, packet(0x30, utf8("a"), 0x80, 0)); // overlong Property Length
    assertMalformed(Version.V3, packet(0xE0)); // no DISCONNECT from a 3.1.1 server
    assertMalformed(Version.V3, packet(0x90, 0, 1, 0x87)); // not a 3.1.1 code
    assertMalformed(Version.V3, packet(0x40, 0, 1, 0)); // a byte too many
    assertMalformed(Version.V5, packet(0x10)); // a client's packet
  }
}

package io.signalbox.server.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.topic.TopicNames;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assertions;

/** Writes packets down as the standard's figures do, and decodes them. */
final class PacketBytes {
  static final int LIMIT = 1 << 20;

  private PacketBytes() {}

  /** Numbers and characters are one byte each, byte arrays stand for themselves. */
  static byte[] bytes(Object... parts) {
    var out = new ByteArrayOutputStream();
    for (Object part : parts) {
      switch (part) {
        case Integer number -> out.write(number);
        case Character character -> out.write(character);
        case byte[] some -> out.writeBytes(some);
        case String text -> out.writeBytes(string(text));
        default -> throw new IllegalArgumentException("a " + part.getClass());
      }
    }
    return out.toByteArray();
  }

  /** A UTF-8 string with its length in front. */
  private static byte[] string(String text) {
    byte[] utf8 = text.getBytes(UTF_8);
    return bytes(utf8.length >> 8, utf8.length & 0xFF, utf8);
  }

  /** A whole packet: first byte, Remaining Length of the parts, the parts. */
  static byte[] packet(int firstByte, Object... parts) {
    byte[] body = bytes(parts);
    return bytes(firstByte, variable(body.length), body);
  }

  /** Property Length of the parts and the parts. */
  static byte[] properties(Object... parts) {
    byte[] body = bytes(parts);
    return bytes(variable(body.length), body);
  }

  static byte[] variable(int value) {
    var out = new ByteOutput(4);
    VariableByteInteger.put(out, value);
    return out.toByteArray();
  }

  static byte[] connect(ProtocolVersion version) {
    return version == ProtocolVersion.V5
        ? packet(0x10, "MQTT", 5, 0x02, 0, 60, 0, "c")
        : packet(0x10, "MQTT", 4, 0x02, 0, 60, "c");
  }

  /** A server's decoder that has taken a CONNECT of this version. */
  static PacketDecoder connected(ProtocolVersion version) throws PacketException {
    var decoder = new PacketDecoder(new PacketReader(), new TopicNames(), LIMIT);
    byte[] connect = connect(version);
    assertEquals(connect.length, decoder.decode(connect, 0, connect.length, _ -> true));
    return decoder;
  }

  /** The one packet that these bytes are, from a client. */
  static Packet fromClient(ProtocolVersion version, byte[] bytes) throws PacketException {
    boolean isConnect = (bytes[0] & 0xF0) == 0x10;
    return only(
        isConnect
            ? new PacketDecoder(new PacketReader(), new TopicNames(), LIMIT)
            : connected(version),
        bytes);
  }

  /** The one packet that these bytes are, from a server. */
  static Packet fromServer(ProtocolVersion version, byte[] bytes) throws PacketException {
    return only(PacketDecoder.ofServerPackets(new TopicNames(), LIMIT, version), bytes);
  }

  private static Packet only(PacketDecoder decoder, byte[] bytes) throws PacketException {
    List<Packet> packets = new ArrayList<>();
    int end = decoder.decode(bytes, 0, bytes.length, packets::add);
    assertEquals(bytes.length, end, "bytes consumed");
    assertEquals(1, packets.size(), "packets");
    return packets.getFirst();
  }

  static byte[] encoded(Packet packet, ProtocolVersion version) {
    var out = new ByteOutput(0);
    PacketEncoder.encode(packet, version, out);
    assertEquals(PacketEncoder.encodedLength(packet, version), out.position, "announced length");
    return out.toByteArray();
  }

  /** Shows that the bytes and the packet say the same, both ways. */
  static void assertBothWays(ProtocolVersion version, Packet packet, byte[] bytes)
      throws PacketException {
    Assertions.assertArrayEquals(bytes, encoded(packet, version), "encoded");
    Packet decoded =
        packet.type().isSentBy(io.signalbox.server.packet.Side.CLIENT)
            ? fromClient(version, bytes)
            : fromServer(version, bytes);
    assertEquals(packet.toString(), decoded.toString(), "decoded");
    Assertions.assertArrayEquals(bytes, encoded(decoded, version), "encoded again");
  }

  static PacketException assertRejected(
      ReasonCode reason, ProtocolVersion version, byte[] fromClient) {
    var e = assertThrows(PacketException.class, () -> fromClient(version, fromClient));
    assertEquals(reason, e.reason(), e.problem());
    return e;
  }

  /** Rejected for the reason and with these words, which say what and where. */
  static void assertRejected(
      ReasonCode reason, String problem, ProtocolVersion version, byte[] fromClient) {
    assertEquals(problem, assertRejected(reason, version, fromClient).problem());
  }

  /** Refused for every shorter body too: no field may be missing. */
  static void assertEveryCutIsRejected(ProtocolVersion version, byte[] whole) {
    int header = 2;
    Assertions.assertTrue(whole.length < 130, "a packet with a remaining length of one byte");
    for (int length = 0; length < whole.length - header; length++) {
      byte[] cut = Arrays.copyOf(whole, header + length);
      cut[1] = (byte) length;
      assertThrows(
          PacketException.class, () -> fromClient(version, cut), "cut to " + length + " bytes");
    }
  }
}

package io.signalbox.server.codec;

import static io.signalbox.server.codec.PacketBytes.LIMIT;
import static io.signalbox.server.codec.PacketBytes.assertRejected;
import static io.signalbox.server.codec.PacketBytes.bytes;
import static io.signalbox.server.codec.PacketBytes.connect;
import static io.signalbox.server.codec.PacketBytes.connected;
import static io.signalbox.server.codec.PacketBytes.fromServer;
import static io.signalbox.server.codec.PacketBytes.packet;
import static io.signalbox.server.packet.ProtocolVersion.V3_1_1;
import static io.signalbox.server.packet.ProtocolVersion.V5;
import static io.signalbox.server.packet.ReasonCode.MALFORMED_PACKET;
import static io.signalbox.server.packet.ReasonCode.PACKET_TOO_LARGE;
import static io.signalbox.server.packet.ReasonCode.PROTOCOL_ERROR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.signalbox.server.Spec;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.topic.TopicNames;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PacketDecoderTest {
  private static PacketDecoder fresh() {
    return new PacketDecoder(new PacketReader(), new TopicNames(), LIMIT);
  }

  private static PacketException rejectedAtOnce(PacketDecoder decoder, byte[] first) {
    return assertThrows(
        PacketException.class, () -> decoder.decode(first, 0, first.length, _ -> true));
  }

  @Test
  void handsOverEveryPacketOfOneRead() throws Exception {
    byte[] stream =
        bytes(
            connect(V5),
            packet(0x30, "a", 0, 'x'),
            packet(0xC0),
            packet(0x82, 0, 1, 0, "a/#", 1),
            packet(0xE0));
    List<PacketType> types = new ArrayList<>();
    int end = fresh().decode(stream, 0, stream.length, p -> types.add(p.type()));
    assertEquals(stream.length, end);
    assertEquals(
        List.of(
            PacketType.CONNECT,
            PacketType.PUBLISH,
            PacketType.PINGREQ,
            PacketType.SUBSCRIBE,
            PacketType.DISCONNECT),
        types);
  }

  @Test
  void waitsForTheRestAndSaysHowMuch() throws Exception {
    byte[] connect = connect(V3_1_1);
    var decoder = fresh();
    List<Packet> packets = new ArrayList<>();
    assertEquals(0, decoder.decode(connect, 0, 1, packets::add));
    assertEquals(0, decoder.bytesNeeded(), "the remaining length is not there yet");
    assertEquals(0, decoder.decode(connect, 0, 2, packets::add));
    assertEquals(connect.length, decoder.bytesNeeded());
    assertEquals(0, decoder.decode(connect, 0, connect.length - 1, packets::add));
    assertEquals(connect.length, decoder.bytesNeeded());
    assertNull(decoder.version());
    assertEquals(List.of(), packets);
    assertEquals(connect.length, decoder.decode(connect, 0, connect.length, packets::add));
    assertEquals(0, decoder.bytesNeeded());
    assertEquals(V3_1_1, decoder.version());
    assertEquals(1, packets.size());
  }

  @Test
  void stopsWhereTheSinkSaysSo() throws Exception {
    byte[] connect = connect(V5);
    byte[] stream = bytes(connect, packet(0xC0), packet(0xC0));
    var decoder = fresh();
    int end = decoder.decode(stream, 0, stream.length, _ -> false);
    assertEquals(connect.length, end);
    assertEquals(connect.length + 2, decoder.decode(stream, end, stream.length, _ -> false));
  }

  @Test
  void readsBetweenTheGivenIndicesOnly() throws Exception {
    byte[] connect = connect(V5);
    byte[] array = bytes(0xFF, 0xFF, connect, 0xFF);
    assertEquals(2 + connect.length, fresh().decode(array, 2, array.length - 1, _ -> true));
  }

  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"CONNECT", "CONNACK"})
  @Spec(value = "MQTT-3.1.0-1", v3 = "MQTT-3.1.0-1")
  void rejectsAnyOtherFirstPacketByItsFirstByte(PacketType type) {
    var e = rejectedAtOnce(fresh(), bytes(type.firstByte()));
    assertEquals(PROTOCOL_ERROR, e.reason());
    assertEquals(type + " before CONNECT", e.problem());
    assertNull(e.answerForm(), "no CONNACK");
  }

  @ParameterizedTest
  @EnumSource
  @Spec(value = "MQTT-3.1.0-2", v3 = "MQTT-3.1.0-2")
  void rejectsASecondConnect(ProtocolVersion version) {
    var e =
        assertThrows(
            PacketException.class, () -> connected(version).decode(bytes(0x10), 0, 1, _ -> true));
    assertEquals(PROTOCOL_ERROR, e.reason());
    assertEquals("CONNECT once more on one connection", e.problem());
    assertNull(e.answerForm(), "no second CONNACK");
  }

  @ParameterizedTest
  @CsvSource({"0x20", "0x90", "0xB0", "0xD0"})
  void rejectsPacketsThatOnlyAServerSends(int firstByte) {
    for (ProtocolVersion version : ProtocolVersion.values()) {
      assertRejected(PROTOCOL_ERROR, version, bytes(firstByte, 0));
    }
  }

  @ParameterizedTest
  @CsvSource({"0x82", "0xA2", "0xC0"})
  void rejectsPacketsThatOnlyAClientSends(int firstByte) {
    var e = assertThrows(PacketException.class, () -> fromServer(V5, bytes(firstByte, 0)));
    assertEquals(PROTOCOL_ERROR, e.reason());
  }

  @Test
  @Spec(
      value = "MQTT-2.1.3-1",
      v3 = {"MQTT-2.2.2-1", "MQTT-2.2.2-2"})
  void rejectsReservedTypesAndWrongFlags() throws Exception {
    assertRejected(MALFORMED_PACKET, "packet type 0 is reserved", V5, bytes(0x00, 0));
    assertRejected(MALFORMED_PACKET, "packet type 15 is reserved", V3_1_1, bytes(0xF0, 0));
    for (PacketType type : PacketType.values()) {
      if (type == PacketType.PUBLISH) {
        continue;
      }
      for (int flags = 0; flags < 16; flags++) {
        if (flags == type.flags()) {
          continue;
        }
        byte[] first = bytes(type.number() << 4 | flags);
        boolean client = type.isSentBy(io.signalbox.server.packet.Side.CLIENT);
        var decoder =
            type == PacketType.CONNECT
                ? fresh()
                : client
                    ? connected(V5)
                    : PacketDecoder.ofServerPackets(new TopicNames(), LIMIT, V5);
        var e = rejectedAtOnce(decoder, first);
        assertEquals(MALFORMED_PACKET, e.reason());
        assertEquals(type + ": fixed header flags " + flags, e.problem());
      }
    }
  }

  @Test
  void rejectsAnOversizedPacketByItsHeader() throws Exception {
    var decoder = connected(V5);
    byte[] header = bytes(0x30, 0xFF, 0xFF, 0xFF, 0x7F);
    var e = rejectedAtOnce(decoder, header);
    assertEquals(PACKET_TOO_LARGE, e.reason());
    assertEquals("PUBLISH of 268435460 bytes, at most 1048576 are taken", e.problem());
  }

  @Test
  void takesAPacketOfExactlyTheLimit() throws Exception {
    byte[] ping = packet(0xC0);
    byte[] connect = connect(V5);
    byte[] largest = packet(0x30, "a", 0, new byte[connect.length - 6]);
    assertEquals(connect.length, largest.length);
    var decoder = new PacketDecoder(new PacketReader(), new TopicNames(), connect.length);
    byte[] stream = bytes(connect, largest, ping);
    assertEquals(stream.length, decoder.decode(stream, 0, stream.length, _ -> true));
    byte[] oneMore = packet(0x30, "a", 0, new byte[connect.length - 5]);
    assertEquals(PACKET_TOO_LARGE, rejectedAtOnce(decoder, oneMore).reason());
  }

  @ParameterizedTest
  @EnumSource
  void answersAnOversizedConnectInItsVersion(ProtocolVersion version) {
    byte[] connect = connect(version);
    var e = rejectedAtOnce(new PacketDecoder(new PacketReader(), new TopicNames(), 12), connect);
    assertEquals(PACKET_TOO_LARGE, e.reason());
    assertEquals(version, e.answerForm());
    var garbage =
        rejectedAtOnce(
            new PacketDecoder(new PacketReader(), new TopicNames(), 12), bytes(0x10, 0x7F, 3));
    assertEquals(PACKET_TOO_LARGE, garbage.reason());
    assertNull(garbage.answerForm());
  }

  @ParameterizedTest
  @EnumSource
  void rejectsARemainingLengthOfFiveBytes(ProtocolVersion version) {
    for (byte[] header :
        List.of(bytes(0x30, 0xFF, 0xFF, 0xFF, 0xFF), bytes(0x30, 0x80, 0x80, 0x80, 0x80, 1))) {
      assertRejected(
          MALFORMED_PACKET, "PUBLISH: remaining length is longer than 4 bytes", version, header);
    }
  }

  @Test
  @Spec("MQTT-1.5.5-1")
  void insistsOnTheShortestRemainingLengthIn5Only() throws Exception {
    assertRejected(
        MALFORMED_PACKET,
        "PINGREQ: remaining length is not in its shortest form",
        V5,
        bytes(0xC0, 0x80, 0x00));
    assertEquals(
        PacketType.PINGREQ, PacketBytes.fromClient(V3_1_1, bytes(0xC0, 0x80, 0x00)).type());
    byte[] v3 = connect(V3_1_1);
    byte[] v3Wide =
        bytes(0x10, v3[1] | 0x80, 0x80, 0, java.util.Arrays.copyOfRange(v3, 2, v3.length));
    assertEquals(PacketType.CONNECT, PacketBytes.fromClient(V3_1_1, v3Wide).type());
    byte[] v5 = connect(V5);
    byte[] v5Wide = bytes(0x10, v5[1] | 0x80, 0, java.util.Arrays.copyOfRange(v5, 2, v5.length));
    assertEquals(V5, assertRejected(MALFORMED_PACKET, V5, v5Wide).answerForm());
  }

  @ParameterizedTest
  @CsvSource({
    "V5, 0xC0, PINGREQ: remaining length 1 must be 0",
    "V3_1_1, 0xC0, PINGREQ: remaining length 1 must be 0",
    "V3_1_1, 0xE0, DISCONNECT: remaining length 1 must be 0",
    "V3_1_1, 0x40, PUBACK: remaining length 1 must be 2",
    "V3_1_1, 0x50, PUBREC: remaining length 1 must be 2",
    "V3_1_1, 0x62, PUBREL: remaining length 1 must be 2",
    "V3_1_1, 0x70, PUBCOMP: remaining length 1 must be 2",
  })
  void rejectsAWrongRemainingLengthBeforeTheBody(
      ProtocolVersion version, int firstByte, String problem) throws Exception {
    var e = rejectedAtOnce(connected(version), bytes(firstByte, 1));
    assertEquals(MALFORMED_PACKET, e.reason());
    assertEquals(problem.replace(" must", ", must"), e.problem());
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET /mqtt HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001\u0002", "\n\n"})
  void rejectsOtherProtocolsAtTheirFirstByte(String garbage) {
    byte[] first = bytes((int) garbage.charAt(0));
    assertNull(rejectedAtOnce(fresh(), first).answerForm());
  }

  @Test
  void passesOnWhatTheSinkThrows() {
    byte[] connect = connect(V5);
    var thrown = PacketException.protocolError("not now");
    var e =
        assertThrows(
            PacketException.class,
            () ->
                fresh()
                    .decode(
                        connect,
                        0,
                        connect.length,
                        _ -> {
                          throw thrown;
                        }));
    assertTrue(e == thrown);
  }

  /** The promise of the hot path: one record and one copy of the payload, nothing else. */
  @ParameterizedTest
  @CsvSource({"V3_1_1, 0x30", "V5, 0x30", "V3_1_1, 0x32", "V5, 0x32"})
  void allocatesOnlyTheRecordAndThePayloadOfAPublish(ProtocolVersion version, int firstByte)
      throws Exception {
    int payloadBytes = 64;
    byte[] one =
        packet(
            firstByte,
            "devices/p7/data",
            firstByte == 0x32 ? bytes(0, 1) : bytes(),
            version == V5 ? bytes(0) : bytes(),
            new byte[payloadBytes]);
    int count = 1_000;
    var out = new ByteOutput(count * one.length);
    for (int i = 0; i < count; i++) {
      out.putBytes(one);
    }
    var decoder = connected(version);
    PacketDecoder.Sink sink = _ -> true;
    decoder.decode(out.array, 0, out.position, sink); // classes are loaded, the topic is interned
    var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();
    decoder.decode(out.array, 0, out.position, sink);
    long each = (thread.getCurrentThreadAllocatedBytes() - before) / count;
    long record = 40;
    long array = 16L + payloadBytes;
    assertTrue(each <= record + array, each + " bytes a packet");
  }
}

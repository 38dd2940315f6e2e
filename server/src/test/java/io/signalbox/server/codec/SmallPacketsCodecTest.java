package io.signalbox.server.codec;

import static io.signalbox.server.codec.PacketBytes.assertBothWays;
import static io.signalbox.server.codec.PacketBytes.assertEveryCutIsRejected;
import static io.signalbox.server.codec.PacketBytes.assertRejected;
import static io.signalbox.server.codec.PacketBytes.bytes;
import static io.signalbox.server.codec.PacketBytes.encoded;
import static io.signalbox.server.codec.PacketBytes.fromServer;
import static io.signalbox.server.codec.PacketBytes.packet;
import static io.signalbox.server.codec.PacketBytes.properties;
import static io.signalbox.server.packet.ProtocolVersion.V3_1_1;
import static io.signalbox.server.packet.ProtocolVersion.V5;
import static io.signalbox.server.packet.ReasonCode.MALFORMED_PACKET;
import static io.signalbox.server.packet.ReasonCode.PROTOCOL_ERROR;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.server.Spec;
import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.ReasonCode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PUBACK and its three likes, PINGREQ, PINGRESP, DISCONNECT and AUTH. */
class SmallPacketsCodecTest {
  private static final Properties BECAUSE = Properties.NONE.with(Property.REASON_STRING, "no");
  private static final byte[] BECAUSE_BYTES = properties(0x1F, "no");

  private static List<Packet> acks(int packetId) {
    return List.of(
        new PubAck(packetId), new PubRec(packetId), new PubRel(packetId), new PubComp(packetId));
  }

  @ParameterizedTest
  @EnumSource
  void successIsFourBytesInBothVersions(ProtocolVersion version) throws Exception {
    for (Packet ack : acks(0x0102)) {
      byte[] whole = bytes(ack.type().firstByte(), 2, 1, 2);
      assertBothWays(version, ack, whole);
      var out = new ByteOutput(0);
      PacketEncoder.encodeAck(ack.type(), version, 0x0102, ReasonCode.SUCCESS, out);
      assertArrayEquals(whole, out.toByteArray());
    }
  }

  @Test
  void aReasonAloneIsFiveBytes() throws Exception {
    assertBothWays(
        V5, new PubAck(1, ReasonCode.NOT_AUTHORIZED, Properties.NONE), bytes(0x40, 3, 0, 1, 0x87));
    assertBothWays(
        V5,
        new PubComp(1, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE),
        bytes(0x70, 3, 0, 1, 0x92));
    var out = new ByteOutput(0);
    PacketEncoder.encodeAck(PacketType.PUBREC, V5, 1, ReasonCode.NO_MATCHING_SUBSCRIBERS, out);
    assertArrayEquals(bytes(0x50, 3, 0, 1, 0x10), out.toByteArray());
    out.clear();
    PacketEncoder.encodeAck(PacketType.PUBREC, V3_1_1, 1, ReasonCode.NO_MATCHING_SUBSCRIBERS, out);
    assertArrayEquals(bytes(0x50, 2, 0, 1), out.toByteArray());
  }

  @Test
  void acksHaveProperties() throws Exception {
    assertBothWays(
        V5,
        new PubRec(1, ReasonCode.QUOTA_EXCEEDED, BECAUSE),
        packet(0x50, 0, 1, 0x97, BECAUSE_BYTES));
    assertBothWays(
        V5, new PubRel(1, ReasonCode.SUCCESS, BECAUSE), packet(0x62, 0, 1, 0, BECAUSE_BYTES));
    assertArrayEquals(
        bytes(0x50, 2, 0, 1), encoded(new PubRec(1, ReasonCode.QUOTA_EXCEEDED, BECAUSE), V3_1_1));
  }

  @Test
  void acksWithAnEmptyPropertyListAreTaken() throws Exception {
    for (Packet ack : acks(1)) {
      byte[] spelledOut = packet(ack.type().firstByte(), 0, 1, 0, 0);
      assertEquals(ack.toString(), PacketBytes.fromClient(V5, spelledOut).toString());
    }
  }

  @ParameterizedTest
  @CsvSource({"0x40", "0x50", "0x62", "0x70"})
  @Spec({"MQTT-3.4.2-1", "MQTT-3.5.2-1", "MQTT-3.6.2-1", "MQTT-3.7.2-1"})
  void rejectsBadAcks(int firstByte) {
    String name = String.valueOf(PacketType.ofFirstByte(firstByte));
    assertRejected(MALFORMED_PACKET, V5, packet(firstByte));
    assertRejected(MALFORMED_PACKET, V5, packet(firstByte, 1));
    assertRejected(PROTOCOL_ERROR, name + ": packet identifier 0", V5, packet(firstByte, 0, 0));
    assertRejected(
        MALFORMED_PACKET, name + ": reason code 0x81", V5, packet(firstByte, 0, 1, 0x81));
    assertRejected(MALFORMED_PACKET, name + ": reason code 0x03", V5, packet(firstByte, 0, 1, 3));
    assertRejected(
        MALFORMED_PACKET,
        name + ": 1 bytes behind its last field",
        V5,
        packet(firstByte, 0, 1, 0, 0, 0));
    assertRejected(MALFORMED_PACKET, V5, packet(firstByte, 0, 1, 0, 2));
  }

  @ParameterizedTest
  @EnumSource
  void pings(ProtocolVersion version) throws Exception {
    assertBothWays(version, new PingReq(), bytes(0xC0, 0));
    assertBothWays(version, new PingResp(), bytes(0xD0, 0));
  }

  @Test
  void disconnectIsAsShortAsItCanBe() throws Exception {
    var normal = new Disconnect(ReasonCode.SUCCESS, Properties.NONE);
    assertBothWays(V5, normal, bytes(0xE0, 0));
    assertBothWays(V3_1_1, normal, bytes(0xE0, 0));
    var withWill = new Disconnect(ReasonCode.DISCONNECT_WITH_WILL_MESSAGE, Properties.NONE);
    assertBothWays(V5, withWill, bytes(0xE0, 1, 4));
    assertEquals(normal.toString(), PacketBytes.fromClient(V5, bytes(0xE0, 2, 0, 0)).toString());
    assertBothWays(
        V5,
        new Disconnect(
            ReasonCode.SUCCESS, Properties.NONE.with(Property.SESSION_EXPIRY_INTERVAL, 7)),
        packet(0xE0, 0, properties(0x11, 0, 0, 0, 7)));
    assertArrayEquals(
        bytes(0xE0, 0), encoded(new Disconnect(ReasonCode.SERVER_BUSY, BECAUSE), V3_1_1));
  }

  @Test
  @Spec(
      value = {"MQTT-3.14.1-1", "MQTT-3.14.2-1"},
      v3 = "MQTT-3.14.1-1")
  void rejectsBadDisconnects() {
    assertRejected(MALFORMED_PACKET, V5, bytes(0xE1, 0));
    assertRejected(MALFORMED_PACKET, V3_1_1, bytes(0xE1, 0));
    assertRejected(MALFORMED_PACKET, "DISCONNECT: reason code 0x05", V5, bytes(0xE0, 1, 5));
    assertRejected(
        PROTOCOL_ERROR, "DISCONNECT: reason code 0x8E from a client", V5, bytes(0xE0, 1, 0x8E));
    assertRejected(
        PROTOCOL_ERROR,
        "DISCONNECT: SERVER_REFERENCE in DISCONNECT from a client",
        V5,
        packet(0xE0, 0, properties(0x1C, "other")));
  }

  @Test
  @Spec("MQTT-3.14.2-2")
  void aServerGivesNoSessionExpiryWithDisconnect() throws Exception {
    byte[] disconnect = packet(0xE0, 0x8B, properties(0x11, 0, 0, 0, 7));
    var e = assertThrows(PacketException.class, () -> fromServer(V5, disconnect));
    assertEquals(PROTOCOL_ERROR, e.reason());
    byte[] shutdown = packet(0xE0, 0x8B, BECAUSE_BYTES);
    assertEquals(
        new Disconnect(ReasonCode.SERVER_SHUTTING_DOWN, BECAUSE), fromServer(V5, shutdown));
  }

  @Test
  void authHasAMethod() throws Exception {
    Properties scram =
        Properties.NONE
            .with(Property.AUTHENTICATION_METHOD, "SCRAM-SHA-256")
            .with(Property.AUTHENTICATION_DATA, bytes(1, 2));
    byte[] list = properties(0x15, "SCRAM-SHA-256", 0x16, 0, 2, 1, 2);
    assertBothWays(
        V5, new Auth(ReasonCode.CONTINUE_AUTHENTICATION, scram), packet(0xF0, 0x18, list));
    assertBothWays(V5, new Auth(ReasonCode.RE_AUTHENTICATE, scram), packet(0xF0, 0x19, list));
    assertEquals(new Auth(ReasonCode.SUCCESS, Properties.NONE), fromServer(V5, bytes(0xF0, 0)));
    assertThrows(
        IllegalArgumentException.class,
        () -> encoded(new Auth(ReasonCode.RE_AUTHENTICATE, scram), V3_1_1));
    assertEveryCutIsRejected(V5, packet(0xF0, 0x18, list));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x00, 0x18, 0x19, 0x87})
  @Spec({"MQTT-3.15.1-1", "MQTT-3.15.2-1"})
  void rejectsBadAuths(int code) {
    assertRejected(MALFORMED_PACKET, V5, bytes(0xF1, 0));
    assertRejected(code == 0x87 ? MALFORMED_PACKET : PROTOCOL_ERROR, V5, packet(0xF0, code, 0));
    assertRejected(PROTOCOL_ERROR, "AUTH: reason code 0x00 from a client", V5, bytes(0xF0, 0));
  }
}

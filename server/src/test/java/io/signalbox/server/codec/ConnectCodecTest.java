package io.signalbox.server.codec;

import static io.signalbox.server.codec.PacketBytes.assertBothWays;
import static io.signalbox.server.codec.PacketBytes.assertEveryCutIsRejected;
import static io.signalbox.server.codec.PacketBytes.assertRejected;
import static io.signalbox.server.codec.PacketBytes.bytes;
import static io.signalbox.server.codec.PacketBytes.fromClient;
import static io.signalbox.server.codec.PacketBytes.packet;
import static io.signalbox.server.codec.PacketBytes.properties;
import static io.signalbox.server.packet.ProtocolVersion.V3_1_1;
import static io.signalbox.server.packet.ProtocolVersion.V5;
import static io.signalbox.server.packet.ReasonCode.MALFORMED_PACKET;
import static io.signalbox.server.packet.ReasonCode.PROTOCOL_ERROR;
import static io.signalbox.server.packet.ReasonCode.TOPIC_NAME_INVALID;
import static io.signalbox.server.packet.ReasonCode.UNSUPPORTED_PROTOCOL_VERSION;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.Spec;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Will;
import io.signalbox.server.topic.TopicName;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ConnectCodecTest {
  private static final byte[] NO_WILL = {};

  private static byte[] full311() {
    return packet(
        0x10,
        0,
        4,
        'M',
        'Q',
        'T',
        'T', // Protocol Name
        4, //                        Protocol Level
        0b1111_0110, //              User Name, Password, Will Retain, Will QoS 2, Will, Clean
        0,
        10, //                    Keep Alive
        0,
        2,
        'i',
        'd', //           Client Identifier
        0,
        1,
        'w', //                Will Topic
        0,
        2,
        'b',
        'y', //           Will Message
        0,
        1,
        'u', //                User Name
        0,
        1,
        0); //                 Password
  }

  private static byte[] full5() {
    return packet(
        0x10,
        0,
        4,
        'M',
        'Q',
        'T',
        'T', // Protocol Name
        5, //                        Protocol Version
        0b1110_1100, //              User Name, Password, Will Retain, Will QoS 1, Will
        0xFF,
        0xFF, //               Keep Alive
        20, //                       Property Length
        0x11,
        0,
        0,
        0,
        10, //          Session Expiry Interval
        0x17,
        0, //                    Request Problem Information
        0x21,
        0,
        20, //                Receive Maximum
        0x22,
        0,
        5, //                 Topic Alias Maximum
        0x26,
        0,
        1,
        'k',
        0,
        1,
        'v', // User Property
        0,
        2,
        'i',
        'd', //           Client Identifier
        7, //                        Will Properties
        0x01,
        1, //                    Payload Format Indicator
        0x18,
        0,
        0,
        0,
        5, //           Will Delay Interval
        0,
        1,
        'w', //                Will Topic
        0,
        2,
        'b',
        'y', //           Will Payload
        0,
        1,
        'u', //                User Name
        0,
        1,
        0xFF); //              Password
  }

  @Test
  @Spec(value = "MQTT-3.1.3-1", v3 = "MQTT-3.1.3-1")
  void holdsEveryFieldOf311() throws Exception {
    var will =
        new Will(TopicName.of("w"), bytes('b', 'y'), Qos.EXACTLY_ONCE, true, Properties.NONE);
    assertBothWays(
        V3_1_1,
        new Connect(V3_1_1, "id", true, 10, will, "u", new byte[1], Properties.NONE),
        full311());
  }

  @Test
  void holdsEveryFieldOf5() throws Exception {
    var will =
        new Will(
            TopicName.of("w"),
            bytes('b', 'y'),
            Qos.AT_LEAST_ONCE,
            true,
            Properties.NONE
                .with(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                .with(Property.WILL_DELAY_INTERVAL, 5));
    Properties properties =
        Properties.builder()
            .put(Property.SESSION_EXPIRY_INTERVAL, 10)
            .put(Property.REQUEST_PROBLEM_INFORMATION, 0)
            .put(Property.RECEIVE_MAXIMUM, 20)
            .put(Property.TOPIC_ALIAS_MAXIMUM, 5)
            .addUserProperty("k", "v")
            .build();
    assertBothWays(
        V5, new Connect(V5, "id", false, 65_535, will, "u", bytes(0xFF), properties), full5());
  }

  @Test
  @Spec(
      value = {"MQTT-3.1.2-9", "MQTT-3.1.2-17", "MQTT-3.1.2-19", "MQTT-3.1.3-3", "MQTT-3.1.4-1"},
      v3 = {"MQTT-3.1.2-9", "MQTT-3.1.2-19", "MQTT-3.1.2-21", "MQTT-3.1.3-3", "MQTT-3.1.4-1"})
  void rejectsEveryMissingField() {
    assertEveryCutIsRejected(V3_1_1, full311());
    assertEveryCutIsRejected(V5, full5());
  }

  @ParameterizedTest
  @EnumSource
  @Spec(
      value = {"MQTT-3.1.2-16", "MQTT-3.1.2-18"},
      v3 = {"MQTT-3.1.2-18", "MQTT-3.1.2-20"})
  void rejectsBytesBehindTheLastField(ProtocolVersion version) {
    byte[] noProperties = version == V5 ? bytes(0) : bytes();
    byte[] connect = packet(0x10, "MQTT", version.level(), 2, 0, 0, noProperties, "c", "u");
    assertRejected(MALFORMED_PACKET, "CONNECT: 3 bytes behind its last field", version, connect);
  }

  @ParameterizedTest
  @CsvSource({
    "MQIsdp, 3, V3_1_1",
    "MQIsdp, 4, V3_1_1",
    "MQTT, 3, V3_1_1",
    "MQTT, 131, V3_1_1",
    "MQTT, 132, V3_1_1",
    "MQTT, 0, V5",
    "MQTT, 6, V5",
    "MQTT, 255, V5",
    "mqtt, 4, ",
    "MQTTX, 5, ",
    "'', 5, ",
    "HTTP, 5, ",
  })
  @Spec(
      value = {"MQTT-3.1.2-1", "MQTT-3.1.2-2"},
      v3 = {"MQTT-3.1.2-1", "MQTT-3.1.2-2"})
  void saysInWhichFormAnUnknownVersionIsAnswered(
      String name, int level, @org.jspecify.annotations.Nullable ProtocolVersion form) {
    byte[] connect = packet(0x10, name, level, 2, 0, 0, "c");
    var e = assertRejected(UNSUPPORTED_PROTOCOL_VERSION, V5, connect);
    assertEquals(form, e.answerForm());
  }

  @ParameterizedTest
  @CsvSource({
    "0x01, reserved connect flag is set",
    "0x1C, will QoS 3",
    "0x18, will QoS 3",
    "0x08, will QoS or will retain without a will",
    "0x10, will QoS or will retain without a will",
    "0x20, will QoS or will retain without a will",
  })
  @Spec(
      value = {"MQTT-3.1.2-3", "MQTT-3.1.2-11", "MQTT-3.1.2-12", "MQTT-3.1.2-13"},
      v3 = {"MQTT-3.1.2-3", "MQTT-3.1.2-11", "MQTT-3.1.2-13", "MQTT-3.1.2-14", "MQTT-3.1.2-15"})
  void rejectsImpossibleFlags(int flags, String problem) {
    for (ProtocolVersion version : ProtocolVersion.values()) {
      byte[] noProperties = version == V5 ? bytes(0) : bytes();
      byte[] connect =
          packet(
              0x10, "MQTT", version.level(), flags, 0, 0, noProperties, "c", noProperties, "w", "");
      var e = assertRejected(MALFORMED_PACKET, version, connect);
      assertEquals("CONNECT: " + problem, e.problem());
      assertEquals(version, e.answerForm());
    }
  }

  @Test
  @Spec(v3 = "MQTT-3.1.2-22")
  void aPasswordNeedsAUserNameIn311Only() throws Exception {
    assertRejected(
        MALFORMED_PACKET,
        "CONNECT: password without a user name",
        V3_1_1,
        packet(0x10, "MQTT", 4, 0x40, 0, 0, "c", "p"));
    assertBothWays(
        V5,
        new Connect(V5, "c", false, 0, null, null, bytes('p'), Properties.NONE),
        packet(0x10, "MQTT", 5, 0x40, 0, 0, 0, "c", "p"));
  }

  @Test
  void emptyUserNameAndPasswordAreValues() throws Exception {
    var connect = (Connect) fromClient(V5, packet(0x10, "MQTT", 5, 0xC0, 0, 0, 0, "", "", ""));
    assertEquals("", connect.userName());
    assertEquals("", connect.clientId());
    Assertions.assertArrayEquals(new byte[0], connect.password());
  }

  @Test
  @Spec(
      value = {"MQTT-3.1.3-4", "MQTT-3.1.3-11", "MQTT-3.1.3-12"},
      v3 = {"MQTT-3.1.3-4", "MQTT-3.1.3-10", "MQTT-3.1.3-11"})
  void rejectsStringsThatAreNot() {
    byte[] bad = bytes(0, 2, 0xC3, 0x28);
    assertRejected(
        MALFORMED_PACKET,
        "CONNECT: client identifier is not UTF-8 at byte 0",
        V5,
        packet(0x10, "MQTT", 5, 0, 0, 0, 0, bad));
    assertRejected(
        MALFORMED_PACKET,
        "CONNECT: will topic: topic name is not UTF-8 at byte 0",
        V5,
        packet(0x10, "MQTT", 5, 4, 0, 0, 0, "c", 0, bad, ""));
    assertRejected(
        MALFORMED_PACKET,
        "CONNECT: user name is not UTF-8 at byte 0",
        V3_1_1,
        packet(0x10, "MQTT", 4, 0x80, 0, 0, "c", bad));
    assertRejected(
        MALFORMED_PACKET,
        "CONNECT: client identifier contains U+0000 at byte 1",
        V3_1_1,
        packet(0x10, "MQTT", 4, 0, 0, 0, "c\u0000"));
  }

  @Test
  void rejectsAWillTopicThatCannotBePublishedTo() {
    for (String topic : new String[] {"", "a/#", "+"}) {
      var e =
          assertRejected(
              TOPIC_NAME_INVALID, V5, packet(0x10, "MQTT", 5, 4, 0, 0, 0, "c", 0, topic, ""));
      assertEquals(V5, e.answerForm());
    }
  }

  @Test
  void rejectsAuthenticationDataWithoutAMethod() {
    assertRejected(
        PROTOCOL_ERROR,
        "CONNECT: authentication data without a method",
        V5,
        packet(0x10, "MQTT", 5, 0, 0, 0, properties(0x16, "data"), "c", NO_WILL));
  }

  @Test
  void connAckOf5HasPropertiesAndEveryReason() throws Exception {
    assertBothWays(
        V5,
        new ConnAck(
            true,
            ReasonCode.SUCCESS,
            Properties.builder()
                .put(Property.RECEIVE_MAXIMUM, 100)
                .put(Property.ASSIGNED_CLIENT_IDENTIFIER, "x")
                .build()),
        bytes(
            0x20, 10, //     CONNACK, Remaining Length
            1, //            Session Present
            0, //            Reason Code
            7, //            Property Length
            0x21, 0, 100, //   Receive Maximum
            0x12, 0, 1, 'x')); // Assigned Client Identifier
  }

  @Test
  @Spec(v3 = {"MQTT-3.2.2-4", "MQTT-3.1.2-2", "MQTT-3.1.3-8"})
  void connAckOf311HasAReturnCode() throws Exception {
    assertBothWays(
        V3_1_1, new ConnAck(true, ReasonCode.SUCCESS, Properties.NONE), bytes(0x20, 2, 1, 0));
    assertBothWays(
        V3_1_1,
        new ConnAck(false, ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, Properties.NONE),
        bytes(0x20, 2, 0, 1));
    assertBothWays(
        V3_1_1,
        new ConnAck(false, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, Properties.NONE),
        bytes(0x20, 2, 0, 2));
    Assertions.assertThrows(
        IllegalArgumentException.class,
        () ->
            PacketBytes.encoded(
                new ConnAck(false, ReasonCode.MALFORMED_PACKET, Properties.NONE), V3_1_1));
  }

  @ParameterizedTest
  @CsvSource({"V5, 2, 0", "V5, 1, 0x87", "V5, 0, 0x8D", "V3_1_1, 0, 6", "V3_1_1, 1, 1"})
  void rejectsAnImpossibleConnAck(ProtocolVersion version, int flags, int code) {
    byte[] noProperties = version == V5 ? bytes(0) : bytes();
    Assertions.assertThrows(
        PacketException.class,
        () -> PacketBytes.fromServer(version, packet(0x20, flags, code, noProperties)));
  }
}

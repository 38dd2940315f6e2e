package io.signalbox.server.codec;

import static io.signalbox.server.codec.PacketBytes.assertBothWays;
import static io.signalbox.server.codec.PacketBytes.assertRejected;
import static io.signalbox.server.codec.PacketBytes.bytes;
import static io.signalbox.server.codec.PacketBytes.encoded;
import static io.signalbox.server.codec.PacketBytes.fromClient;
import static io.signalbox.server.codec.PacketBytes.fromServer;
import static io.signalbox.server.codec.PacketBytes.packet;
import static io.signalbox.server.codec.PacketBytes.properties;
import static io.signalbox.server.packet.ProtocolVersion.V3_1_1;
import static io.signalbox.server.packet.ProtocolVersion.V5;
import static io.signalbox.server.packet.ReasonCode.MALFORMED_PACKET;
import static io.signalbox.server.packet.ReasonCode.PROTOCOL_ERROR;
import static io.signalbox.server.packet.ReasonCode.TOPIC_ALIAS_INVALID;
import static io.signalbox.server.packet.ReasonCode.TOPIC_NAME_INVALID;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.signalbox.server.Spec;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PublishCodecTest {
  private static final int[] NO_IDENTIFIERS = {};
  private static final byte[] NO_PROPERTIES = {};

  @Test
  @Spec(value = "MQTT-2.2.1-2", v3 = "MQTT-2.3.1-5")
  void qos0HasNoPacketIdentifier() throws Exception {
    var publish =
        new Publish(
            TopicName.of("a/b"),
            Qos.AT_MOST_ONCE,
            false,
            true,
            0,
            Properties.NONE,
            bytes('x', 0, 'y'));
    assertBothWays(
        V3_1_1,
        publish,
        bytes(
            0b0011_0001,
            8, //     PUBLISH QoS 0 RETAIN, Remaining Length
            0,
            3,
            'a',
            '/',
            'b', //  Topic Name
            'x',
            0,
            'y')); //        Application Message
    assertBothWays(
        V5,
        publish,
        bytes(
            0b0011_0001,
            9, //
            0,
            3,
            'a',
            '/',
            'b', //
            0, //                    Property Length
            'x',
            0,
            'y'));
  }

  @Test
  void holdsEveryFlagAndProperty() throws Exception {
    var publish =
        new Publish(
            TopicName.of("t"),
            Qos.EXACTLY_ONCE,
            true,
            false,
            0x1234,
            Properties.builder()
                .put(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                .put(Property.MESSAGE_EXPIRY_INTERVAL, 0xFFFF_FFFFL)
                .put(Property.TOPIC_ALIAS, 65_535)
                .put(Property.CONTENT_TYPE, "")
                .put(Property.RESPONSE_TOPIC, "r")
                .put(Property.CORRELATION_DATA, bytes(0, 255))
                .addUserProperty("k", "v")
                .addUserProperty("k", "")
                .build(),
            bytes('x'));
    assertBothWays(
        V5,
        publish,
        packet(
            0b0011_1100,
            0,
            1,
            't', //
            0x12,
            0x34, //                Packet Identifier
            35, //                        Property Length
            0x01,
            1, //                     Payload Format Indicator
            0x02,
            255,
            255,
            255,
            255, //    Message Expiry Interval
            0x23,
            255,
            255, //              Topic Alias
            0x03,
            0,
            0, //                  Content Type
            0x08,
            0,
            1,
            'r', //             Response Topic
            0x09,
            0,
            2,
            0,
            255, //          Correlation Data
            0x26,
            0,
            1,
            'k',
            0,
            1,
            'v', //  User Property
            0x26,
            0,
            1,
            'k',
            0,
            0, //       User Property
            'x'));
  }

  @ParameterizedTest
  @EnumSource
  @Spec(value = "MQTT-3.3.1-4", v3 = "MQTT-3.3.1-4")
  void rejectsQos3(ProtocolVersion version) {
    assertRejected(MALFORMED_PACKET, "PUBLISH: QoS 3", version, bytes(0b0011_0110));
  }

  @ParameterizedTest
  @EnumSource
  @Spec(value = "MQTT-3.3.1-2", v3 = "MQTT-3.3.1-2")
  void rejectsDupWithQos0(ProtocolVersion version) {
    assertRejected(MALFORMED_PACKET, "PUBLISH: DUP with QoS 0", version, bytes(0b0011_1000));
  }

  @ParameterizedTest
  @EnumSource
  @Spec(value = "MQTT-2.2.1-3", v3 = "MQTT-2.3.1-1")
  void rejectsPacketIdentifierZero(ProtocolVersion version) {
    assertRejected(
        PROTOCOL_ERROR, "PUBLISH: packet identifier 0", version, packet(0b0011_0010, "a", 0, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/+", "#", "a#"})
  @Spec(value = "MQTT-3.3.2-2", v3 = "MQTT-3.3.2-2")
  void rejectsWildcardsInTheTopicName(String topic) {
    assertRejected(
        TOPIC_NAME_INVALID,
        "PUBLISH: topic name: topic name \"" + topic + "\" contains a wildcard",
        V5,
        packet(0b0011_0000, topic, 0));
  }

  @Test
  @Spec(value = "MQTT-3.3.2-1", v3 = "MQTT-3.3.2-1")
  void rejectsATopicNameThatIsNoString() {
    assertRejected(
        MALFORMED_PACKET,
        "PUBLISH: topic name: topic name is not UTF-8 at byte 1",
        V5,
        packet(0b0011_0000, 0, 2, 'a', 0xC0, 0));
    assertRejected(
        MALFORMED_PACKET,
        "PUBLISH: topic name: topic name contains U+0000 at byte 0",
        V3_1_1,
        packet(0b0011_0000, "\u0000"));
  }

  @Test
  void rejectsEveryMissingField() {
    for (byte[] body :
        new byte[][] {bytes(), bytes(0), bytes(0, 2, 'a'), bytes(0, 1, 'a'), bytes("a", 0)}) {
      assertRejected(MALFORMED_PACKET, V5, packet(0b0011_0010, body));
    }
    assertRejected(
        MALFORMED_PACKET,
        "PUBLISH: property length runs past the end",
        V5,
        packet(0b0011_0010, "a", 0, 1));
    assertRejected(
        MALFORMED_PACKET,
        "PUBLISH: property length 5 with 1 bytes left",
        V5,
        packet(0b0011_0000, "a", 5, 'x'));
  }

  @Test
  @Spec(value = "MQTT-4.7.3-1", v3 = "MQTT-4.7.3-1")
  void anEmptyTopicNeedsAnAlias() throws Exception {
    assertRejected(
        PROTOCOL_ERROR,
        "PUBLISH: neither a topic name nor a topic alias",
        V5,
        packet(0b0011_0000, "", 0, 'x'));
    assertRejected(PROTOCOL_ERROR, V3_1_1, packet(0b0011_0000, ""));
    var publish = (Publish) fromClient(V5, packet(0b0011_0000, "", properties(0x23, 0, 7), 'x'));
    assertSame(TopicName.EMPTY, publish.topic());
    assertEquals(7, publish.properties().number(Property.TOPIC_ALIAS, 0));
  }

  @Test
  @Spec("MQTT-3.3.2-8")
  void rejectsTopicAliasZero() {
    assertRejected(
        TOPIC_ALIAS_INVALID,
        "PUBLISH: TOPIC_ALIAS 0 is outside 1..65535",
        V5,
        bytes(
            0b0011_0000,
            9, //       PUBLISH QoS 0, Remaining Length
            0,
            3,
            'a',
            '/',
            'b', //    Topic Name
            3,
            0x23,
            0,
            0)); //        Property Length; Topic Alias 0
  }

  @Test
  @Spec("MQTT-3.3.4-6")
  void onlyAServerGivesSubscriptionIdentifiers() throws Exception {
    byte[] publish = packet(0b0011_0000, "a", properties(0x0B, 1, 0x0B, 0x80, 1), 'x');
    assertRejected(
        PROTOCOL_ERROR, "PUBLISH: SUBSCRIPTION_IDENTIFIER in PUBLISH from a client", V5, publish);
    var received = (Publish) fromServer(V5, publish);
    assertArrayEquals(new int[] {1, 128}, received.properties().subscriptionIdentifiers());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/+", "#"})
  @Spec("MQTT-3.3.2-14")
  void rejectsAResponseTopicThatCannotBePublishedTo(String topic) {
    assertRejected(PROTOCOL_ERROR, V5, packet(0b0011_0000, "a", properties(0x08, topic)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 124, 125, 16_380, 16_381, 200_000})
  void payloadsAroundTheBordersOfTheRemainingLength(int payloadBytes) throws Exception {
    byte[] payload = new byte[payloadBytes];
    java.util.Arrays.fill(payload, (byte) 'x');
    assertBothWays(
        V3_1_1,
        new Publish(TopicName.of("a"), Qos.AT_MOST_ONCE, false, false, 0, Properties.NONE, payload),
        packet(0x30, "a", payload));
  }

  @Test
  void copiesThePayload() throws Exception {
    byte[] bytes = packet(0x30, "a", 'x');
    var publish = (Publish) fromClient(V3_1_1, bytes);
    bytes[bytes.length - 1] = 'y';
    assertArrayEquals(bytes('x'), publish.payload());
  }

  /** The way of the hot path must say what the packet says. */
  @Test
  @Spec({"MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-17", "MQTT-3.3.2-20"})
  void hotPathWritesWhatThePacketWrites() throws Exception {
    Properties forwarded =
        Properties.builder()
            .put(Property.CONTENT_TYPE, "text")
            .put(Property.CORRELATION_DATA, bytes(0, 1, 255))
            .addUserProperty("b", "1")
            .addUserProperty("a", "2")
            .build();
    for (ProtocolVersion version : ProtocolVersion.values()) {
      for (Qos qos : Qos.values()) {
        for (Properties some : new Properties[] {Properties.NONE, forwarded}) {
          for (long expiry : new long[] {-1, 0, 0xFFFF_FFFFL}) {
            for (int alias : new int[] {0, 9}) {
              for (int[] identifiers : new int[][] {NO_IDENTIFIERS, {1, 200, 268_435_455}}) {
                for (int payloadBytes : new int[] {0, 100, 118, 16_350, 16_400}) {
                  assertHotPath(version, qos, some, expiry, alias, identifiers, payloadBytes);
                }
              }
            }
          }
        }
      }
    }
  }

  private static void assertHotPath(
      ProtocolVersion version,
      Qos qos,
      Properties forwarded,
      long expirySeconds,
      int alias,
      int[] identifiers,
      int payloadBytes)
      throws Exception {
    boolean acknowledged = qos != Qos.AT_MOST_ONCE;
    boolean omitted = alias != 0 && version == V5;
    TopicName topic = TopicName.of("a/topic");
    byte[] payload = new byte[payloadBytes];
    byte[] properties = PacketEncoder.encodeForwardedProperties(forwarded);
    int length =
        PacketEncoder.publishLength(
            version,
            topic,
            omitted,
            qos,
            properties,
            expirySeconds,
            alias,
            identifiers,
            payloadBytes);
    var out = new ByteOutput(1);
    PacketEncoder.encodePublish(
        version,
        out,
        length,
        topic,
        omitted,
        qos,
        true,
        acknowledged,
        77,
        properties,
        expirySeconds,
        alias,
        identifiers,
        payload);
    assertEquals(length, out.position);

    Properties.Builder all = forwarded.toBuilder();
    if (expirySeconds >= 0) {
      all.put(Property.MESSAGE_EXPIRY_INTERVAL, expirySeconds);
    }
    if (alias != 0) {
      all.put(Property.TOPIC_ALIAS, alias);
    }
    for (int identifier : identifiers) {
      all.addSubscriptionIdentifier(identifier);
    }
    var publish =
        new Publish(
            omitted ? TopicName.EMPTY : topic,
            qos,
            acknowledged,
            true,
            acknowledged ? 77 : 0,
            version == V5 ? all.build() : Properties.NONE,
            payload);
    var received = (Publish) fromServer(version, out.toByteArray());
    assertEquals(publish.toString(), received.toString());
    assertArrayEquals(encoded(publish, version), encoded(received, version));
  }

  @Test
  void forwardsTheApplicationsPropertiesOnly() {
    Properties properties =
        Properties.NONE.with(Property.TOPIC_ALIAS, 1).with(Property.MESSAGE_EXPIRY_INTERVAL, 5);
    assertArrayEquals(NO_PROPERTIES, PacketEncoder.encodeForwardedProperties(properties));
    assertArrayEquals(
        bytes(0x03, "t"),
        PacketEncoder.encodeForwardedProperties(properties.with(Property.CONTENT_TYPE, "t")));
  }
}

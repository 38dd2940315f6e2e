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
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.server.Spec;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK. */
class SubscribeCodecTest {
  private static final Properties WHY = Properties.NONE.withUserProperty("k", "v");

  @Test
  void subscribeOf311HasAQosAFilter() throws Exception {
    assertBothWays(
        V3_1_1,
        new Subscribe(
            10,
            List.of(
                new RequestedSubscription("a/b", SubscriptionOptions.ofQos(Qos.AT_LEAST_ONCE)),
                new RequestedSubscription("c/#", SubscriptionOptions.ofQos(Qos.EXACTLY_ONCE))),
            Properties.NONE),
        bytes(
            0x82, 14, //              SUBSCRIBE, Remaining Length
            0, 10, //                 Packet Identifier
            0, 3, 'a', '/', 'b', 1, // Topic Filter, QoS 1
            0, 3, 'c', '/', '#', 2)); // Topic Filter, QoS 2
  }

  @Test
  void subscribeOf5HasOptionsAndAnIdentifier() throws Exception {
    assertBothWays(
        V5,
        new Subscribe(
            0xFFFF,
            List.of(
                new RequestedSubscription(
                    "a",
                    new SubscriptionOptions(
                        Qos.EXACTLY_ONCE, true, true, RetainHandling.DO_NOT_SEND)),
                new RequestedSubscription(
                    "b",
                    new SubscriptionOptions(
                        Qos.AT_MOST_ONCE, false, false, RetainHandling.SEND_IF_NEW))),
            Properties.builder().addSubscriptionIdentifier(268_435_455).build()),
        packet(
            0x82,
            0xFF,
            0xFF, //                   Packet Identifier
            5,
            0x0B,
            0xFF,
            0xFF,
            0xFF,
            0x7F, // Subscription Identifier
            "a",
            0b0010_1110, //             Retain Handling 2, RAP, No Local, QoS 2
            "b",
            0b0001_0000)); //           Retain Handling 1
  }

  /** An invalid filter is answered in its place of the SUBACK, so the codec lets it through. */
  @ParameterizedTest
  @EnumSource
  void leavesInvalidFiltersToTheirAnswer(ProtocolVersion version) throws Exception {
    assertBothWays(
        version,
        new Subscribe(
            1,
            List.of(
                new RequestedSubscription("a#", SubscriptionOptions.ofQos(Qos.AT_MOST_ONCE)),
                new RequestedSubscription("", SubscriptionOptions.ofQos(Qos.AT_MOST_ONCE))),
            Properties.NONE),
        packet(0x82, 0, 1, version == V5 ? bytes(0) : bytes(), "a#", 0, "", 0));
  }

  @Test
  @Spec(value = "MQTT-3.8.3-2", v3 = "MQTT-3.8.3-3")
  void rejectsSubscribeWithoutAFilter() {
    assertRejected(PROTOCOL_ERROR, "SUBSCRIBE: no topic filter", V5, packet(0x82, 0, 1, 0));
    assertRejected(PROTOCOL_ERROR, "SUBSCRIBE: no topic filter", V3_1_1, packet(0x82, 0, 1));
    assertRejected(PROTOCOL_ERROR, "UNSUBSCRIBE: no topic filter", V5, packet(0xA2, 0, 1, 0));
    assertRejected(PROTOCOL_ERROR, "UNSUBSCRIBE: no topic filter", V3_1_1, packet(0xA2, 0, 1));
  }

  @ParameterizedTest
  @CsvSource({
    "V5, 0x03, PROTOCOL_ERROR, SUBSCRIBE: maximum QoS 3",
    "V5, 0x30, PROTOCOL_ERROR, SUBSCRIBE: retain handling 3",
    "V5, 0x40, MALFORMED_PACKET, SUBSCRIBE: reserved subscription options are set",
    "V5, 0x80, MALFORMED_PACKET, SUBSCRIBE: reserved subscription options are set",
    "V3_1_1, 0x03, PROTOCOL_ERROR, SUBSCRIBE: maximum QoS 3",
    "V3_1_1, 0x04, MALFORMED_PACKET, SUBSCRIBE: reserved subscription options are set",
    "V3_1_1, 0x10, MALFORMED_PACKET, SUBSCRIBE: reserved subscription options are set",
  })
  @Spec(value = "MQTT-3.8.3-5", v3 = "MQTT-3.8.3-4")
  void rejectsImpossibleOptions(
      ProtocolVersion version, int options, ReasonCode reason, String problem) {
    byte[] noProperties = version == V5 ? bytes(0) : bytes();
    assertRejected(reason, problem, version, packet(0x82, 0, 1, noProperties, "a", options));
  }

  @Test
  @Spec("MQTT-3.8.3-4")
  void rejectsNoLocalOnASharedSubscription() {
    assertRejected(
        PROTOCOL_ERROR,
        "SUBSCRIBE: No Local on a shared subscription",
        V5,
        packet(0x82, 0, 1, 0, "$share/g/a", 4));
  }

  @Test
  void rejectsASecondOrZeroSubscriptionIdentifier() {
    assertRejected(
        PROTOCOL_ERROR,
        "SUBSCRIBE: SUBSCRIPTION_IDENTIFIER more than once in SUBSCRIBE",
        V5,
        packet(0x82, 0, 1, properties(0x0B, 1, 0x0B, 2), "a", 0));
    assertRejected(
        PROTOCOL_ERROR,
        "SUBSCRIBE: SUBSCRIPTION_IDENTIFIER 0 is outside 1..268435455",
        V5,
        packet(0x82, 0, 1, properties(0x0B, 0), "a", 0));
  }

  @Test
  @Spec(
      value = {"MQTT-2.2.1-3", "MQTT-3.8.3-1", "MQTT-3.10.3-1", "MQTT-2.2.2-1"},
      v3 = {"MQTT-2.3.1-1", "MQTT-3.8.3-1", "MQTT-3.10.3-1"})
  void rejectsBadFields() {
    assertRejected(PROTOCOL_ERROR, V5, packet(0x82, 0, 0, 0, "a", 0));
    assertRejected(PROTOCOL_ERROR, V3_1_1, packet(0xA2, 0, 0, "a"));
    assertRejected(
        MALFORMED_PACKET,
        "SUBSCRIBE: topic filter contains U+0000 at byte 1",
        V5,
        packet(0x82, 0, 1, 0, "a\u0000", 0));
    assertRejected(
        MALFORMED_PACKET,
        "UNSUBSCRIBE: topic filter is not UTF-8 at byte 0",
        V3_1_1,
        packet(0xA2, 0, 1, 0, 1, 0xFF));
    assertRejected(
        MALFORMED_PACKET,
        "SUBSCRIBE: subscription options runs past the end",
        V3_1_1,
        packet(0x82, 0, 1, "a"));
    assertEveryCutIsRejected(V5, packet(0x82, 0, 1, 0, "abc", 0));
    assertEveryCutIsRejected(V3_1_1, packet(0x82, 0, 1, "abc", 0));
    assertEveryCutIsRejected(V5, packet(0xA2, 0, 1, 0, "abc"));
    assertEveryCutIsRejected(V3_1_1, packet(0xA2, 0, 1, "abc"));
  }

  @Test
  @Spec(value = "MQTT-3.9.3-2", v3 = "MQTT-3.9.3-2")
  void subAckGivesEachReasonOr0x80() throws Exception {
    var subAck =
        new SubAck(
            7,
            List.of(
                ReasonCode.SUCCESS,
                ReasonCode.GRANTED_QOS_2,
                ReasonCode.NOT_AUTHORIZED,
                ReasonCode.UNSPECIFIED_ERROR),
            Properties.NONE);
    assertBothWays(V5, subAck, bytes(0x90, 7, 0, 7, 0, 0, 2, 0x87, 0x80));
    assertArrayEquals(bytes(0x90, 6, 0, 7, 0, 2, 0x80, 0x80), encoded(subAck, V3_1_1));
    assertBothWays(
        V5,
        new SubAck(7, List.of(ReasonCode.GRANTED_QOS_1), WHY),
        packet(0x90, 0, 7, properties(0x26, "k", "v"), 1));
    assertThrows(PacketException.class, () -> fromServer(V3_1_1, bytes(0x90, 3, 0, 7, 0x87)));
    assertThrows(PacketException.class, () -> fromServer(V5, bytes(0x90, 4, 0, 7, 0, 3)));
  }

  @Test
  void unsubscribeAndItsAnswer() throws Exception {
    var unsubscribe = new Unsubscribe(3, List.of("a/+", "$share/g/b"), Properties.NONE);
    assertBothWays(V5, unsubscribe, packet(0xA2, 0, 3, 0, "a/+", "$share/g/b"));
    assertBothWays(V3_1_1, unsubscribe, packet(0xA2, 0, 3, "a/+", "$share/g/b"));
    var unsubAck =
        new UnsubAck(3, List.of(ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED), WHY);
    assertBothWays(V5, unsubAck, packet(0xB0, 0, 3, properties(0x26, "k", "v"), 0, 0x11));
    assertArrayEquals(bytes(0xB0, 2, 0, 3), encoded(unsubAck, V3_1_1));
    assertBothWays(V3_1_1, new UnsubAck(3, List.of(), Properties.NONE), bytes(0xB0, 2, 0, 3));
  }

  @Test
  void rejectsPropertiesWhereTheyDoNotBelong() {
    assertRejected(
        MALFORMED_PACKET,
        "UNSUBSCRIBE: REASON_STRING has no place in UNSUBSCRIBE",
        V5,
        packet(0xA2, 0, 1, properties(0x1F, "x"), "a"));
    assertRejected(
        MALFORMED_PACKET,
        "SUBSCRIBE: " + Property.RECEIVE_MAXIMUM + " has no place in SUBSCRIBE",
        V5,
        packet(0x82, 0, 1, properties(0x21, 0, 1), "a", 0));
  }
}

package io.signalbox.server.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.server.topic.TopicName;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a packet made by ourselves can never be. */
class PacketRecordsTest {
  private static final Properties NONE = Properties.NONE;

  private static void assertRefused(Runnable maker) {
    assertThrows(IllegalArgumentException.class, maker::run);
  }

  @Test
  void publishHasAPacketIdIfAndOnlyIfItIsAcknowledged() throws Exception {
    TopicName topic = TopicName.of("a");
    assertRefused(() -> new Publish(topic, Qos.AT_MOST_ONCE, false, false, 1, NONE, new byte[0]));
    assertRefused(() -> new Publish(topic, Qos.AT_MOST_ONCE, true, false, 0, NONE, new byte[0]));
    assertRefused(() -> new Publish(topic, Qos.AT_LEAST_ONCE, false, false, 0, NONE, new byte[0]));
    assertRefused(
        () -> new Publish(topic, Qos.EXACTLY_ONCE, false, false, 65_536, NONE, new byte[0]));
  }

  @Test
  void reasonsFitTheirPackets() {
    assertRefused(() -> new PubAck(1, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, NONE));
    assertRefused(() -> new PubRec(1, ReasonCode.MALFORMED_PACKET, NONE));
    assertRefused(() -> new PubRel(1, ReasonCode.NOT_AUTHORIZED, NONE));
    assertRefused(() -> new PubComp(0, ReasonCode.SUCCESS, NONE));
    assertRefused(() -> new SubAck(1, List.of(ReasonCode.MALFORMED_PACKET), NONE));
    assertRefused(() -> new UnsubAck(1, List.of(ReasonCode.GRANTED_QOS_1), NONE));
    assertRefused(() -> new Disconnect(ReasonCode.BANNED, NONE));
    assertRefused(() -> new Auth(ReasonCode.NOT_AUTHORIZED, NONE));
    assertRefused(() -> new ConnAck(true, ReasonCode.NOT_AUTHORIZED, NONE));
    assertRefused(() -> new ConnAck(false, ReasonCode.KEEP_ALIVE_TIMEOUT, NONE));
  }

  @Test
  void subscribeAndUnsubscribeNameAFilter() {
    assertRefused(() -> new Subscribe(1, List.of(), NONE));
    assertRefused(() -> new Unsubscribe(1, List.of(), NONE));
    assertRefused(() -> new Unsubscribe(0, List.of("a"), NONE));
  }

  @Test
  void neverPrintsSecretsOrPayloads() throws Exception {
    byte[] secret = {'s', '3', 'c'};
    var will = new Will(TopicName.of("w"), secret, Qos.AT_MOST_ONCE, false, NONE);
    var connect = new Connect(ProtocolVersion.V5, "id", true, 60, will, "alice", secret, NONE);
    assertEquals(
        "Connect[version=V5, clientId=id, cleanStart=true, keepAliveSeconds=60, "
            + "will=Will[topic=w, payload=3 bytes, qos=AT_MOST_ONCE, retain=false, properties={}], "
            + "userName=alice, password=***, properties={}]",
        connect.toString());
    var publish = new Publish(TopicName.of("a"), Qos.AT_MOST_ONCE, false, false, 0, NONE, secret);
    assertFalse(publish.toString().contains("s3c"));
  }

  @Test
  void packetTypesAreFoundByTheFirstByte() {
    for (PacketType type : PacketType.values()) {
      assertEquals(type, PacketType.ofFirstByte(type.firstByte()));
      assertEquals(type.number(), type.firstByte() >> 4);
    }
    assertNull(PacketType.ofFirstByte(0x0F));
  }
}

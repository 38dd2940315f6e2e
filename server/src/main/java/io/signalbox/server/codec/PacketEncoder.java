package io.signalbox.server.codec;

import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import io.signalbox.server.topic.TopicName;

/**
 * Packets to bytes. Has no state; what the version cannot say is left out.
 *
 * <p>Nothing larger than {@link PacketDecoder#PACKET_BYTES_MAX} can be written: whoever adds to a
 * message compares its length with the peer's Maximum Packet Size first, which is never more.
 */
public final class PacketEncoder {
  private static final byte[] NO_PROPERTIES = {};

  private PacketEncoder() {}

  /** Bytes of the whole packet. */
  public static int encodedLength(Packet packet, ProtocolVersion version) {
    return wholeLength(remainingLength(packet, version));
  }

  /**
   * Appends the packet, growing the output if need be.
   *
   * @param version of the connection; a CONNECT goes by its own
   * @throws IllegalArgumentException when 3.1.1 has no such packet or CONNACK code: AUTH, and
   *     reasons without {@link ReasonCode#connectReturnCode}
   */
  public static void encode(Packet packet, ProtocolVersion version, ByteOutput out) {
    int remainingLength = remainingLength(packet, version);
    int length = wholeLength(remainingLength);
    out.reserve(length);
    int start = out.position;
    int firstByte =
        packet instanceof Publish publish
            ? PublishCodec.firstByte(publish.qos(), publish.dup(), publish.retain())
            : packet.type().firstByte(); // [MQTT-2.1.3-1]
    out.put1(firstByte);
    VariableByteInteger.put(out, remainingLength);
    encodeBody(packet, version, out);
    assert out.position - start == length : packet.type() + " of another length than announced";
  }

  private static int wholeLength(int remainingLength) {
    return 1 + VariableByteInteger.length(remainingLength) + remainingLength;
  }

  private static int remainingLength(Packet packet, ProtocolVersion version) {
    return switch (packet) {
      case Publish publish -> PublishCodec.length(publish, version);
      case PubAck(int _, var reason, var properties) ->
          AckCodec.length(version, reason, properties);
      case PubRec(int _, var reason, var properties) ->
          AckCodec.length(version, reason, properties);
      case PubRel(int _, var reason, var properties) ->
          AckCodec.length(version, reason, properties);
      case PubComp(int _, var reason, var properties) ->
          AckCodec.length(version, reason, properties);
      case Connect connect -> ConnectCodec.length(connect);
      case ConnAck connAck -> ConnAckCodec.length(connAck, version);
      case Subscribe subscribe -> SubscribeCodec.length(subscribe, version);
      case SubAck subAck -> SubscribeCodec.lengthOfAck(subAck, version);
      case Unsubscribe unsubscribe -> UnsubscribeCodec.length(unsubscribe, version);
      case UnsubAck unsubAck -> UnsubscribeCodec.lengthOfAck(unsubAck, version);
      case PingReq _, PingResp _ -> 0;
      case Disconnect disconnect -> DisconnectCodec.length(disconnect, version);
      case Auth auth -> AuthCodec.length(auth);
    };
  }

  private static void encodeBody(Packet packet, ProtocolVersion version, ByteOutput out) {
    switch (packet) {
      case Publish publish -> PublishCodec.encode(publish, version, out);
      case PubAck(int packetId, var reason, var properties) ->
          AckCodec.encode(packetId, version, reason, properties, out);
      case PubRec(int packetId, var reason, var properties) ->
          AckCodec.encode(packetId, version, reason, properties, out);
      case PubRel(int packetId, var reason, var properties) ->
          AckCodec.encode(packetId, version, reason, properties, out);
      case PubComp(int packetId, var reason, var properties) ->
          AckCodec.encode(packetId, version, reason, properties, out);
      case Connect connect -> ConnectCodec.encode(connect, out);
      case ConnAck connAck -> ConnAckCodec.encode(connAck, version, out);
      case Subscribe subscribe -> SubscribeCodec.encode(subscribe, version, out);
      case SubAck subAck -> SubscribeCodec.encodeAck(subAck, version, out);
      case Unsubscribe unsubscribe -> UnsubscribeCodec.encode(unsubscribe, version, out);
      case UnsubAck unsubAck -> UnsubscribeCodec.encodeAck(unsubAck, version, out);
      case PingReq _, PingResp _ -> {}
      case Disconnect disconnect -> DisconnectCodec.encode(disconnect, version, out);
      case Auth auth -> {
        if (version == ProtocolVersion.V3_1_1) {
          throw new IllegalArgumentException("AUTH in MQTT 3.1.1");
        }
        AuthCodec.encode(auth, out);
      }
    }
  }

  /**
   * Bytes of the whole PUBLISH that {@link #encodePublish} writes from the same values. More than
   * {@link PacketDecoder#PACKET_BYTES_MAX} when it cannot be written.
   *
   * @param topicOmitted whether the alias alone stands for the topic
   * @param encodedProperties as from {@link #encodeForwardedProperties}; not used in 3.1.1, nor are
   *     the three that follow
   * @param expirySeconds what remains of the Message Expiry Interval; negative: none
   * @param topicAlias 0: none
   */
  public static int publishLength(
      ProtocolVersion version,
      TopicName topic,
      boolean topicOmitted,
      Qos qos,
      byte[] encodedProperties,
      long expirySeconds,
      int topicAlias,
      int[] subscriptionIdentifiers,
      int payloadLength) {
    int remainingLength =
        2
            + (topicOmitted ? 0 : topic.utf8().length)
            + (qos == Qos.AT_MOST_ONCE ? 0 : 2)
            + payloadLength;
    if (version == ProtocolVersion.V5) {
      int properties =
          PublishCodec.lengthOfProperties(
              encodedProperties, expirySeconds, topicAlias, subscriptionIdentifiers);
      remainingLength += VariableByteInteger.length(properties) + properties;
    }
    return wholeLength(remainingLength);
  }

  /**
   * Appends a PUBLISH without making a packet of it, growing the output if need be.
   *
   * @param length from {@link #publishLength} with the same values
   * @param packetId 1..65,535; not used with QoS 0
   */
  public static void encodePublish(
      ProtocolVersion version,
      ByteOutput out,
      int length,
      TopicName topic,
      boolean topicOmitted,
      Qos qos,
      boolean retain,
      boolean dup,
      int packetId,
      byte[] encodedProperties,
      long expirySeconds,
      int topicAlias,
      int[] subscriptionIdentifiers,
      byte[] payload) {
    out.reserve(length);
    int start = out.position;
    encodePublishHead(
        version,
        out,
        length,
        topic,
        topicOmitted,
        qos,
        retain,
        dup,
        packetId,
        encodedProperties,
        expirySeconds,
        topicAlias,
        subscriptionIdentifiers);
    out.putBytes(payload);
    assert out.position - start == length : "PUBLISH of another length than announced";
  }

  /**
   * Appends a PUBLISH up to its payload, which the caller sends behind it. The output is not grown.
   *
   * @param length with the payload; the rest as with {@link #encodePublish}
   */
  public static void encodePublishHead(
      ProtocolVersion version,
      ByteOutput out,
      int length,
      TopicName topic,
      boolean topicOmitted,
      Qos qos,
      boolean retain,
      boolean dup,
      int packetId,
      byte[] encodedProperties,
      long expirySeconds,
      int topicAlias,
      int[] subscriptionIdentifiers) {
    out.put1(PublishCodec.firstByte(qos, dup, retain));
    VariableByteInteger.put(out, remainingLengthOf(length));
    if (topicOmitted) {
      out.put2(0);
    } else {
      out.putBinary(topic.utf8());
    }
    if (qos != Qos.AT_MOST_ONCE) {
      out.put2(packetId); // [MQTT-2.2.1-2]
    }
    if (version == ProtocolVersion.V5) {
      PublishCodec.encodeProperties(
          encodedProperties, expirySeconds, topicAlias, subscriptionIdentifiers, out);
    }
  }

  /** The inverse of {@link #wholeLength}. */
  private static int remainingLengthOf(int length) {
    int lengthBytes =
        length <= 0x7F + 2 ? 1 : length <= 0x3FFF + 3 ? 2 : length <= 0x1F_FFFF + 4 ? 3 : 4;
    return length - 1 - lengthBytes;
  }

  /**
   * The properties that a server passes on unchanged with PUBLISH, as bytes without a Property
   * Length, to be made once a message and shared by its receivers.
   */
  public static byte[] encodeForwardedProperties(Properties properties) {
    Properties forwarded = properties.forwarded();
    int length = PropertiesCodec.lengthOfValues(forwarded);
    if (length == 0) {
      return NO_PROPERTIES;
    }
    var out = new ByteOutput(length);
    PropertiesCodec.encodeValues(forwarded, out);
    return out.array;
  }

  /**
   * Appends PUBACK, PUBREC, PUBREL or PUBCOMP without properties and without making a packet of it:
   * 4 bytes, or 5 when there is a reason other than success to tell.
   */
  public static void encodeAck(
      PacketType type, ProtocolVersion version, int packetId, ReasonCode reason, ByteOutput out) {
    AckCodec.encodeWhole(type, version, packetId, reason, out);
  }
}

package io.signalbox.server.codec;

import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.Side;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import io.signalbox.server.topic.TopicNames;
import java.util.Arrays;

/**
 * PUBLISH (section 3.3), the packet that everything else is there for: decoded with one copy of the
 * payload, written with array stores only.
 */
final class PublishCodec {
  private static final int DUP = 0x08;
  private static final int RETAIN = 0x01;
  private static final byte[] NO_PAYLOAD = {};

  private PublishCodec() {}

  /** The flags of the first byte, known before anything else has arrived. */
  static void checkFlags(int firstByte) throws PacketException {
    int qos = firstByte >> 1 & 3;
    if (qos == 3) {
      throw PacketException.malformed("PUBLISH: QoS 3"); // [MQTT-3.3.1-4]
    }
    if (qos == 0 && (firstByte & DUP) != 0) {
      throw PacketException.malformed("PUBLISH: DUP with QoS 0"); // [MQTT-3.3.1-2]
    }
  }

  /** Flags are checked before. Without properties only the record and the payload are allocated. */
  static Publish decode(
      PacketReader in,
      byte[] array,
      int from,
      int to,
      int firstByte,
      ProtocolVersion version,
      Side sender,
      TopicNames names)
      throws PacketException {
    if (to - from < 2) {
      throw in.malformed("topic name runs past the end");
    }
    int topicLength = (array[from] & 0xFF) << 8 | (array[from + 1] & 0xFF);
    int position = from + 2;
    if (to - position < topicLength) {
      throw in.malformed("topic name runs past the end");
    }
    TopicName topic = TopicName.EMPTY;
    if (topicLength > 0) {
      try {
        topic = names.intern(array, position, topicLength); // [MQTT-3.3.2-1] [MQTT-3.3.2-2]
      } catch (InvalidTopicException e) {
        throw in.invalid("topic name", e);
      }
    }
    position += topicLength;

    Qos qos = Qos.of(firstByte >> 1 & 3);
    int packetId = Publish.NO_PACKET_ID;
    if (qos != Qos.AT_MOST_ONCE) {
      if (to - position < 2) {
        throw in.malformed("packet identifier runs past the end");
      }
      packetId = (array[position] & 0xFF) << 8 | (array[position + 1] & 0xFF);
      if (packetId == 0) {
        throw in.protocolError("packet identifier 0"); // [MQTT-2.2.1-3]
      }
      position += 2;
    }

    Properties properties = Properties.NONE;
    if (version == ProtocolVersion.V5) {
      if (position < to && array[position] == 0) {
        position++;
      } else {
        in.read(PacketType.PUBLISH, array, position, to);
        properties = PropertiesCodec.decode(in, Place.PUBLISH, sender);
        position = in.position();
      }
    }
    if (topicLength == 0 && !properties.has(Property.TOPIC_ALIAS)) {
      throw in.protocolError("neither a topic name nor a topic alias"); // [MQTT-4.7.3-1]
    }
    byte[] payload = position == to ? NO_PAYLOAD : Arrays.copyOfRange(array, position, to);
    return new Publish(
        topic,
        qos,
        (firstByte & DUP) != 0,
        (firstByte & RETAIN) != 0,
        packetId,
        properties,
        payload);
  }

  static int firstByte(Qos qos, boolean dup, boolean retain) {
    return PacketType.PUBLISH.firstByte()
        | (dup ? DUP : 0)
        | qos.value() << 1
        | (retain ? RETAIN : 0);
  }

  static int length(Publish publish, ProtocolVersion version) {
    return 2
        + publish.topic().utf8().length
        + (publish.qos() == Qos.AT_MOST_ONCE ? 0 : 2)
        + (version == ProtocolVersion.V5 ? PropertiesCodec.length(publish.properties()) : 0)
        + publish.payload().length;
  }

  static void encode(Publish publish, ProtocolVersion version, ByteOutput out) {
    out.putBinary(publish.topic().utf8());
    if (publish.qos() != Qos.AT_MOST_ONCE) {
      out.put2(publish.packetId()); // [MQTT-2.2.1-2]
    }
    if (version == ProtocolVersion.V5) {
      PropertiesCodec.encode(publish.properties(), out);
    }
    out.putBytes(publish.payload());
  }

  /** Bytes of the properties of a message on its way out, without the Property Length. */
  static int lengthOfProperties(
      byte[] encodedProperties, long expirySeconds, int topicAlias, int[] identifiers) {
    return encodedProperties.length
        + (expirySeconds < 0 ? 0 : 5)
        + (topicAlias == 0 ? 0 : 3)
        + PropertiesCodec.lengthOfIdentifiers(identifiers);
  }

  static void encodeProperties(
      byte[] encodedProperties,
      long expirySeconds,
      int topicAlias,
      int[] identifiers,
      ByteOutput out) {
    VariableByteInteger.put(
        out, lengthOfProperties(encodedProperties, expirySeconds, topicAlias, identifiers));
    if (expirySeconds >= 0) {
      out.put1(Property.MESSAGE_EXPIRY_INTERVAL.id());
      out.put4(expirySeconds); // [MQTT-3.3.2-6]
    }
    if (topicAlias != 0) {
      out.put1(Property.TOPIC_ALIAS.id());
      out.put2(topicAlias);
    }
    PropertiesCodec.encodeIdentifiers(identifiers, out); // [MQTT-3.3.4-3]
    out.putBytes(encodedProperties); // [MQTT-3.3.2-4] and its likes: unchanged
  }
}

package io.signalbox.server.codec;

import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;

/** PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7), which have one shape. */
final class AckCodec {
  private AckCodec() {}

  /** Makes the packet of one of the four types. */
  private interface Maker {
    Packet make(int packetId, ReasonCode reason, Properties properties);
  }

  static Packet decodePubAck(PacketReader in, ProtocolVersion version, Side sender)
      throws PacketException {
    return decode(in, version, sender, Place.PUBACK, PubAck::new);
  }

  static Packet decodePubRec(PacketReader in, ProtocolVersion version, Side sender)
      throws PacketException {
    return decode(in, version, sender, Place.PUBREC, PubRec::new);
  }

  static Packet decodePubRel(PacketReader in, ProtocolVersion version, Side sender)
      throws PacketException {
    return decode(in, version, sender, Place.PUBREL, PubRel::new);
  }

  static Packet decodePubComp(PacketReader in, ProtocolVersion version, Side sender)
      throws PacketException {
    return decode(in, version, sender, Place.PUBCOMP, PubComp::new);
  }

  private static Packet decode(
      PacketReader in, ProtocolVersion version, Side sender, Place place, Maker maker)
      throws PacketException {
    int packetId = in.packetId();
    ReasonCode reason = ReasonCode.SUCCESS;
    Properties properties = Properties.NONE;
    if (version == ProtocolVersion.V5 && in.remaining() > 0) {
      reason = in.reason(sender); // [MQTT-3.4.2-1] and its likes
      if (in.remaining() > 0) {
        properties = PropertiesCodec.decode(in, place, sender);
      }
    }
    in.end();
    return maker.make(packetId, reason, properties);
  }

  static int length(ProtocolVersion version, ReasonCode reason, Properties properties) {
    if (version == ProtocolVersion.V3_1_1
        || (reason == ReasonCode.SUCCESS && properties.isEmpty())) {
      return 2;
    }
    return properties.isEmpty() ? 3 : 3 + PropertiesCodec.length(properties);
  }

  static void encode(
      int packetId,
      ProtocolVersion version,
      ReasonCode reason,
      Properties properties,
      ByteOutput out) {
    out.put2(packetId);
    if (length(version, reason, properties) == 2) {
      return;
    }
    out.put1(reason.code());
    if (!properties.isEmpty()) {
      PropertiesCodec.encode(properties, out);
    }
  }

  /** A whole packet without properties, fixed header included: 4 or 5 bytes. */
  static void encodeWhole(
      PacketType type, ProtocolVersion version, int packetId, ReasonCode reason, ByteOutput out) {
    out.reserve(5);
    byte[] array = out.array;
    int position = out.position;
    boolean plain = version == ProtocolVersion.V3_1_1 || reason == ReasonCode.SUCCESS;
    array[position] = (byte) type.firstByte();
    array[position + 1] = (byte) (plain ? 2 : 3);
    array[position + 2] = (byte) (packetId >>> 8);
    array[position + 3] = (byte) packetId;
    if (!plain) {
      array[position + 4] = (byte) reason.code();
    }
    out.position = position + (plain ? 4 : 5);
  }
}

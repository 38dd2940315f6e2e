package io.signalbox.server.codec;

import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import java.util.ArrayList;
import java.util.List;

/** UNSUBSCRIBE and UNSUBACK (sections 3.10 and 3.11). */
final class UnsubscribeCodec {
  private UnsubscribeCodec() {}

  static Unsubscribe decode(PacketReader in, ProtocolVersion version) throws PacketException {
    int packetId = in.packetId();
    Properties properties =
        version == ProtocolVersion.V5
            ? PropertiesCodec.decode(in, Place.UNSUBSCRIBE, Side.CLIENT)
            : Properties.NONE;
    if (in.remaining() == 0) {
      throw in.protocolError("no topic filter"); // [MQTT-3.10.3-2]
    }
    List<String> topicFilters = new ArrayList<>();
    while (in.remaining() > 0) {
      topicFilters.add(in.string("topic filter")); // [MQTT-3.10.3-1]
    }
    return new Unsubscribe(packetId, topicFilters, properties);
  }

  static int length(Unsubscribe unsubscribe, ProtocolVersion version) {
    int length =
        2 + (version == ProtocolVersion.V5 ? PropertiesCodec.length(unsubscribe.properties()) : 0);
    for (String topicFilter : unsubscribe.topicFilters()) {
      length += ByteOutput.stringLength(topicFilter);
    }
    return length;
  }

  static void encode(Unsubscribe unsubscribe, ProtocolVersion version, ByteOutput out) {
    out.put2(unsubscribe.packetId());
    if (version == ProtocolVersion.V5) {
      PropertiesCodec.encode(unsubscribe.properties(), out);
    }
    for (String topicFilter : unsubscribe.topicFilters()) {
      out.putString(topicFilter);
    }
  }

  /** In 3.1.1 it has no reasons: the list is then empty. */
  static UnsubAck decodeAck(PacketReader in, ProtocolVersion version) throws PacketException {
    int packetId = in.packetId();
    Properties properties = Properties.NONE;
    List<ReasonCode> reasons = new ArrayList<>();
    if (version == ProtocolVersion.V5) {
      properties = PropertiesCodec.decode(in, Place.UNSUBACK, Side.SERVER);
      while (in.remaining() > 0) {
        reasons.add(in.reason(Side.SERVER));
      }
    }
    in.end();
    return new UnsubAck(packetId, reasons, properties);
  }

  static int lengthOfAck(UnsubAck unsubAck, ProtocolVersion version) {
    return version == ProtocolVersion.V5
        ? 2 + PropertiesCodec.length(unsubAck.properties()) + unsubAck.reasons().size()
        : 2;
  }

  static void encodeAck(UnsubAck unsubAck, ProtocolVersion version, ByteOutput out) {
    out.put2(unsubAck.packetId());
    if (version == ProtocolVersion.V5) {
      PropertiesCodec.encode(unsubAck.properties(), out);
      for (ReasonCode reason : unsubAck.reasons()) {
        out.put1(reason.code());
      }
    }
  }
}

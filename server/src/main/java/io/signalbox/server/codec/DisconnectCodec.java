package io.signalbox.server.codec;

import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;

/** DISCONNECT (section 3.14); in 3.1.1 a bare fixed header. */
final class DisconnectCodec {
  private DisconnectCodec() {}

  static Disconnect decode(PacketReader in, ProtocolVersion version, Side sender)
      throws PacketException {
    ReasonCode reason = ReasonCode.SUCCESS;
    Properties properties = Properties.NONE;
    if (version == ProtocolVersion.V5 && in.remaining() > 0) {
      reason = in.reason(sender); // [MQTT-3.14.2-1]
      if (in.remaining() > 0) {
        properties = PropertiesCodec.decode(in, Place.DISCONNECT, sender);
      }
    }
    in.end();
    return new Disconnect(reason, properties);
  }

  static int length(Disconnect disconnect, ProtocolVersion version) {
    if (version == ProtocolVersion.V3_1_1) {
      return 0;
    }
    if (disconnect.properties().isEmpty()) {
      return disconnect.reason() == ReasonCode.SUCCESS ? 0 : 1;
    }
    return 1 + PropertiesCodec.length(disconnect.properties());
  }

  static void encode(Disconnect disconnect, ProtocolVersion version, ByteOutput out) {
    int length = length(disconnect, version);
    if (length > 0) {
      out.put1(disconnect.reason().code());
    }
    if (length > 1) {
      PropertiesCodec.encode(disconnect.properties(), out);
    }
  }
}

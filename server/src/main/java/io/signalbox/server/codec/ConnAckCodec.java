package io.signalbox.server.codec;

import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;

/** CONNACK (section 3.2). In 3.1.1 it carries a return code of its own set. */
final class ConnAckCodec {
  private ConnAckCodec() {}

  static ConnAck decode(PacketReader in, ProtocolVersion version) throws PacketException {
    int flags = in.oneByte("acknowledge flags");
    if (flags > 1) {
      throw in.malformed("reserved acknowledge flags are set"); // [MQTT-3.2.2-1]
    }
    boolean sessionPresent = flags == 1;
    ReasonCode reason;
    Properties properties = Properties.NONE;
    if (version == ProtocolVersion.V5) {
      reason = in.reason(Side.SERVER);
      properties = PropertiesCodec.decode(in, Place.CONNACK, Side.SERVER);
    } else {
      int code = in.oneByte("return code");
      reason = ReasonCode.ofConnectReturnCode(code);
      if (reason == null) {
        throw in.malformed("return code " + code);
      }
    }
    in.end();
    if (sessionPresent && reason != ReasonCode.SUCCESS) {
      throw in.protocolError("session present with an error"); // [MQTT-3.2.2-6]
    }
    return new ConnAck(sessionPresent, reason, properties);
  }

  static int length(ConnAck connAck, ProtocolVersion version) {
    return 2 + (version == ProtocolVersion.V5 ? PropertiesCodec.length(connAck.properties()) : 0);
  }

  static void encode(ConnAck connAck, ProtocolVersion version, ByteOutput out) {
    out.put1(connAck.sessionPresent() ? 1 : 0);
    if (version == ProtocolVersion.V5) {
      out.put1(connAck.reason().code());
      PropertiesCodec.encode(connAck.properties(), out);
      return;
    }
    int code = connAck.reason().connectReturnCode();
    if (code == ReasonCode.NO_RETURN_CODE) {
      throw new IllegalArgumentException(connAck.reason() + " has no 3.1.1 return code");
    }
    out.put1(code);
  }
}

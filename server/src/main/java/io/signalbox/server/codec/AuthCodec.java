package io.signalbox.server.codec;

import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;

/** AUTH (section 3.15); 3.1.1 has none. */
final class AuthCodec {
  private AuthCodec() {}

  static Auth decode(PacketReader in, Side sender) throws PacketException {
    if (in.remaining() == 0) {
      if (sender == Side.CLIENT) { // an empty AUTH means Success, which only a server may say
        throw in.protocolError("reason code 0x00 from a client");
      }
      return new Auth(ReasonCode.SUCCESS, Properties.NONE);
    }
    ReasonCode reason = in.reason(sender); // [MQTT-3.15.2-1]
    Properties properties = PropertiesCodec.decode(in, Place.AUTH, sender);
    in.end();
    if (!properties.has(Property.AUTHENTICATION_METHOD)) {
      throw in.protocolError("no authentication method"); // section 3.15.2.2.2
    }
    return new Auth(reason, properties);
  }

  static int length(Auth auth) {
    return isBare(auth) ? 0 : 1 + PropertiesCodec.length(auth.properties());
  }

  static void encode(Auth auth, ByteOutput out) {
    if (!isBare(auth)) {
      out.put1(auth.reason().code());
      PropertiesCodec.encode(auth.properties(), out);
    }
  }

  private static boolean isBare(Auth auth) {
    return auth.reason() == ReasonCode.SUCCESS && auth.properties().isEmpty();
  }
}

package io.signalbox.server.transport;

import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;

/**
 * Packets without what only explains, Reason String and User Properties: for a client that does not
 * want them, or to whom they would not fit (MQTT 5.0 sections 3.1.2.11.7 and 3.2.2.3.9).
 */
final class BarePackets {
  private BarePackets() {}

  static Packet of(Packet packet) {
    return switch (packet) {
      case ConnAck(boolean present, var reason, var properties) ->
          new ConnAck(present, reason, bare(properties));
      case PubAck(int id, var reason, var properties) -> new PubAck(id, reason, bare(properties));
      case PubRec(int id, var reason, var properties) -> new PubRec(id, reason, bare(properties));
      case PubRel(int id, var reason, var properties) -> new PubRel(id, reason, bare(properties));
      case PubComp(int id, var reason, var properties) -> new PubComp(id, reason, bare(properties));
      case SubAck(int id, var reasons, var properties) -> new SubAck(id, reasons, bare(properties));
      case UnsubAck(int id, var reasons, var properties) ->
          new UnsubAck(id, reasons, bare(properties));
      case Disconnect(var reason, var properties) -> new Disconnect(reason, bare(properties));
      case Auth(var reason, var properties) -> new Auth(reason, bare(properties));
      // User Properties of a PUBLISH belong to the message; the others are a client's or have none.
      case Publish _, Connect _, Subscribe _, Unsubscribe _, PingReq _, PingResp _ -> packet;
    };
  }

  private static Properties bare(Properties properties) {
    return properties.without(Property.REASON_STRING).without(Property.USER_PROPERTY);
  }
}

package io.signalbox.server.protocol;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.session.Session;

/** DISCONNECT from a client (MQTT 5.0 section 3.14). */
final class DisconnectHandler {
  private final long expirySecondsMax;

  /**
   * @param expirySecondsMax the most a session may outlive its connection
   */
  DisconnectHandler(long expirySecondsMax) {
    this.expirySecondsMax = expirySecondsMax;
  }

  void onDisconnect(Client client, Disconnect disconnect) throws PacketException {
    Session session = client.session();
    long asked = disconnect.properties().number(Property.SESSION_EXPIRY_INTERVAL, -1);
    // Section 3.14.2.2.2 means what CONNECT said, not what was granted.
    if (asked > 0 && !client.hasAskedForLastingSession()) {
      throw PacketException.protocolError(
          "a session expiry interval in DISCONNECT after 0 in CONNECT");
    }
    if (asked >= 0) {
      session.expirySeconds(Math.min(asked, expirySecondsMax));
    }
    client.closing(Metrics.Close.CLIENT_DISCONNECT);
    client.end(
        disconnect.reason() == ReasonCode.SUCCESS
            ? Session.WillFate.DISCARD // [MQTT-3.14.4-3]
            : Session.WillFate.SEND);
    client.connection().close();
  }
}

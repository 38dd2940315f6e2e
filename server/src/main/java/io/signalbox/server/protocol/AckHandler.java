package io.signalbox.server.protocol;

import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.session.Session;
import io.signalbox.server.store.ReleaseInbound;

/**
 * PUBACK, PUBREC and PUBCOMP for what we sent, PUBREL for what we received (MQTT 5.0 sections 3.4
 * to 3.7).
 */
final class AckHandler {
  private final ProtocolContext context;

  AckHandler(ProtocolContext context) {
    this.context = context;
  }

  void onPubAck(Client client, PubAck ack) {
    client.session().outgoing().onPubAck(ack.packetId());
  }

  void onPubRec(Client client, PubRec rec) {
    if (!client.session().outgoing().onPubRec(rec.packetId(), !rec.reason().isError())
        && !rec.reason().isError()) {
      client.connection().sendPubRel(rec.packetId(), ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
    }
  }

  void onPubComp(Client client, PubComp comp) {
    client.session().outgoing().onPubComp(comp.packetId());
  }

  /**
   * PUBCOMP follows when the release is on disk, so that a crash cannot bring the identifier back
   * to life.
   */
  void onPubRel(Client client, PubRel rel) {
    Session session = client.session();
    int packetId = rel.packetId();
    if (!session.inboundQos2().remove(packetId)) {
      client
          .acks()
          .ready(PendingAcks.Kind.PUBCOMP, packetId, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, null);
      return;
    }
    client.inboundCompleted();
    if (session.isDurable()) {
      context
          .writer()
          .submit(
              new ReleaseInbound(session.sessionNumber(), session.epoch(), packetId),
              client.acks().await(PendingAcks.Kind.PUBCOMP, packetId, null));
    } else {
      client
          .acks()
          .ready(PendingAcks.Kind.PUBCOMP, packetId, ReasonCode.SUCCESS, null); // [MQTT-4.3.3-11]
    }
  }
}

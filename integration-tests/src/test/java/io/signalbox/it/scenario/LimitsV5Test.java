package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PropertyBytes.TOPIC_ALIAS_MAXIMUM;
import static io.signalbox.it.wire.PropertyBytes.maximumPacketSize;
import static io.signalbox.it.wire.PropertyBytes.topicAlias;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Limits that only 5.0 has. */
@EachTransport
final class LimitsV5Test {
  @RegisterExtension final Clients clients;

  LimitsV5Test(Transport transport) {
    this.clients = new Clients(LimitsTest.BROKER, transport, Version.V5);
  }

  @Test
  @Spec({"MQTT-3.2.2-18", "MQTT-3.2.2-17", "MQTT-3.3.2-9"})
  @Behaviour(219)
  void whereNoAliasIsAllowedNoneIsTaken() {
    Peer peer = clients.peer();
    assertFalse(peer.connect().properties().has(TOPIC_ALIAS_MAXIMUM));
    peer.send(peer.publish(clients.topic()).with(topicAlias(1)));
    peer.expectDisconnect(0x94);
  }

  @Test
  @Spec("MQTT-3.1.2-24")
  @Behaviour(36)
  void aClientThatCannotEvenTakeItsConnAckIsClosed() {
    Peer peer = clients.peer();
    peer.send(connect(Version.V5).clientId(peer.clientId()).with(maximumPacketSize(4)));
    peer.expectClosed();
  }
}

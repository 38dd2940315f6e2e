package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.connect;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What 3.1.1 alone says about CONNECT. */
@EachTransport
final class ConnectV3Test {
  @RegisterExtension final Clients clients;

  ConnectV3Test(Transport transport) {
    this.clients = new Clients(transport, Version.V3);
  }

  @Test
  @Spec3({"MQTT-3.1.3-7", "MQTT-3.1.3-8", "MQTT-3.2.2-4", "MQTT-3.2.2-5"})
  @Behaviour(18)
  void refusesAnEmptyClientIdentifierWithoutCleanSession() {
    Peer peer = clients.peer("");
    peer.send(connect(Version.V3).cleanStart(false));
    peer.expectConnAck(2, 0x85);
  }

  @Test
  @Spec3({"MQTT-3.1.4-1", "MQTT-3.2.2-6"})
  void closesWithoutConnAckWhereNoCodeFits() {
    Peer peer = clients.peer();
    peer.send(connect(Version.V3).clientId(peer.clientId()).flags(0x03));
    peer.expectClosed();
  }
}

package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PropertyBytes.SERVER_REFERENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A broker that is told to end, and what its clients over every transport hear and find after. */
final class StopTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "stop",
          BrokerConfig.open() // a grace that no slow start uses up
              .yaml("session:\n  will-restart-grace-millis: 300000\n"));

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TCP, Version.V5);

  /** One of each transport, in time before the stop and after it. */
  private record Party(Transport transport, Peer observer, Peer five, Peer three) {
    String topic() {
      return "stop/" + transport;
    }
  }

  private Party party(Transport transport) {
    Peer observer = clients.peer(transport, Version.V5, "observer-" + transport);
    Peer five = clients.peer(transport, Version.V5, "five-" + transport);
    Peer three = clients.peer(transport, Version.V3, "three-" + transport);
    Party party = new Party(transport, observer, five, three);
    observer.resume(600);
    observer.subscribe(party.topic(), 1);
    five.connect(connect -> five.persistent(connect, 600).will(party.topic(), 1, false, "will"));
    three.connect();
    return party;
  }

  @Test
  @Spec({"MQTT-3.14.2-1", "MQTT-3.14.2-2", "MQTT-4.13.2-1"})
  @Behaviour({301, 78, 48})
  void aStopIsToldAndKeepsTheWills() {
    List<Party> parties = EachTransport.Chosen.transports().map(this::party).toList();
    assertEquals(0, BROKER.stop());
    for (Party party : parties) {
      Parsed told = party.five().receive(DISCONNECT);
      assertEquals(0x8B, told.reasonCode());
      assertFalse(told.properties().has(SERVER_REFERENCE));
      party.five().expectClosed();
      party.three().expectClosed();
      assertEquals(0x8B, party.observer().receive(DISCONNECT).reasonCode()); // no will before it
    }
    BROKER.restart();
    for (Party party : parties) {
      resumed(party.transport(), "five-" + party.transport()).disconnect(); // back within the grace
    }
    for (Party party : parties) {
      Peer back = resumed(party.transport(), "observer-" + party.transport());
      clients.connected().publish(party.topic(), 1, "marker");
      back.receivePublish("marker"); // and no will before it
    }
  }

  private Peer resumed(Transport transport, String clientId) {
    Peer peer = clients.peer(transport, Version.V5, clientId);
    assertTrue(peer.resume(600).sessionPresent(), clientId);
    return peer;
  }
}

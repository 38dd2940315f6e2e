package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shared Subscriptions where messages go on as soon as a member's connection ends. */
@EachTransport
final class SharedHandoverTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "handover", BrokerConfig.open().yaml("session:\n  shared-handover: disconnect\n"));

  @RegisterExtension final Clients clients;
  private final String topic;
  private final String shared;

  SharedHandoverTest(Transport transport) {
    clients = new Clients(BROKER, transport, Version.V5);
    topic = clients.topic();
    shared = "$share/g/" + topic;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Spec({"MQTT-4.8.2-4", "MQTT-4.4.0-1"})
  @Behaviour(205)
  void whatIsNotSentOrAcknowledgedGoesToAMemberThatIsThere(boolean takerIsStored) {
    Peer first = clients.peer();
    first.connect(connect -> first.persistent(connect, 600).with(receiveMaximum(2)));
    first.subscribe(shared, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "sent");
    publisher.publish(topic, 2, "begun");
    first.receivePublish("sent");
    Parsed begun = first.receivePublish("begun");
    publisher.publish(topic, 1, "waits");
    publisher.publish(topic, 2, "waits too");
    first.ping();
    Peer second = clients.peer();
    second.resume(takerIsStored ? 600 : 0);
    second.subscribe(shared, 2);
    first.close();
    second.acknowledge(second.receivePublish("sent"));
    second.acknowledge(second.receivePublish("waits"));
    second.acknowledge(second.receivePublish("waits too"));
    second.ping();
    Peer back = clients.peer(first.clientId());
    assertTrue(back.resume(600).sessionPresent());
    Parsed again = back.receivePublish("begun"); // QoS 2 is completed where it was begun
    assertTrue(again.dup());
    assertEquals(begun.packetId(), again.packetId());
    back.acknowledge(again);
    back.ping();
  }

  @Test
  @Behaviour(204)
  void whereNobodyElseIsConnectedItStays() {
    Peer first = clients.peer();
    first.resume(600);
    first.subscribe(shared, 1);
    clients.connected().publish(topic, 1, "kept");
    first.receivePublish("kept");
    first.close();
    Peer back = clients.peer(first.clientId());
    assertTrue(back.resume(600).sessionPresent());
    Parsed kept = back.receivePublish("kept");
    assertTrue(kept.dup());
    back.acknowledge(kept);
    assertFalse(back.wire().hasEnded());
  }
}

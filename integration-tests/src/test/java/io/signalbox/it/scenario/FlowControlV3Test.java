package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBREC;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** 3.1.1 has no Receive Maximum; the broker's own window holds for its clients. */
@EachTransport
final class FlowControlV3Test {
  private static final int WINDOW = 1_000;

  @RegisterExtension final Clients clients;

  FlowControlV3Test(Transport transport) {
    this.clients = new Clients(transport, Version.V3);
  }

  @Test
  @Spec3("MQTT-4.3.2-1")
  @Behaviour(126)
  void theServersWindowHoldsForAClientThatDoesNotAcknowledge() {
    String topic = clients.topic();
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 1);
    Peer publisher = clients.connected();
    for (int i = 0; i <= WINDOW; i++) {
      publisher.send(publisher.publish(topic).qos(1, i + 1).payload("m" + i));
    }
    for (int i = 0; i <= WINDOW; i++) {
      publisher.expectAck(PUBACK, i + 1);
    }
    int first = subscriber.receivePublish("m0").packetId();
    for (int i = 1; i < WINDOW; i++) {
      subscriber.receivePublish("m" + i);
    }
    subscriber.ping();
    subscriber.send(pubAck(first));
    subscriber.receivePublish("m" + WINDOW);
  }

  @Test
  @Behaviour(117)
  void aPublisherThatReadsNoAcknowledgementsLosesNothing() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 0);
    Peer publisher = clients.connected();
    int count = 3 * WINDOW;
    for (int i = 0; i < count; i++) {
      publisher.send(publisher.publish(topic).qos(2, i + 1).payload("m" + i));
    }
    for (int i = 0; i < count; i++) {
      publisher.expectAck(PUBREC, i + 1);
    }
    for (int i = 0; i < count; i++) {
      observer.receivePublish("m" + i);
    }
  }
}

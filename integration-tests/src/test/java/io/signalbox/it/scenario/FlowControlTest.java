package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketBytes.pubComp;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PropertyBytes.RECEIVE_MAXIMUM;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Receive Maximum in both directions (sections 3.3.4 and 4.9). */
@EachTransport
final class FlowControlTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  FlowControlTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
    this.topic = clients.topic();
  }

  private Peer subscriber(int maximum) {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.with(receiveMaximum(maximum)));
    peer.subscribe(topic, 2);
    return peer;
  }

  @Test
  @Spec({"MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2"})
  @Behaviour({121, 122})
  void sendsOneAtATimeToAClientThatTakesOne() {
    Peer subscriber = subscriber(1);
    Peer publisher = clients.connected();
    for (int i = 0; i < 6; i++) {
      publisher.publish(topic, 1 + i % 2, "m" + i);
    }
    for (int i = 0; i < 6; i++) {
      Parsed publish = subscriber.receivePublish("m" + i);
      subscriber.ping(); // the window is full: nothing else comes
      if (publish.qos() == 1) {
        subscriber.send(pubAck(publish.packetId()));
      } else {
        subscriber.send(pubRec(publish.packetId()));
        subscriber.expectAck(PUBREL, publish.packetId());
        subscriber.ping(); // PUBREC 0x00 frees nothing
        subscriber.send(pubComp(publish.packetId()));
      }
    }
    subscriber.ping();
  }

  @Test
  @Spec({"MQTT-3.3.4-9", "MQTT-4.9.0-2"})
  @Behaviour(122)
  void aPubRecWithAnErrorFreesItsPlace() {
    Peer subscriber = subscriber(1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 2, "refused");
    publisher.publish(topic, 2, "next");
    Parsed refused = subscriber.receivePublish("refused");
    subscriber.send(pubRec(refused.packetId(), 0x80));
    subscriber.receivePublish("next");
  }

  @Test
  @Spec("MQTT-3.3.4-9")
  @Behaviour(122)
  void aPubAckWithAnErrorFreesItsPlace() {
    Peer subscriber = subscriber(1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "refused");
    publisher.publish(topic, 1, "next");
    Parsed refused = subscriber.receivePublish("refused");
    subscriber.send(pubAck(refused.packetId(), 0x87));
    subscriber.receivePublish("next");
  }

  @Test
  @Spec({"MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2"})
  @Behaviour(121)
  void neverExceedsTheClientsMaximum() {
    int maximum = 7;
    Peer subscriber = subscriber(maximum);
    Peer publisher = clients.connected();
    int count = 60;
    for (int i = 0; i < count; i++) {
      publisher.publish(topic, 1, "m" + i);
    }
    ArrayDeque<Integer> open = new ArrayDeque<>();
    for (int i = 0; i < count; i++) {
      if (open.size() == maximum) {
        subscriber.ping();
        subscriber.send(pubAck(open.remove()));
      }
      open.add(subscriber.receivePublish("m" + i).packetId());
    }
  }

  @Test
  @Spec({"MQTT-3.3.4-10", "MQTT-4.9.0-3"})
  @Behaviour(123)
  void aFullWindowHoldsNothingElseBack() {
    Peer subscriber = subscriber(1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "fills the window");
    Parsed open = subscriber.receivePublish("fills the window");
    publisher.publish(topic, 1, "waits");

    subscriber.ping();
    String other = topic + "/other";
    subscriber.subscribe(other, 0);
    publisher.publish(other, 0, "QoS 0");
    subscriber.receivePublish("QoS 0");
    subscriber.publish(topic + "/own", 2, "own QoS 2 exchange");
    subscriber.publish(topic + "/own", 1, "own QoS 1 exchange");
    subscriber.unsubscribe(other);
    subscriber.send(pubAck(open.packetId()));
    subscriber.receivePublish("waits");
  }

  @Test
  @Spec({"MQTT-3.3.4-7", "MQTT-4.13.1-1"})
  @Behaviour(124)
  void endsTheConnectionOfAClientThatExceedsTheServersMaximum() {
    Peer peer = clients.peer();
    Parsed connAck = peer.connect();
    int maximum = connAck.properties().number(RECEIVE_MAXIMUM).orElse(65_535L).intValue();
    for (int id = 1; id <= maximum; id++) {
      peer.send(peer.publish(topic).qos(2, id));
    }
    for (int id = 1; id <= maximum; id++) {
      peer.expectAck(PUBREC, id); // as many as are allowed are open now
    }
    peer.send(peer.publish(topic).qos(2, maximum + 1));
    peer.expectDisconnect(0x93);
  }

  @Test
  @Spec("MQTT-3.3.4-7")
  @Behaviour(124)
  void countsAResentQos2PublishOnce() {
    Peer peer = clients.peer();
    Parsed connAck = peer.connect();
    int maximum = connAck.properties().number(RECEIVE_MAXIMUM).orElse(65_535L).intValue();
    for (int id = 1; id <= maximum; id++) {
      peer.send(peer.publish(topic).qos(2, id));
    }
    for (int id = 1; id <= maximum; id++) {
      peer.expectAck(PUBREC, id);
    }
    peer.send(peer.publish(topic).qos(2, maximum).dup());
    peer.expectAck(PUBREC, maximum);
    peer.send(pubRel(1));
    peer.expectAck(PUBCOMP, 1);
    peer.send(peer.publish(topic).qos(2, maximum + 1));
    peer.expectAck(PUBREC, maximum + 1);
  }

  @Test
  @Behaviour({125, 156})
  void replayedMessagesCountAfterAReconnect() {
    Peer first = clients.peer();
    first.resume(60);
    first.subscribe(topic, 1);
    Peer publisher = clients.connected();
    for (int i = 0; i < 5; i++) {
      publisher.publish(topic, 1, "m" + i);
      first.receivePublish("m" + i);
    }
    first.close();
    Peer second = clients.peer(first.clientId());
    second.connect(connect -> second.persistent(connect, 60).with(receiveMaximum(2)));
    Parsed zero = second.receivePublish("m0");
    Parsed one = second.receivePublish("m1");
    assertTrue(zero.dup() && one.dup());
    second.ping();
    second.send(pubAck(zero.packetId()));
    second.receivePublish("m2");
    second.ping();
  }

  @Test
  @Behaviour({133})
  @Spec({"MQTT-2.2.1-4", "MQTT-3.3.4-9"})
  void skipsAnIdentifierInUseWhenTheyWrap() {
    Peer subscriber = clients.connected();
    subscriber.subscribe(topic, 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "held");
    int held = subscriber.receivePublish("held").packetId();
    int batch = 500;
    int rounds = 65_600 / batch + 1;
    Set<Integer> seen = new HashSet<>();
    for (int round = 0; round < rounds; round++) {
      Object[] packets = new Object[batch];
      for (int i = 0; i < batch; i++) {
        packets[i] = publisher.publish(topic).qos(1, i + 1);
      }
      publisher.send(packets);
      Object[] acks = new Object[batch];
      for (int i = 0; i < batch; i++) {
        int id = subscriber.receive(PUBLISH).packetId();
        assertTrue(id != 0 && id != held, "identifier " + id);
        seen.add(id);
        acks[i] = pubAck(id);
      }
      subscriber.send(acks);
      for (int i = 0; i < batch; i++) {
        publisher.expectAck(PUBACK, i + 1);
      }
    }
    assertTrue(seen.size() <= 65_534);
    subscriber.send(pubAck(held));
    subscriber.ping();
  }
}

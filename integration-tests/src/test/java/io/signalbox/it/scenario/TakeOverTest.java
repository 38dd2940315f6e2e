package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketBytes.pubRec;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.PINGRESP;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PropertyBytes.CONTENT_TYPE;
import static io.signalbox.it.wire.PropertyBytes.contentType;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A second connection with the same Client Identifier (section 3.1.4), in both versions. */
@EachTransportAndVersion
final class TakeOverTest {
  @RegisterExtension final Clients clients;

  TakeOverTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
  }

  @Test
  @Spec("MQTT-3.1.4-3")
  @Spec3("MQTT-3.1.4-2")
  @Behaviour({52, 302})
  void endsTheOldConnection() {
    Peer old = clients.connected();
    Peer next = clients.peer(old.clientId());
    next.connect();
    old.expectDisconnect(0x8E);
    next.ping();
  }

  @Test
  @Behaviour(53)
  void movesSubscriptionsQueueAndUnacknowledgedMessages() {
    String topic = clients.topic();
    Peer old = clients.peer();
    old.resume(60);
    old.subscribe(topic, 2);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "one");
    publisher.publish(topic, 2, "two");
    Parsed one = old.receivePublish("one");
    Parsed two = old.receivePublish("two");
    old.send(pubRec(two.packetId()));
    old.expectAck(PUBREL, two.packetId());

    Peer next = clients.peer(old.clientId());
    assertTrue(next.resume(60).sessionPresent());
    old.expectDisconnect(0x8E);
    Parsed again = next.receivePublish("one");
    assertTrue(again.dup());
    assertEquals(one.packetId(), again.packetId());
    next.expectAck(PUBREL, two.packetId());
    publisher.publish(topic, 1, "three");
    next.receivePublish("three");
  }

  @Test
  @Behaviour(54)
  void withCleanStartBeginsANewSession() {
    String topic = clients.topic();
    Peer old = clients.peer();
    old.resume(60);
    old.subscribe(topic, 1);
    Peer next = clients.peer(old.clientId());
    assertFalse(next.connect().sessionPresent());
    old.expectDisconnect(0x8E);
    clients.connected().publish(topic, 1, "to nobody");
    next.ping();
  }

  @Test
  @Behaviour(56)
  void goesFromOneVersionToTheOther() {
    String topic = clients.topic();
    Version other = clients.version() == Version.V3 ? Version.V5 : Version.V3;
    Peer old = clients.peer();
    old.resume(60);
    old.subscribe(topic, 1);
    Peer publisher = clients.connected(Version.V5);
    publisher.publish(topic, 1, "held", contentType("text/plain"));
    old.receivePublish("held");

    Peer next = clients.peer(other, old.clientId());
    assertTrue(next.resume(60).sessionPresent());
    old.expectDisconnect(0x8E);
    Parsed again = next.receivePublish("held"); // decoded as the new version, or the decoder fails
    assertTrue(again.dup());
    assertEquals(other.isV5(), again.properties().has(CONTENT_TYPE));
    publisher.publish(topic, 1, "live");
    next.receivePublish("live");
  }

  @Test
  @Behaviour(62)
  void goesFromOneTransportToAnother() {
    Peer old = clients.peer();
    old.resume(60);
    for (Transport transport : EachTransport.Chosen.transports().toList()) {
      Peer next = clients.peer(transport, clients.version(), old.clientId());
      assertTrue(next.resume(60).sessionPresent());
      old.expectDisconnect(0x8E);
      old = next;
    }
    old.ping();
  }

  @Test
  @Behaviour(57)
  void ofManyAtOnceExactlyOneStays() {
    String id = Clients.unique("race");
    List<Peer> racers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      racers.add(clients.peer(id));
    }
    for (Peer racer : racers) {
      racer.send(connect(clients.version()).clientId(id).cleanStart(false));
    }
    List<Peer> answered = new ArrayList<>();
    for (Peer racer : racers) {
      Parsed connAck = racer.wire().poll(RawClient.PATIENCE);
      if (connAck != null && connAck.reasonCode() == 0) {
        answered.add(racer);
      }
    }
    // Every CONNECT has been decided now, and each that came after another has ended it.
    long alive = answered.stream().filter(TakeOverTest::answersPing).count();
    assertEquals(1, alive);
  }

  /** Sends a PINGREQ and reads until its answer or the end. */
  private static boolean answersPing(Peer racer) {
    racer.wire().sendIfOpen(pingReq());
    while (true) {
      Parsed packet = racer.wire().poll(RawClient.PATIENCE);
      if (packet == null) {
        assertTrue(racer.wire().hasEnded(), "neither answered nor closed");
        return false;
      }
      if (packet.type() == PINGRESP) {
        return true;
      }
    }
  }

  @Test
  @Behaviour(57)
  void aRaceLosesNoSession() {
    String topic = clients.topic();
    Peer first = clients.peer();
    first.resume(60);
    first.subscribe(topic, 1);
    String id = first.clientId();
    List<Peer> racers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Peer racer = clients.peer(id);
      racer.send(racer.persistent(connect(clients.version()).clientId(id), 60));
      racers.add(racer);
    }
    for (Peer racer : racers) {
      Parsed connAck = racer.receive(CONNACK);
      assertEquals(0, connAck.reasonCode());
      assertTrue(connAck.sessionPresent());
    }
    Peer last = clients.peer(id);
    assertTrue(last.resume(60).sessionPresent());
    clients.connected().publish(topic, 1, "one copy");
    last.acknowledge(last.receivePublish("one copy"));
    last.ping();
  }

  @Test
  @Behaviour(58)
  void latePacketsOfTheOldConnectionAreNotProcessed() {
    String topic = clients.topic();
    Peer observer = clients.connected();
    observer.subscribe(topic, 1);
    Peer old = clients.connected();
    clients.peer(old.clientId()).connect();
    old.wire().sendIfOpen(old.publish(topic).payload("too late"));
    old.expectDisconnect(0x8E);
    clients.connected().publish(topic, 1, "marker");
    observer.receivePublish("marker");
  }

  @Test
  void aMalformedConnectLeavesTheGoodConnectionAlone() {
    Peer good = clients.connected();
    Peer bad = clients.peer(good.clientId());
    bad.send(connect(clients.version()).clientId(good.clientId()).flags(0x03));
    bad.wire().drain();
    good.ping();
  }
}

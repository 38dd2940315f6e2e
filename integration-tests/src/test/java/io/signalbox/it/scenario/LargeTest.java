package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketType.PINGRESP;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.PublishBytes;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Much of something. */
@EachTransport
final class LargeTest {
  @RegisterExtension final Clients clients;
  private final String topic;

  LargeTest(Transport transport) {
    clients = new Clients(transport, Version.V5);
    topic = clients.topic();
  }

  /** QoS 1, as fast as the server's Receive Maximum allows. */
  private void publish(int count, IntFunction<PublishBytes> message) {
    Peer publisher = clients.connected();
    int batch = 500;
    for (int sent = 0; sent < count; sent += batch) {
      int size = Math.min(batch, count - sent);
      Object[] packets = new Object[size];
      for (int i = 0; i < size; i++) {
        packets[i] = message.apply(sent + i).qos(1, i + 1);
      }
      publisher.send(packets);
      for (int i = 0; i < size; i++) {
        publisher.expectAck(PUBACK, i + 1);
      }
    }
  }

  private Peer resumedWithWindow(String id, int window) {
    Peer peer = clients.peer(id);
    peer.connect(connect -> peer.persistent(connect, 60).with(receiveMaximum(window)));
    return peer;
  }

  @Test
  @Spec({"MQTT-3.3.4-9", "MQTT-4.6.0-5", "MQTT-4.4.0-1"})
  @Behaviour({143, 144, 145})
  void aLongQueueIsStreamedWithinTheWindowOverManyReconnects() {
    int count = 3_000;
    Peer away = clients.peer();
    away.resume(60);
    away.subscribe(topic, 1);
    away.disconnect();
    publish(count, i -> away.publish(topic).payload("m" + i));
    int next = 0;
    for (int round = 0; next < count; round++) {
      Peer peer = resumedWithWindow(away.clientId(), 20);
      if (round == 1) {
        publish(5, i -> away.publish(topic).payload("m" + (count + i))); // behind those that wait
      }
      int last = Math.min(count, next + (round < 5 ? 50 : count));
      while (next < last) {
        Parsed packet = peer.receivePublish("m" + next);
        peer.send(pubAck(packet.packetId()));
        next++;
      }
      takeUntilPingResp(peer); // the acknowledgements have been taken
      peer.close();
    }
    Peer rest = resumedWithWindow(away.clientId(), 20);
    for (int i = 0; i < 5; i++) {
      rest.acknowledge(rest.receivePublish("m" + (count + i)));
    }
    rest.ping();
  }

  @Test
  @Spec("MQTT-3.3.4-9")
  @Behaviour(128)
  void whatIsInFlightIsLimitedInCountAndNotInBytes() {
    int window = 20; // more in bytes than session.memory-queue-bytes-max and output-bytes-high
    byte[] payload = new byte[900_000];
    Peer subscriber = clients.peer();
    subscriber.connect(connect -> connect.with(receiveMaximum(window)));
    subscriber.subscribe(topic, 1);
    Peer publisher = clients.connected();
    for (int i = 0; i < window; i++) {
      publisher.send(publisher.publish(topic).payload(payload).qos(1, i + 1));
      assertEquals(payload.length, subscriber.receive(PUBLISH).payload().length);
      publisher.expectAck(PUBACK, i + 1);
    }
    publisher.publish(topic, 1, "next");
    subscriber.ping(); // one more would be too many
  }

  @Test
  @Spec({"MQTT-3.3.1-9", "MQTT-3.3.4-9", "MQTT-3.3.4-10"})
  @Behaviour(190)
  void manyRetainedMessagesComeWithinTheWindowAndHoldNothingUp() {
    int count = 3_000;
    publish(count, i -> clientsPublish(i).retain().payload("r"));
    Peer peer = clients.peer();
    peer.connect(connect -> connect.with(receiveMaximum(10)));
    peer.subscribe(topic + "/#", 1);
    Set<String> seen = new HashSet<>();
    List<Integer> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Parsed retained = peer.receive(PUBLISH);
      assertTrue(seen.add(retained.topic()));
      open.add(retained.packetId());
      if (open.size() == 10) {
        if (i % 500 == 9) {
          peer.ping(); // the window is full: the next one waits, the answer does not
        }
        peer.send(open.stream().map(PacketBytes::pubAck).toArray());
        open.clear();
      }
    }
    peer.ping();
    assertEquals(count, seen.size());
    publish(count, i -> clientsPublish(i).retain());
  }

  private static void takeUntilPingResp(Peer peer) {
    peer.send(pingReq());
    Parsed packet;
    do {
      packet = peer.receive();
    } while (packet.type() != PINGRESP);
  }

  private PublishBytes clientsPublish(int i) {
    return PacketBytes.publish(Version.V5, topic + "/" + i % 50 + "/" + i);
  }

  @Test
  @Spec("MQTT-4.5.0-1")
  @Behaviour(311)
  void oneMessageReachesEachOfManySubscribersOnce() {
    List<Peer> subscribers = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      Peer peer = clients.connected(i % 3 == 0 ? Version.V3 : Version.V5);
      peer.subscribe(topic, i % 3);
      subscribers.add(peer);
    }
    clients.connected().publish(topic, 2, "to all");
    for (Peer peer : subscribers) {
      peer.acknowledge(peer.receivePublish("to all"));
    }
    subscribers.forEach(Peer::ping);
  }

  @Test
  @Spec({"MQTT-3.1.2-7", "MQTT-3.1.2-8"})
  @Behaviour(91)
  void manyWillsAtOnceAllArrive() {
    int count = 200;
    Peer observer = clients.connected();
    observer.subscribe(topic + "/+", 1);
    List<Peer> lost = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Peer peer = clients.peer();
      String will = topic + "/" + i;
      peer.connect(connect -> connect.will(will, 1, false, "will"));
      lost.add(peer);
    }
    lost.forEach(peer -> peer.wire().reset());
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < count; i++) {
      Parsed will = observer.receivePublish("will");
      assertTrue(seen.add(will.topic()));
      observer.acknowledge(will);
    }
    observer.ping();
  }

  @Test
  @Behaviour({49, 295})
  void clientsThatReadNothingHoldUpNobody() {
    for (int i = 0; i < 100; i++) {
      Peer silent = clients.slow();
      silent.send(PacketBytes.connect(Version.V5).clientId(silent.clientId()));
    }
    Peer other = clients.connected();
    other.subscribe(topic, 0);
    other.publish(topic, 0, "still served");
    other.receivePublish("still served");
  }
}

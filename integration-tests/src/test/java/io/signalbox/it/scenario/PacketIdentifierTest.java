package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.pubAck;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** All 65535 Packet Identifiers at once. */
@EachTransport
final class PacketIdentifierTest {
  @RegisterExtension final Clients clients;

  PacketIdentifierTest(Transport transport) {
    clients = new Clients(LimitsTest.BROKER, transport, Version.V5);
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  @Spec({"MQTT-2.2.1-4", "MQTT-3.3.4-9", "MQTT-4.9.0-2"})
  @Spec3({"MQTT-2.3.1-4", "MQTT-4.3.2-1"})
  @Behaviour(133)
  void withAllOfThemInUseNothingMoreIsSent(Version version) {
    String topic = clients.topic();
    Peer subscriber = clients.connected(version);
    subscriber.subscribe(topic, 1);
    Peer publisher = clients.connected();
    int batch = 512;
    Set<Integer> open = new HashSet<>();
    for (int sent = 0; sent < 65_536; sent += batch) {
      Object[] packets = new Object[batch];
      for (int i = 0; i < batch; i++) {
        packets[i] = publisher.publish(topic).qos(1, i + 1);
      }
      publisher.send(packets);
      for (int i = 0; i < batch && open.size() < 65_535; i++) {
        open.add(subscriber.receive(PUBLISH).packetId());
      }
      for (int i = 0; i < batch; i++) {
        publisher.expectAck(PUBACK, i + 1);
      }
    }
    assertEquals(65_535, open.size(), "every identifier but 0, each once");
    subscriber.ping(); // the last message waits
    subscriber.send(pubAck(4_711));
    assertEquals(4_711, subscriber.receive(PUBLISH).packetId());
  }
}

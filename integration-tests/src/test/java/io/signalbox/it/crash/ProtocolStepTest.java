package io.signalbox.it.crash;

import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The broker is killed between every two steps of QoS 1 and QoS 2, in both directions: one client
 * for each {@link ProtocolStep} stops at its step, then all is killed at once.
 */
@Timeout(400)
class ProtocolStepTest {
  private static final String LAST = "last";

  /** By topic: the Packet Identifier of the exchange that was interrupted. */
  private final Map<String, Integer> seen = new HashMap<>();

  private final List<Peer> peers = new ArrayList<>();

  private Peer peer(BrokerUnderTest broker, Version version, String clientId) throws IOException {
    Peer peer = new Peer(RawClient.open(broker.endpoint(Transport.TCP), version), clientId);
    peers.add(peer);
    return peer;
  }

  private Peer resumed(BrokerUnderTest broker, Version version, String clientId)
      throws IOException {
    Peer peer = peer(broker, version, clientId);
    assertTrue(peer.resume(3_600).sessionPresent(), clientId);
    return peer;
  }

  /**
   * @param kills the second finds what the first left, with no client in between
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void everyExchangeGoesOnWhereItWas(int kills) throws IOException {
    try (BrokerUnderTest broker =
        BrokerUnderTest.start("steps", CrashBroker.config(), CrashBroker.launch())) {
      for (Version version : Version.values()) {
        for (ProtocolStep step : ProtocolStep.values()) {
          before(broker, version, step);
        }
      }
      for (int i = 0; i < kills; i++) {
        broker.kill9();
        broker.restart();
      }
      peers.forEach(Peer::close);
      for (Version version : Version.values()) {
        for (ProtocolStep step : ProtocolStep.values()) {
          after(broker, version, step);
        }
      }
    } finally {
      peers.forEach(Peer::close);
    }
  }

  private static String topic(Version version, ProtocolStep step) {
    return "step/" + version.level() + "/" + step;
  }

  private static String publisher(Version version, ProtocolStep step) {
    return "p" + version.level() + step;
  }

  private static String subscriber(Version version, ProtocolStep step) {
    return "s" + version.level() + step;
  }

  private void before(BrokerUnderTest broker, Version version, ProtocolStep step)
      throws IOException {
    String topic = topic(version, step);
    Peer subscriber = peer(broker, version, subscriber(version, step));
    subscriber.resume(3_600);
    subscriber.subscribe(topic, 2);
    Peer publisher = peer(broker, version, publisher(version, step));
    publisher.resume(3_600);
    if (step.ofPublisher) {
      subscriber.disconnect();
      seen.put(topic, step.before(publisher, topic));
    } else {
      publisher.publish(topic, step.qos, ProtocolStep.FIRST);
      seen.put(topic, step.before(subscriber, topic));
    }
  }

  private void after(BrokerUnderTest broker, Version version, ProtocolStep step)
      throws IOException {
    String topic = topic(version, step);
    if (step.ofPublisher) {
      Peer publisher = resumed(broker, version, publisher(version, step));
      step.after(publisher, topic, seen.getOrDefault(topic, 0));
      publisher.publish(topic, step.qos, LAST);
      expectAll(resumed(broker, version, subscriber(version, step)), step);
    } else {
      Peer subscriber = resumed(broker, version, subscriber(version, step));
      step.after(subscriber, topic, seen.getOrDefault(topic, 0));
      Peer publisher = resumed(broker, version, publisher(version, step));
      publisher.publish(topic, step.qos, LAST);
      expectLastAlone(subscriber, step);
    }
  }

  /** Everything that was published, in order and once; QoS 1 may come twice where nobody knew. */
  private static void expectAll(Peer subscriber, ProtocolStep step) {
    var payloads = new ArrayList<String>();
    while (payloads.isEmpty() || !payloads.getLast().equals(LAST)) {
      Parsed packet = subscriber.receive(PUBLISH);
      if (step == ProtocolStep.PUBLISH_1_SENT && payloads.contains(packet.text())) {
        continue;
      }
      payloads.add(packet.text());
    }
    assertEquals(
        step.bringsSecond()
            ? List.of(ProtocolStep.FIRST, ProtocolStep.SECOND, LAST)
            : List.of(ProtocolStep.FIRST, LAST),
        payloads,
        step::toString);
  }

  /** What came before is done, but for what the broker could not know to be done. */
  private static void expectLastAlone(Peer subscriber, ProtocolStep step) {
    Parsed packet = subscriber.receive();
    if (step == ProtocolStep.PUBACK_SENT && !packet.text().equals(LAST)) {
      assertTrue(packet.dup(), packet::toString);
      subscriber.acknowledge(packet);
      packet = subscriber.receive();
    }
    if (step == ProtocolStep.PUBCOMP_SENT && packet.type() == PUBREL) {
      subscriber.send(PacketBytes.pubComp(packet.packetId()));
      packet = subscriber.receive();
    }
    assertEquals(PUBLISH, packet.type(), packet::toString);
    assertEquals(LAST, packet.text(), packet::toString);
  }
}

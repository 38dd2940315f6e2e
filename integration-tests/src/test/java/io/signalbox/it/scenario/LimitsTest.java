package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What happens at limits that are too large to reach with their defaults, in both versions. */
@EachTransportAndVersion
final class LimitsTest {
  static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "limits",
          BrokerConfig.open()
              .yaml(
                  """
                  limits:
                    packet-bytes-max: 20000
                    topic-alias-maximum: 0
                    subscriptions-per-session-max: 3
                    retained-messages-max: 4
                    outbound-inflight-max: 65535
                  session:
                    queue-messages-max: 5
                    memory-queue-messages-max: 100000
                  """));

  @RegisterExtension final Clients clients;
  private final Version version;

  LimitsTest(Transport transport, Version version) {
    this.clients = new Clients(BROKER, transport, version);
    this.version = version;
  }

  private int refused(int code5) {
    return version.isV5() ? code5 : 0x80;
  }

  @Test
  @Behaviour(171)
  void oneSubscriptionTooManyIsRefused() {
    String topic = clients.topic();
    Peer peer = clients.connected();
    peer.send(
        subscribe(version, 1)
            .filter(topic + "/1", 0)
            .filter(topic + "/2", 1)
            .filter(topic + "/3", 2)
            .filter(topic + "/4", 1));
    assertEquals(List.of(0, 1, 2, refused(0x97)), peer.receive(SUBACK).reasonCodes());
    peer.subscribe(topic + "/2", 2); // one that is there may still change
    peer.unsubscribe(topic + "/1");
    peer.subscribe(topic + "/4", 1);
  }

  @Test
  @Behaviour(171)
  void aLongFilterCountsAsSeveral() {
    Peer peer = clients.connected();
    String filter = clients.topic() + "/" + "x".repeat(2 * 512);
    peer.send(subscribe(version, 1).filter(filter, 0).filter(clients.topic() + "/short", 0));
    assertEquals(List.of(0, refused(0x97)), peer.receive(SUBACK).reasonCodes());
    peer.unsubscribe(filter);
    peer.subscribe(clients.topic() + "/short", 0);
  }

  @Test
  @Behaviour(192)
  void aRetainedMessageTooManyIsRefused() {
    Peer publisher = clients.connected();
    String topic = clients.topic();
    for (int i = 0; i < 4; i++) {
      publisher.publishRetained(topic + "/" + i, 1, "kept");
    }
    publisher.publishRetained(topic + "/0", 1, "replaced"); // no further one
    Peer refused = clients.connected();
    refused.send(refused.publish(topic + "/5").qos(1, 9).retain().payload("too many"));
    if (version.isV5()) {
      assertEquals(0x97, refused.receive(PUBACK).reasonCode());
      refused.ping();
    } else {
      refused.expectClosed();
    }
    for (int i = 0; i < 4; i++) {
      publisher.publishRetained(topic + "/" + i, 1, "");
    }
    publisher.publishRetained(topic + "/5", 1, "fits now");
    publisher.publishRetained(topic + "/5", 1, "");
  }

  @Test
  @Behaviour(138)
  void ofAFullQueueTheNewestIsDropped() {
    String topic = clients.topic();
    Peer away = clients.peer();
    away.resume(60);
    away.subscribe(topic, 1);
    away.disconnect();
    Peer publisher = clients.connected();
    for (int i = 0; i < 8; i++) {
      publisher.send(publisher.publish(topic).qos(1, i + 1).payload("m" + i));
      int code = publisher.receive(PUBACK).reasonCode();
      assertEquals(version.isV5() && i >= 5 ? 0x97 : 0, code, "message " + i);
    }
    Peer back = clients.peer(away.clientId());
    back.resume(60);
    for (int i = 0; i < 5; i++) {
      back.acknowledge(back.receivePublish("m" + i));
    }
    back.ping();
  }

  @Test
  @Behaviour(44)
  void aWillThatMakesConnectTooLargeIsRefused() {
    Peer peer = clients.peer();
    peer.wire()
        .sendIfOpen(
            connect(version)
                .clientId(peer.clientId())
                .will(clients.topic(), 1, true, "x".repeat(20_000)));
    peer.expectRefused(0x95);
  }
}

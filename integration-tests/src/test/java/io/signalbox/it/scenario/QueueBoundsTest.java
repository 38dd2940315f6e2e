package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketType.PUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Bounds of queued bytes and of all queued messages, as the configuration file sets them. */
final class QueueBoundsTest {
  private static final int QUEUE_BYTES_MAX = 20_000;
  private static final int MESSAGES_MAX = 30;
  private static final int QUOTA_EXCEEDED = 0x97;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "bounds",
          BrokerConfig.open()
              .yaml(
                  """
                  session: { queue-bytes-max: %d }
                  store: { messages-max: %d }
                  """
                      .formatted(QUEUE_BYTES_MAX, MESSAGES_MAX)));

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TCP, Version.V5);

  @Test
  void sessionsHoldSoManyBytesAndAllOfThemTogetherSoManyMessages() {
    Peer publisher = clients.connected();
    String large = clients.topic();
    Peer first = away(large);
    int taken = fill(publisher, large, "x".repeat(QUEUE_BYTES_MAX / 4));
    assertTrue(taken == 3 || taken == 4, taken + " quarters, each with its topic and properties");
    end(first);

    String one = clients.topic();
    String other = clients.topic();
    Peer second = away(one);
    Peer third = away(other);
    for (int i = 0; i < MESSAGES_MAX / 2; i++) {
      assertEquals(0, publish(publisher, one, "small"));
    }
    assertEquals(MESSAGES_MAX - MESSAGES_MAX / 2, fill(publisher, other, "small"));
    assertEquals(QUOTA_EXCEEDED, publish(publisher, one, "small"));
    end(second);
    assertEquals(0, publish(publisher, other, "small"), "half of them are gone");
    end(third);
  }

  /** A lasting session with this subscription, whose client has gone. */
  private Peer away(String topic) {
    Peer peer = clients.peer();
    peer.resume(60);
    peer.subscribe(topic, 1);
    peer.disconnect();
    return peer;
  }

  private void end(Peer away) {
    clients.peer(away.clientId()).connect(); // Clean Start, for as long as the connection
  }

  /** Says how many found room. */
  private static int fill(Peer publisher, String topic, String payload) {
    int taken = 0;
    int code = publish(publisher, topic, payload);
    while (code == 0 && taken < 2 * MESSAGES_MAX) {
      taken++;
      code = publish(publisher, topic, payload);
    }
    assertEquals(QUOTA_EXCEEDED, code);
    return taken;
  }

  private static int publish(Peer publisher, String topic, String payload) {
    int packetId = publisher.newPacketId();
    publisher.send(publisher.publish(topic).qos(1, packetId).payload(payload));
    return publisher.receive(PUBACK).reasonCode();
  }
}

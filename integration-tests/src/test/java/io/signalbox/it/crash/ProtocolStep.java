package io.signalbox.it.crash;

import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;

/**
 * A place between two steps of QoS 1 or QoS 2 at which the broker is killed: what the client does
 * up to there, and what must follow when it is back. First what a publisher does, then what a
 * subscriber does.
 */
enum ProtocolStep {
  /** PUBLISH QoS 1 is out, nothing is known: once or twice. */
  PUBLISH_1_SENT(true, 1) {
    @Override
    int before(Peer publisher, String topic) {
      publisher.send(publisher.publish(topic).qos(1, ID).payload(FIRST));
      return ID;
    }

    @Override
    void after(Peer publisher, String topic, int seen) {
      publisher.send(publisher.publish(topic).qos(1, ID).dup().payload(FIRST));
      publisher.expectAck(PUBACK, ID);
    }
  },
  PUBACK_RECEIVED(true, 1) {
    @Override
    int before(Peer publisher, String topic) {
      publisher.send(publisher.publish(topic).qos(1, ID).payload(FIRST));
      publisher.expectAck(PUBACK, ID);
      return ID;
    }

    @Override
    void after(Peer publisher, String topic, int seen) {
      publisher.ping();
    }
  },
  PUBLISH_2_SENT(true, 2) {
    @Override
    int before(Peer publisher, String topic) {
      publisher.send(publisher.publish(topic).qos(2, ID).payload(FIRST));
      return ID;
    }

    @Override
    void after(Peer publisher, String topic, int seen) {
      publisher.send(publisher.publish(topic).qos(2, ID).dup().payload(FIRST));
      publisher.expectAck(PUBREC, ID);
      release(publisher);
    }
  },
  /** The client lost what it received and sends PUBLISH once more: no second message. */
  PUBREC_LOST(true, 2) {
    @Override
    int before(Peer publisher, String topic) {
      publisher.send(publisher.publish(topic).qos(2, ID).payload(FIRST));
      publisher.expectAck(PUBREC, ID);
      return ID;
    }

    @Override
    void after(Peer publisher, String topic, int seen) {
      publisher.send(publisher.publish(topic).qos(2, ID).dup().payload(FIRST));
      publisher.expectAck(PUBREC, ID);
      release(publisher);
    }
  },
  PUBREC_RECEIVED(true, 2) {
    @Override
    int before(Peer publisher, String topic) {
      PUBREC_LOST.before(publisher, topic);
      return ID;
    }

    @Override
    void after(Peer publisher, String topic, int seen) {
      publisher.send(PacketBytes.pubRel(ID));
      assertEquals(0, publisher.expectAck(PUBCOMP, ID).reasonCode());
    }
  },
  PUBREL_SENT(true, 2) {
    @Override
    int before(Peer publisher, String topic) {
      PUBREC_LOST.before(publisher, topic);
      publisher.send(PacketBytes.pubRel(ID));
      return ID;
    }

    @Override
    void after(Peer publisher, String topic, int seen) {
      publisher.send(PacketBytes.pubRel(ID));
      Parsed answer = publisher.receive(PUBCOMP); // 0x92 when it was released already
      assertEquals(ID, answer.packetId());
    }
  },
  /** The identifier is free again: the next message with it is not a repetition. */
  PUBCOMP_RECEIVED(true, 2) {
    @Override
    int before(Peer publisher, String topic) {
      PUBREC_LOST.before(publisher, topic);
      release(publisher);
      return ID;
    }

    @Override
    void after(Peer publisher, String topic, int seen) {
      publisher.send(publisher.publish(topic).qos(2, ID).payload(SECOND));
      publisher.expectAck(PUBREC, ID);
      release(publisher);
    }

    @Override
    boolean bringsSecond() {
      return true;
    }
  },

  PUBLISH_1_RECEIVED(false, 1) {
    @Override
    int before(Peer subscriber, String topic) {
      return fresh(subscriber).packetId();
    }

    @Override
    void after(Peer subscriber, String topic, int seen) {
      subscriber.acknowledge(again(subscriber, seen));
    }
  },
  PUBACK_SENT(false, 1) {
    @Override
    int before(Peer subscriber, String topic) {
      subscriber.acknowledge(subscriber.receivePublish(FIRST));
      subscriber.ping();
      return ID;
    }

    @Override
    void after(Peer subscriber, String topic, int seen) {
      // Nothing, or once more with DUP: nobody waits for the disk after PUBACK.
    }
  },
  PUBLISH_2_RECEIVED(false, 2) {
    @Override
    int before(Peer subscriber, String topic) {
      return fresh(subscriber).packetId();
    }

    @Override
    void after(Peer subscriber, String topic, int seen) {
      subscriber.acknowledge(again(subscriber, seen));
    }
  },
  /** The broker may have had it or not: the same message again with DUP, or PUBREL. */
  PUBREC_SENT(false, 2) {
    @Override
    int before(Peer subscriber, String topic) {
      Parsed publish = fresh(subscriber);
      subscriber.send(PacketBytes.pubRec(publish.packetId()));
      return publish.packetId();
    }

    @Override
    void after(Peer subscriber, String topic, int seen) {
      Parsed next = subscriber.receive();
      assertEquals(seen, next.packetId(), next::toString);
      if (next.type() == PUBLISH) {
        assertTrue(next.dup(), next::toString);
        subscriber.acknowledge(next);
      } else {
        assertEquals(PUBREL, next.type(), next::toString);
        subscriber.send(PacketBytes.pubComp(next.packetId()));
      }
    }
  },
  /** The broker knows that we have it: never PUBLISH again. */
  PUBREL_RECEIVED(false, 2) {
    @Override
    int before(Peer subscriber, String topic) {
      Parsed publish = fresh(subscriber);
      subscriber.send(PacketBytes.pubRec(publish.packetId()));
      subscriber.expectAck(PUBREL, publish.packetId());
      return publish.packetId();
    }

    @Override
    void after(Peer subscriber, String topic, int seen) {
      subscriber.expectAck(PUBREL, seen);
      subscriber.send(PacketBytes.pubComp(seen));
    }
  },
  PUBCOMP_SENT(false, 2) {
    @Override
    int before(Peer subscriber, String topic) {
      Parsed publish = fresh(subscriber);
      subscriber.acknowledge(publish);
      subscriber.ping();
      return publish.packetId();
    }

    @Override
    void after(Peer subscriber, String topic, int seen) {
      // Nothing, or PUBREL once more.
    }
  };

  static final String FIRST = "first";
  static final String SECOND = "second";
  private static final int ID = 7;

  final boolean ofPublisher;
  final int qos;

  ProtocolStep(boolean ofPublisher, int qos) {
    this.ofPublisher = ofPublisher;
    this.qos = qos;
  }

  /**
   * Up to the step, with the connection left open.
   *
   * @return the Packet Identifier of the exchange
   */
  abstract int before(Peer client, String topic);

  /** With a new connection and the session resumed, to the end of the exchange. */
  abstract void after(Peer client, String topic, int seen);

  /** Whether {@link #after} publishes {@link #SECOND}. */
  boolean bringsSecond() {
    return false;
  }

  private static Parsed fresh(Peer subscriber) {
    Parsed publish = subscriber.receivePublish(FIRST);
    assertFalse(publish.dup(), publish::toString);
    return publish;
  }

  private static Parsed again(Peer subscriber, int seen) {
    Parsed publish = subscriber.receivePublish(FIRST);
    assertTrue(publish.dup(), publish::toString); // [MQTT-3.3.1-1]
    assertEquals(seen, publish.packetId(), publish::toString); // [MQTT-4.4.0-1]
    return publish;
  }

  private static void release(Peer publisher) {
    publisher.send(PacketBytes.pubRel(ID));
    publisher.expectAck(PUBCOMP, ID);
  }
}

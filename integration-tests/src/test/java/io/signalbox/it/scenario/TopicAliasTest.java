package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PropertyBytes.TOPIC_ALIAS;
import static io.signalbox.it.wire.PropertyBytes.topicAlias;
import static io.signalbox.it.wire.PropertyBytes.topicAliasMaximum;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Topic Alias in both directions (section 3.3.2.3.4). */
@EachTransport
final class TopicAliasTest {
  private static final int SERVER_MAXIMUM = 64;

  @RegisterExtension final Clients clients;
  private final String topic;

  TopicAliasTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
    this.topic = clients.topic();
  }

  private Peer observer() {
    Peer observer = clients.connected();
    observer.subscribe(topic + "/#", 0);
    return observer;
  }

  private static void assertArrives(Peer observer, String topic, String payload) {
    assertEquals(topic, observer.receivePublish(payload).topic());
  }

  @Test
  @Spec({"MQTT-3.3.2-12", "MQTT-3.3.2-3"})
  @Behaviour(218)
  void setsUsesAndRemapsAnAlias() {
    Peer observer = observer();
    Peer publisher = clients.connected();
    publisher.publish(topic + "/one", 0, "set", topicAlias(1));
    assertArrives(observer, topic + "/one", "set");
    publisher.publish("", 0, "used", topicAlias(1));
    assertArrives(observer, topic + "/one", "used");
    publisher.publish(topic + "/two", 0, "set again", topicAlias(1));
    assertArrives(observer, topic + "/two", "set again");
    publisher.publish("", 0, "used again", topicAlias(1));
    assertArrives(observer, topic + "/two", "used again");
  }

  @Test
  @Spec("MQTT-3.3.2-12")
  @Behaviour(218)
  void takesEveryAliasUpToItsMaximum() {
    Peer observer = observer();
    Peer publisher = clients.connected();
    for (int alias = 1; alias <= SERVER_MAXIMUM; alias++) {
      publisher.publish(topic + "/" + alias, 0, "set", topicAlias(alias));
      observer.receivePublish("set");
    }
    for (int alias = SERVER_MAXIMUM; alias >= 1; alias--) {
      publisher.publish("", alias % 3, "used", topicAlias(alias));
      assertArrives(observer, topic + "/" + alias, "used");
    }
  }

  @Test
  @Spec({"MQTT-3.3.2-9", "MQTT-3.2.2-17"})
  @Behaviour(219)
  void refusesAnAliasAboveItsMaximum() {
    Peer peer = clients.connected();
    peer.send(peer.publish(topic).with(topicAlias(SERVER_MAXIMUM + 1)));
    peer.expectDisconnect(0x94);
  }

  @Test
  @Spec("MQTT-3.3.2-8")
  @Behaviour(219)
  void refusesAliasZero() {
    Peer peer = clients.connected();
    peer.send(peer.publish(topic).with(topicAlias(0)));
    peer.expectDisconnect(0x94);
  }

  @Test
  @Behaviour(220)
  void refusesAnUnknownAlias() {
    Peer peer = clients.connected();
    peer.send(peer.publish("").with(topicAlias(3)));
    peer.expectDisconnect(0x82);
  }

  @Test
  @Behaviour(223)
  void theAliasOfARefusedPublishIsSetAllTheSame() {
    Peer peer = clients.connected();
    peer.send(peer.publish("$SYS/not/writable").qos(1, 1).with(topicAlias(5)));
    assertEquals(0x87, peer.receive(PUBACK).reasonCode());
    peer.send(peer.publish("").qos(1, 2).with(topicAlias(5))); // known, and refused again
    assertEquals(0x87, peer.receive(PUBACK).reasonCode());
    peer.ping();
  }

  @Test
  @Spec("MQTT-3.3.2-7")
  @Behaviour(218)
  void anAliasEndsWithItsConnection() {
    Peer first = clients.peer();
    first.resume(60);
    first.publish(topic, 0, "set", topicAlias(1));
    first.ping();
    first.disconnect();
    Peer second = clients.peer(first.clientId());
    second.resume(60);
    second.send(second.publish("").with(topicAlias(1)));
    second.expectDisconnect(0x82);
  }

  @Test
  @Behaviour(218)
  void aliasesOfClientsAreTheirOwn() {
    Peer observer = observer();
    Peer one = clients.connected();
    Peer two = clients.connected();
    one.publish(topic + "/one", 0, "a", topicAlias(1));
    two.publish(topic + "/two", 0, "b", topicAlias(1));
    observer.receive(PUBLISH);
    observer.receive(PUBLISH);
    one.publish("", 0, "from one", topicAlias(1));
    assertArrives(observer, topic + "/one", "from one");
    two.publish("", 0, "from two", topicAlias(1));
    assertArrives(observer, topic + "/two", "from two");
  }

  @Test
  @Behaviour(221)
  void anAliasedMessageIsResentWithItsTopic() {
    Peer subscriber = clients.peer();
    subscriber.connect(connect -> subscriber.persistent(connect, 60).with(topicAliasMaximum(10)));
    subscriber.subscribe(topic, 1);
    Peer publisher = clients.connected();
    publisher.publish(topic, 1, "first");
    publisher.publish(topic, 1, "second");
    subscriber.receivePublish("first");
    subscriber.receivePublish("second");
    subscriber.close();
    Peer back = clients.peer(subscriber.clientId());
    back.resume(60); // without aliases
    assertEquals(topic, back.receivePublish("first").topic());
    assertEquals(topic, back.receivePublish("second").topic());
  }

  @Test
  @Spec({"MQTT-3.1.2-27", "MQTT-3.3.2-11"})
  @Behaviour(222)
  void setsNoAliasTowardsAClientThatAllowsNone() {
    Peer none = observer();
    Peer zero = clients.peer();
    zero.connect(connect -> connect.with(topicAliasMaximum(0)));
    zero.subscribe(topic + "/#", 0);
    Peer publisher = clients.connected();
    for (int i = 0; i < 5; i++) {
      publisher.publish(topic + "/same", 0, "m" + i);
      assertFalse(none.receivePublish("m" + i).properties().has(TOPIC_ALIAS));
      assertFalse(zero.receivePublish("m" + i).properties().has(TOPIC_ALIAS));
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 2", "65535, 64"}) // limits.outbound-topic-alias-max
  @Spec({"MQTT-3.1.2-26", "MQTT-3.3.2-11", "MQTT-3.3.2-3"})
  @Behaviour({222, 224})
  void givesTheFirstTopicsAliasesUpToTheSmallerMaximum(int ofClient, int most) {
    Peer subscriber = clients.peer();
    subscriber.connect(connect -> connect.with(topicAliasMaximum(ofClient)));
    subscriber.subscribe(topic + "/#", 0);
    Peer publisher = clients.connected();
    Map<String, Optional<Long>> aliases = new HashMap<>();
    for (int i = 0; i < most + 6; i++) {
      String name = topic + "/" + i;
      publisher.publish(name, 0, name);
      Parsed first = subscriber.receivePublish(name);
      assertEquals(name, first.topic());
      aliases.put(name, first.properties().number(TOPIC_ALIAS));
      assertEquals(i < most, aliases.get(name).isPresent(), first::toString);
    }
    assertEquals(
        LongStream.rangeClosed(1, most).boxed().toList(),
        aliases.values().stream().flatMap(Optional::stream).sorted().toList());
    aliases.forEach(
        (name, alias) -> {
          publisher.publish(name, 0, name);
          Parsed again = subscriber.receivePublish(name);
          assertEquals(alias.isPresent() ? "" : name, again.topic());
          assertEquals(alias, again.properties().number(TOPIC_ALIAS));
        });
  }
}

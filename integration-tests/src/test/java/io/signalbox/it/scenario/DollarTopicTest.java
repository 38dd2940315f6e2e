package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Topics that start with {@code $} (section 4.7.2). On a broker of its own, because the filter
 * {@code #} sees everything.
 */
@EachTransport
final class DollarTopicTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start("dollar", BrokerConfig.open());

  @RegisterExtension final Clients five;

  DollarTopicTest(Transport transport) {
    five = new Clients(BROKER, transport, Version.V5);
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  @Behaviour(308)
  void theBrokerPublishesNothingOfItsOwn(Version version) {
    Peer all = five.connected(version);
    all.subscribe("#", 0);
    all.subscribe("+/#", 0);
    all.subscribe("$SYS/#", 0);
    Peer publisher = five.connected(version);
    publisher.publish("no/dollar", 0, "marker");
    assertEquals("no/dollar", all.receivePublish("marker").topic());
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  @Behaviour({108, 308})
  void clientsDoNotPublishToThem(Version version) {
    Peer system = five.connected(version);
    String marker = five.topic();
    system.send(
        subscribe(version, 1).filter("$SYS/forged", 0).filter("$other/t", 0).filter(marker, 0));
    int refused = version.isV5() ? 0x87 : 0x80;
    assertEquals(List.of(0, refused, 0), system.receive(SUBACK).reasonCodes());
    Peer publisher = five.connected(version);
    publisher.send(publisher.publish("$SYS/forged").payload("forged"));
    publisher.send(publisher.publish("$other/t").payload("forged"));
    publisher.publish(marker, 0, "marker");
    system.receivePublish("marker");
  }

  @Test
  @Behaviour(108)
  void aRefusedPublishIsSaidSo() {
    Peer publisher = five.connected();
    publisher.send(publisher.publish("$SYS/forged").qos(1, 1));
    assertEquals(0x87, publisher.receive(PUBACK).reasonCode());
    publisher.send(publisher.publish("$SYS/forged").qos(2, 2));
    assertEquals(0x87, publisher.receive(PUBREC).reasonCode());
    publisher.ping();
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  @Spec("MQTT-4.7.1-1")
  @Spec3("MQTT-4.7.1-2")
  @Behaviour(172)
  void hashMatchesEverythingElse(Version version) {
    Peer all = five.connected(version);
    all.subscribe("#", 0);
    Peer publisher = five.connected(version);
    for (String name : List.of("a", "/", "/a", "a/b/c", " ", "a/$b", "\uFEFF$x")) {
      publisher.publish(name, 0, name);
      assertEquals(name, all.receivePublish(name).topic());
    }
  }
}

package io.signalbox.it.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which topics a filter matches (section 4.7). */
@EachTransportAndVersion
final class TopicFilterTest {
  @RegisterExtension final Clients clients;

  TopicFilterTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
  }

  @ParameterizedTest
  @CsvSource({
    // filter below a prefix of our own | names below it that match | names that do not
    "#,             '|/|/a|/a/b|//|/a/',       ''",
    "/#,            '|/|/a|/a/b|//',           'x|xa/b'",
    "/+,            '/|/a|/b',                 '|/a/b|/a/|//'",
    "/+/,           '/a/|//',                  '/|/a|/a/b'",
    "/+/+,          '/a/b|/a/|//|//b',         '/a|/a/b/c'",
    "/+/b,          '/a/b|//b',                '/a/c|/b|/a/b/c'",
    "/a/#,          '/a|/a/|/a/b|/a/b/c',      '/ab|/|/A'",
    "/a/+/#,        '/a/|/a/b|/a/b/c',         '/a|/ab/c'",
    "/+/a/#,        '/x/a|/x/a/b|//a',         '/a|/x/b'",
    "//#,           '/|//|//a',                '|/a'",
    "/a,            '/a',                      '|/a/|/A|/a/b|//a'",
    "/,             '/',                       '|//|/a'"
  })
  @Spec({"MQTT-3.3.2-3", "MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.7.3-4"})
  @Spec3({"MQTT-3.3.2-3", "MQTT-4.7.1-2", "MQTT-4.7.1-3", "MQTT-4.7.3-4"})
  @Behaviour({109, 172, 173})
  void matches(String filter, String matching, String other) {
    String prefix = clients.topic();
    Peer subscriber = clients.connected();
    // "#" alone would be the whole level of the prefix, so it follows a slash there.
    subscriber.subscribe(filter.equals("#") ? prefix + "/#" : prefix + filter, 0);
    Peer publisher = clients.connected();
    for (String name : matching.split("\\|", -1)) {
      publisher.publish(prefix + name, 0, name);
      assertEquals(prefix + name, subscriber.receivePublish(name).topic());
    }
    for (String name : other.isEmpty() ? new String[0] : other.split("\\|", -1)) {
      publisher.publish(prefix + name, 0, name);
    }
    String last = clients.topic();
    subscriber.subscribe(last, 0);
    publisher.publish(last, 0, "marker"); // comes behind whatever came before it
    subscriber.receivePublish("marker");
  }

  @Test
  @Behaviour(172)
  void aLeadingSlashIsALevel() {
    String name = Clients.unique("lead");
    Peer subscriber = clients.connected();
    subscriber.subscribe("/+/" + name, 0);
    subscriber.subscribe("+/" + name, 0);
    Peer publisher = clients.connected();
    publisher.publish("/a/" + name, 0, "with");
    publisher.publish("a/" + name, 0, "one level");
    publisher.publish("/" + name, 0, "empty level");
    publisher.publish("a/b/" + name, 0, "no");
    subscriber.receivePublish("with");
    subscriber.receivePublish("one level");
    subscriber.receivePublish("empty level");
    publisher.publish("a/" + name, 0, "marker");
    subscriber.receivePublish("marker");
  }
}

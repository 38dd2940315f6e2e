package io.signalbox.server.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.signalbox.server.config.ConfigReader;
import io.signalbox.server.metrics.Metrics.Limit;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an operator sees of clients that reach a limit: each of them counts under its own name. */
final class LimitCountsTest extends DurableSessionFixture {
  private static final String LIMITS =
      """
      limits:
        subscriptions-per-session-max: 3
        filters-per-packet-max: 4
        topic-levels-max: 5
        receive-maximum: 2
        topic-alias-maximum: 2
        client-id-bytes-max: 23
        sessions-max: 2
      """;

  private DurableClient client;

  @BeforeEach
  void connect() throws Exception {
    broker = new SimulatedBroker(data, loops, ConfigReader.parse(LIMITS).limits());
    client = DurableClient.connect(this, "client", 0);
  }

  private void assertCounted(Limit reached, long times) {
    for (Limit limit : Limit.values()) {
      long expected = limit == reached ? times : 0;
      assertEquals(expected, broker.metrics.limitsReached.of(limit).value(), limit.name());
    }
  }

  private void assertEnded(ReasonCode reason) {
    await(() -> !client.connection.isOpen());
    assertEquals(reason, client.connection.disconnectedWith);
  }

  private static Subscribe subscribe(String... filters) {
    return new Subscribe(
        1,
        Arrays.stream(filters)
            .map(f -> new RequestedSubscription(f, SubscriptionOptions.ofQos(Qos.AT_LEAST_ONCE)))
            .toList(),
        Properties.NONE);
  }

  private static Publish publish(String topic, int packetId, Properties properties) {
    return new Publish(
        SimulatedBroker.topic(topic),
        packetId == 0 ? Qos.AT_MOST_ONCE : Qos.EXACTLY_ONCE,
        false,
        false,
        packetId,
        properties,
        new byte[1]);
  }

  @Test
  void ofSubscriptions() {
    client.subscribe(subscribe("a", "b", "c"));
    assertCounted(Limit.SUBSCRIPTIONS, 0);
    client.subscribe(subscribe("a", "d"));
    assertCounted(Limit.SUBSCRIPTIONS, 1);
    assertEquals(3, broker.subscriptionsOf("client"));
  }

  @Test
  void ofFiltersInAPacket() {
    client.subscribe(subscribe("a", "b", "c", "a"));
    assertCounted(Limit.FILTERS_PER_PACKET, 0);
    client.subscribe(subscribe("a", "a", "a", "a", "a"));
    assertCounted(Limit.FILTERS_PER_PACKET, 1);
  }

  @Test
  void ofLevelsOfATopicFilter() {
    client.subscribe("1/2/3/4/5");
    assertCounted(Limit.TOPIC_LEVELS, 0);
    client.subscribe("1/2/3/4/5/6");
    assertCounted(Limit.TOPIC_LEVELS, 1);
  }

  @Test
  void ofLevelsOfATopicName() {
    client.send(publish("1/2/3/4/5", 1, Properties.NONE));
    await(() -> client.recReason == ReasonCode.NO_MATCHING_SUBSCRIBERS);
    assertCounted(Limit.TOPIC_LEVELS, 0);
    client.send(publish("1/2/3/4/5/6", 2, Properties.NONE));
    await(() -> client.recReason == ReasonCode.TOPIC_NAME_INVALID);
    assertCounted(Limit.TOPIC_LEVELS, 1);
  }

  @Test
  void ofThePublishesThatOneMayHaveUnacknowledged() {
    clients.remove(client); // and so releases none
    client.send(publish("t", 1, Properties.NONE));
    client.send(publish("t", 2, Properties.NONE));
    doWhatWaits();
    assertCounted(Limit.RECEIVE_MAXIMUM, 0);
    client.send(publish("t", 3, Properties.NONE));
    assertEnded(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
    assertCounted(Limit.RECEIVE_MAXIMUM, 1);
  }

  @Test
  void ofTopicAliases() {
    client.send(publish("t", 0, Properties.NONE.with(Property.TOPIC_ALIAS, 2)));
    doWhatWaits();
    assertCounted(Limit.TOPIC_ALIAS, 0);
    client.send(publish("t", 0, Properties.NONE.with(Property.TOPIC_ALIAS, 3)));
    assertEnded(ReasonCode.TOPIC_ALIAS_INVALID);
    assertCounted(Limit.TOPIC_ALIAS, 1);
  }

  @Test
  void ofTheBytesOfAClientIdentifier() {
    DurableClient.connect(this, "c".repeat(23), 0);
    assertCounted(Limit.CLIENT_ID_BYTES, 0);
    assertRefused("c".repeat(24), ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
    assertCounted(Limit.CLIENT_ID_BYTES, 1);
  }

  @Test
  void ofSessions() {
    DurableClient.connect(this, "second", 1_000).drop();
    DurableClient.connect(this, "second", 1_000);
    assertCounted(Limit.SESSIONS, 0);
    assertRefused("third", ReasonCode.QUOTA_EXCEEDED);
    assertCounted(Limit.SESSIONS, 1);
    assertFalse(broker.hasSession("third"));
  }

  private void assertRefused(String clientId, ReasonCode reason) {
    DurableClient refused = DurableClient.begin(this, ProtocolVersion.V5, clientId, 0, null);
    await(() -> refused.connectReason != null);
    assertEquals(reason, refused.connectReason);
  }
}

package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.Spec;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.packet.Unsubscribe;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which retained messages answer SUBSCRIBE, and how many wait for a client that does not read. */
final class RetainedDeliveryTest extends DurableSessionFixture {
  private static final int RETAINED = 200;
  private static final int SUBSCRIBES = 100;
  private static final int CONGESTED = 150;

  @SuppressWarnings("NullAway.Init") // by each test, with startWithRetained
  private FakeConnection subscriber;

  private void startWithRetained() throws Exception {
    startWithRetained(SessionConfig.DEFAULTS);
  }

  private void startWithRetained(SessionConfig config) throws Exception {
    start(config, StoreConfig.DEFAULTS);
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    for (int i = 1; i <= RETAINED; i++) {
      publisher.ackReason = null;
      publisher.send(
          new Publish(
              SimulatedBroker.topic("r/" + i),
              Qos.AT_LEAST_ONCE,
              false,
              true,
              i,
              Properties.NONE,
              ("m" + i).getBytes(UTF_8)));
      await(() -> publisher.ackReason != null);
    }
    subscriber =
        broker.connection(loops.loops.getFirst(), ProtocolVersion.V5).congestedFrom(CONGESTED);
    receive(new Connect(ProtocolVersion.V5, "s", true, 0, null, null, null, Properties.NONE));
    await(() -> subscriber.sent.size() == 1);
    subscriber.sent.clear();
  }

  private void receive(Packet packet) {
    subscriber.loop().execute(() -> subscriber.receive(packet));
  }

  private static Subscribe toAll(int packetId, String filter) {
    var options = new SubscriptionOptions(Qos.AT_MOST_ONCE, false, false, RetainHandling.SEND);
    return new Subscribe(
        packetId, List.of(new RequestedSubscription(filter, options)), Properties.NONE);
  }

  /** Reads to the end; returns all that came. */
  private List<Packet> readToTheEnd() {
    List<Packet> all = new ArrayList<>();
    for (int quiet = 0; quiet < 500; quiet++) {
      if (!subscriber.sent.isEmpty()) {
        quiet = 0;
      }
      loops.on(loops.loops.getFirst(), () -> all.addAll(subscriber.readAll()));
      await(() -> true);
    }
    return all;
  }

  private static long count(List<Packet> packets, Class<? extends Packet> type) {
    return packets.stream().filter(type::isInstance).count();
  }

  private void awaitQuiet() {
    for (int i = 0; i < 500; i++) {
      await(() -> true);
    }
  }

  @Test
  void manySubscribesBringNoMoreThanOneSliceAtATime() throws Exception {
    startWithRetained();
    for (int i = 1; i <= SUBSCRIBES; i++) {
      receive(toAll(i, i % 2 == 0 ? "r/#" : "r/+"));
    }
    awaitQuiet();
    int waiting = subscriber.sent.size();
    assertTrue(waiting <= SUBSCRIBES + CONGESTED + RETAINED, waiting + " packets wait");
    List<Packet> all = readToTheEnd();
    assertEquals(SUBSCRIBES, count(all, SubAck.class));
    long messages = count(all, Publish.class);
    assertTrue(messages >= 2 * RETAINED, messages + " messages came");
    Packet lastAnswer = all.stream().filter(SubAck.class::isInstance).toList().getLast();
    List<Packet> afterwards = all.subList(all.indexOf(lastAnswer), all.size());
    assertTrue(
        count(afterwards, Publish.class) >= 2 * RETAINED, "not for the last SUBSCRIBE of each");
  }

  /** All three come in one segment, so that the first is not on the disk yet. */
  @ParameterizedTest
  @ValueSource(strings = {"newer", ""})
  @Behaviour(196)
  void aValueDoesNotComeBehindTheOneThatReplacedIt(String newer) throws Exception {
    start();
    DurableClient client = DurableClient.connect(this, "client", 0);
    client.acknowledging = false; // QoS 0
    broker.holdDisk();
    client.send(retained("older"));
    client.send(toAll(1, "r/#"));
    client.send(retained(newer));
    await(() -> client.payloads.contains(newer));
    awaitQuiet();
    assertEquals(List.of(newer), client.payloads);
  }

  private static Publish retained(String payload) {
    return new Publish(
        SimulatedBroker.topic("r/1"),
        Qos.AT_MOST_ONCE,
        false,
        true,
        0,
        Properties.NONE,
        payload.getBytes(UTF_8));
  }

  @Test
  @Behaviour(168)
  void theSameFilterTwiceBringsThemOnceAsTheLastOneAsks() throws Exception {
    startWithRetained();
    var first = new SubscriptionOptions(Qos.AT_LEAST_ONCE, false, false, RetainHandling.SEND);
    var last = new SubscriptionOptions(Qos.AT_MOST_ONCE, false, false, RetainHandling.SEND_IF_NEW);
    receive(
        new Subscribe(
            1,
            List.of(
                new RequestedSubscription("r/1", first), new RequestedSubscription("r/1", last)),
            Properties.NONE));
    List<Qos> came =
        readToTheEnd().stream()
            .filter(Publish.class::isInstance)
            .map(packet -> ((Publish) packet).qos())
            .toList();
    assertEquals(List.of(Qos.AT_MOST_ONCE), came);
  }

  @Test
  void whatIsUnsubscribedBeforeItsTurnIsNotDelivered() throws Exception {
    startWithRetained();
    receive(toAll(1, "r/#"));
    receive(toAll(2, "r/+"));
    receive(new Unsubscribe(3, List.of("r/+"), Properties.NONE));
    assertEquals(RETAINED, count(readToTheEnd(), Publish.class));
  }

  @Test
  @Spec("MQTT-3.3.1-11")
  void whatIsUnsubscribedInTheMiddleIsNotDeliveredToTheNextSubscription() throws Exception {
    SessionConfig d = SessionConfig.DEFAULTS;
    startWithRetained(
        new SessionConfig(
            d.expirySecondsMax(),
            d.queueMessagesMax(),
            d.queueBytesMax(),
            d.queueOverflow(),
            RETAINED / 4, // of which a fourth comes in one slice
            d.memoryQueueBytesMax(),
            d.willRestartGrace(),
            d.sharedHandover()));
    receive(toAll(1, "r/#"));
    await(() -> !subscriber.sent.isEmpty());
    awaitQuiet();
    var none = new SubscriptionOptions(Qos.AT_MOST_ONCE, false, false, RetainHandling.DO_NOT_SEND);
    receive(new Unsubscribe(2, List.of("r/#"), Properties.NONE));
    receive(new Subscribe(3, List.of(new RequestedSubscription("r/#", none)), Properties.NONE));
    List<Packet> all = readToTheEnd();
    Packet last = all.stream().filter(SubAck.class::isInstance).toList().getLast();
    assertEquals(2, count(all, SubAck.class));
    assertEquals(0, count(all.subList(all.indexOf(last), all.size()), Publish.class));
    assertTrue(count(all, Publish.class) < RETAINED, "nothing was left in the middle");
  }
}

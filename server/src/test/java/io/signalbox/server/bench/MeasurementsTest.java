package io.signalbox.server.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.server.bench.Traffic.Clients;
import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.Endpoint;
import io.signalbox.server.bench.client.FakeBroker;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MeasurementsTest {
  private final FakeBroker broker;
  private BooleanSupplier stopped = () -> false;

  MeasurementsTest() throws IOException {
    broker = new FakeBroker();
  }

  @AfterEach
  void close() throws IOException {
    broker.close();
  }

  private Target target(ProtocolVersion version, Duration stall) {
    return target(version, stall, Duration.ofMinutes(1));
  }

  private Target target(ProtocolVersion version, Duration stall, Duration limit) {
    return new Target(
        Endpoint.parse("mqtt://127.0.0.1:" + broker.port()),
        null,
        version,
        60,
        "bench",
        "user",
        new byte[] {'p'},
        "bench",
        8,
        1,
        List.of(),
        stall,
        limit,
        () -> stopped.getAsBoolean());
  }

  private Target target() {
    return target(ProtocolVersion.V5, Duration.ofSeconds(30));
  }

  private static Load load(Qos qos, double perSecond, long messages) {
    return new Load(qos, 64, 10, 50, perSecond, messages, Duration.ZERO, Duration.ZERO);
  }

  private static JsonObject json(Report report) {
    return JsonParser.parseString(report.toJson()).getAsJsonObject();
  }

  private static void assertAllThere(Report report, long received) {
    assertTrue(report.passed(), report::toText);
    assertEquals(received, json(report).get("received").getAsLong(), report::toText);
  }

  private Report traffic(
      Traffic.Shape shape, Load load, int publishers, int subscribers, @Nullable String share)
      throws ClientException, IOException {
    return Traffic.measure(
        target(), shape, load, load.qos(), new Clients(publishers, subscribers, share, false));
  }

  @ParameterizedTest
  @EnumSource(Qos.class)
  void everyMessageGoesToItsOwnSubscriber(Qos qos) throws Exception {
    assertAllThere(traffic(Traffic.Shape.P2P, load(qos, 0, 100), 3, 3, null), 300);
  }

  @Test
  void speaksTheOlderVersion() throws Exception {
    Report report =
        Traffic.measure(
            target(ProtocolVersion.V3_1_1, Duration.ofSeconds(30)),
            Traffic.Shape.P2P,
            load(Qos.EXACTLY_ONCE, 0, 50),
            Qos.EXACTLY_ONCE,
            new Clients(2, 2, null, false));
    assertAllThere(report, 100);
  }

  @Test
  void everySubscriberGetsEveryMessage() throws Exception {
    Load load = load(Qos.AT_LEAST_ONCE, 0, 40);
    assertAllThere(traffic(Traffic.Shape.FAN_IN, load, 5, 2, null), 400);
    assertAllThere(traffic(Traffic.Shape.FAN_OUT, load, 1, 6, null), 240);
  }

  @Test
  void subscribersHaveLastingSessionsIfAskedAndNoneAfterwards() throws Exception {
    Load load = load(Qos.EXACTLY_ONCE, 0, 40);
    Report report =
        Traffic.measure(
            target(), Traffic.Shape.P2P, load, load.qos(), new Clients(3, 3, null, true));

    assertAllThere(report, 120);
    assertEquals(3, broker.lastingConnects());
    assertEquals(0, broker.lasting());
  }

  @Test
  void keepsThePaceThatWasAskedFor() throws Exception {
    Report report = traffic(Traffic.Shape.P2P, load(Qos.AT_LEAST_ONCE, 400, 100), 2, 2, null);

    assertAllThere(report, 200);
    assertTrue(json(report).get("seconds").getAsDouble() >= 0.4, report::toText);
  }

  @Test
  void warmsUpForATimeAndMeasuresForATime() throws Exception {
    var load =
        new Load(
            Qos.AT_LEAST_ONCE, 64, 10, 50, 0, 0, Duration.ofMillis(200), Duration.ofSeconds(2));
    Report report = traffic(Traffic.Shape.P2P, load, 2, 2, null);

    assertTrue(report.passed(), report::toText);
    assertTrue(json(report).get("received").getAsLong() > 0, report::toText);
  }

  @Test
  void waitingForAMessageToBeDueIsNoStall() throws Exception {
    Load load = load(Qos.AT_LEAST_ONCE, 0.4, 2);
    Report report =
        Traffic.measure(
            target(ProtocolVersion.V5, Duration.ofSeconds(2)),
            Traffic.Shape.P2P,
            load,
            load.qos(),
            new Clients(1, 1, null, false));

    assertAllThere(report, 2);
  }

  /** Patient, but not for long. */
  private Target hurriedTarget() {
    return target(ProtocolVersion.V5, Duration.ofSeconds(30), Duration.ofSeconds(4));
  }

  @Test
  void theLimitIsBesideTheTimeThatAMeasurementIsMeantToLast() throws Exception {
    Duration duration = Duration.ofMillis(4_500);
    var load = new Load(Qos.AT_LEAST_ONCE, 64, 10, 50, 100, 0, duration, Duration.ZERO);
    Report traffic =
        Traffic.measure(
            hurriedTarget(), Traffic.Shape.P2P, load, load.qos(), new Clients(1, 1, null, false));
    Report idle = Idle.measure(hurriedTarget(), 2, false, duration, OptionalLong::empty);

    assertTrue(traffic.passed(), traffic::toText);
    assertTrue(json(traffic).get("seconds").getAsDouble() > 4.3, traffic::toText);
    assertTrue(json(idle).get("seconds").getAsDouble() > 4.3, idle::toText);
  }

  @Test
  void whatIsOnItsWayAtTheLimitIsWaitedFor() throws Exception {
    Load load = load(Qos.AT_LEAST_ONCE, 0, 10_000_000);
    Report report =
        Traffic.measure(
            hurriedTarget(), Traffic.Shape.P2P, load, load.qos(), new Clients(1, 1, null, false));

    assertFalse(report.passed());
    assertEquals(0, json(report).get("lost").getAsLong(), report::toText);
    assertEquals(
        10_000_000,
        json(report).get("sent").getAsLong() + json(report).get("not-sent").getAsLong(),
        report::toText);
  }

  private Report faultyTraffic(FakeBroker.Fault fault) throws ClientException, IOException {
    broker.fault = fault;
    return Traffic.measure(
        target(ProtocolVersion.V5, Duration.ofSeconds(5)),
        Traffic.Shape.P2P,
        load(Qos.AT_LEAST_ONCE, 0, 50),
        Qos.AT_LEAST_ONCE,
        new Clients(1, 1, null, false));
  }

  @Test
  void findsLostMessages() throws Exception {
    Report report = faultyTraffic(FakeBroker.Fault.LOSE);

    assertFalse(report.passed());
    assertEquals(5, json(report).get("lost").getAsLong(), report::toText);
  }

  @Test
  void findsRepeatedMessages() throws Exception {
    Report report = faultyTraffic(FakeBroker.Fault.REPEAT);

    assertFalse(report.passed());
    assertEquals(5, json(report).get("duplicates").getAsLong(), report::toText);
  }

  @Test
  void findsMessagesOutOfOrder() throws Exception {
    Report report = faultyTraffic(FakeBroker.Fault.DELAY);

    assertFalse(report.passed());
    assertTrue(json(report).get("out-of-order").getAsLong() >= 4, report::toText);
  }

  @Test
  void findsMessagesThatWentToAnotherSubscriberToo() throws Exception {
    broker.fault = FakeBroker.Fault.SPREAD;
    Report report = traffic(Traffic.Shape.P2P, load(Qos.AT_LEAST_ONCE, 0, 50), 2, 2, null);

    assertFalse(report.passed(), report::toText);
    assertTrue(json(report).get("strays").getAsLong() > 50, report::toText);
    assertEquals(0, json(report).get("lost").getAsLong(), report::toText);
    assertEquals(100, json(report).get("received").getAsLong(), report::toText);
  }

  @Test
  void countsRefusedMessages() throws Exception {
    broker.publishAnswer = ReasonCode.NOT_AUTHORIZED;
    Report report = faultyTraffic(FakeBroker.Fault.NONE);

    assertFalse(report.passed());
    assertEquals(50, json(report).get("refused").getAsLong());
    assertEquals("not authorized (0x87)", json(report).get("first-refusal").getAsString());
  }

  @Test
  void endsWhenASubscriptionIsRefused() {
    broker.subscribeAnswer = ReasonCode.NOT_AUTHORIZED;
    var failure = assertThrows(ClientException.class, () -> faultyTraffic(FakeBroker.Fault.NONE));
    assertTrue(String.valueOf(failure.getMessage()).contains("refused a subscription"));
  }

  @Test
  void setsFetchesAndClearsRetainedMessages() throws Exception {
    Load load = load(Qos.AT_LEAST_ONCE, 0, 30);
    Report first =
        Retained.measure(target(), load, Qos.AT_LEAST_ONCE, new Retained.Size(2, 3, 1, false));
    Report again =
        Retained.measure(
            target(),
            load(Qos.AT_MOST_ONCE, 0, 10),
            Qos.AT_MOST_ONCE,
            new Retained.Size(1, 1, 1, false));

    assertTrue(first.passed(), first::toText);
    assertTrue(again.passed(), again::toText);
  }

  @Test
  void setsEachTopicManyTimesAndFetchesTheLast() throws Exception {
    var size = new Retained.Size(2, 1, 4, false);
    Load load = load(Qos.AT_LEAST_ONCE, 0, 30);
    Report report = Retained.measure(target(), load, Qos.AT_LEAST_ONCE, size);

    assertTrue(report.passed(), report::toText);
    assertEquals(60, json(report).get("topics").getAsLong());
    assertEquals(4, json(report).get("sets-each").getAsLong());

    broker.fault = FakeBroker.Fault.KEEP_FIRST;
    Report faulty = Retained.measure(target(), load, Qos.AT_LEAST_ONCE, size);
    assertFalse(faulty.passed());
    assertEquals(60, json(faulty).get("stale").getAsLong(), faulty::toText);
    assertEquals(60, json(faulty).get("lost").getAsLong(), faulty::toText);
  }

  @Test
  void retainedMessagesThatCannotBeFetchedAreTakenBack() {
    broker.subscribeAnswer = ReasonCode.NOT_AUTHORIZED;
    Load load = load(Qos.AT_LEAST_ONCE, 0, 30);
    var failure =
        assertThrows(
            ClientException.class,
            () ->
                Retained.measure(
                    target(), load, Qos.AT_LEAST_ONCE, new Retained.Size(2, 3, 1, false)));

    assertTrue(String.valueOf(failure.getMessage()).contains("refused a subscription"));
    assertEquals(
        60, broker.received(Publish.class).stream().filter(p -> p.payload().length > 0).count());
    assertEquals(0, broker.retained());
  }

  @Test
  void leavesWhatItIsToldToLeave() throws Exception {
    Load load = load(Qos.AT_LEAST_ONCE, 0, 20);
    Report queued = Offline.measure(target(), load, 3, Offline.Clients.LEAVE);
    Report retained =
        Retained.measure(target(), load, Qos.AT_LEAST_ONCE, new Retained.Size(2, 0, 1, true));

    assertTrue(queued.passed(), queued::toText);
    assertTrue(retained.passed(), retained::toText);
    assertEquals(60, broker.waiting());
    assertEquals(40, broker.retained());
  }

  @Test
  void queuesForClientsThatAreAwayAndDrains() throws Exception {
    Report report =
        Offline.measure(target(), load(Qos.AT_LEAST_ONCE, 0, 50), 3, Offline.Clients.RETURN);

    assertTrue(report.passed(), report::toText);
    assertEquals(150, json(report).get("messages").getAsLong());
    assertTrue(json(report).has("drained-per-s"), report::toText);
  }

  @Test
  void timesAcknowledgementsWhileLastingSessionsListen() throws Exception {
    Report report =
        Offline.measure(target(), load(Qos.EXACTLY_ONCE, 0, 50), 3, Offline.Clients.STAY);

    assertTrue(report.passed(), report::toText);
    assertTrue(json(report).get("acknowledgement-p99-us").getAsDouble() > 0, report::toText);
  }

  @Test
  void stormsWithSubscriptions() throws Exception {
    Report report = SubscribeStorm.measure(target(), 3, 200, 7, 60);

    assertTrue(report.passed(), report::toText);
    assertEquals(60, json(report).get("messages").getAsLong());
  }

  @Test
  void countsInAStormOfSubscriptionsWhatWasNotSentApartFromWhatWasLost() throws Exception {
    broker.fault = FakeBroker.Fault.LOSE;

    Report report = SubscribeStorm.measure(target(), 3, 200, 7, 60);

    assertFalse(report.passed());
    assertEquals(10, json(report).get("messages").getAsLong(), report::toText);
    assertEquals(1, json(report).get("lost").getAsLong(), report::toText);
    assertEquals(50, json(report).get("not-sent").getAsLong(), report::toText);
  }

  @Test
  void stormsWithConnections() throws Exception {
    Report report = ConnectStorm.measure(target(), 50, 0);

    assertTrue(report.passed(), report::toText);
    assertEquals(50, json(report).get("connected").getAsLong());
  }

  @Test
  void theLatencyOfAConnectionCountsFromWhenItWasDue() throws Exception {
    Report report = ConnectStorm.measure(target(), 200, 1_000_000);

    assertTrue(report.passed(), report::toText);
    double last = json(report).get("latency-p99-us").getAsDouble();
    assertTrue(last > json(report).get("seconds").getAsDouble() * 1e6 / 2, report::toText);
  }

  @Test
  void aConnectionThatIsNotDueIsWaitedForWithoutBusyness() throws Exception {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long cpuBefore = threads.getCurrentThreadCpuTime();
    Report report = ConnectStorm.measure(target(), 4, 4);
    double busy = (threads.getCurrentThreadCpuTime() - cpuBefore) / 1e9;

    assertTrue(report.passed(), report::toText);
    assertTrue(busy < json(report).get("seconds").getAsDouble() / 2, () -> busy + " s");
  }

  @Test
  void countsConnectionsThatFail() throws Exception {
    broker.connectAnswer = ReasonCode.SERVER_BUSY;
    Report report = ConnectStorm.measure(target(), 10, 0);

    assertFalse(report.passed());
    assertEquals(10, json(report).get("failed").getAsLong());
    assertTrue(json(report).get("first-failure").getAsString().contains("server busy (0x89)"));
  }

  @Test
  void holdsIdleConnections() throws Exception {
    Report report = Idle.measure(target(), 20, true, Duration.ofMillis(100), OptionalLong::empty);

    assertTrue(report.passed(), report::toText);
  }

  @Test
  void stopsEarlyWithWhatThereIs() throws Exception {
    stopped = () -> broker.received(Publish.class).size() >= 20;
    var load = new Load(Qos.AT_LEAST_ONCE, 64, 10, 50, 0, 0, Duration.ofHours(1), Duration.ZERO);
    Report report = traffic(Traffic.Shape.P2P, load, 2, 2, null);

    assertTrue(report.passed(), report::toText);
    assertTrue(json(report).get("received").getAsLong() >= 20, report::toText);
    assertEquals("early", json(report).get("stopped").getAsString());
  }

  @Test
  void leavesNothingBehindWhenItIsStopped() throws Exception {
    stopped = () -> broker.received(Publish.class).size() >= 20;
    Report retained =
        Retained.measure(
            target(),
            load(Qos.AT_LEAST_ONCE, 0, 100_000),
            Qos.AT_LEAST_ONCE,
            new Retained.Size(2, 1, 1, false));
    assertTrue(retained.passed(), retained::toText);
    assertTrue(json(retained).has("stopped"), retained::toText);
    assertEquals(0, broker.retained());

    int before = broker.received(Publish.class).size();
    stopped = () -> broker.received(Publish.class).size() >= before + 20;
    Report offline =
        Offline.measure(target(), load(Qos.AT_LEAST_ONCE, 0, 100_000), 3, Offline.Clients.RETURN);
    assertTrue(offline.passed(), offline::toText);
    assertTrue(json(offline).has("stopped"), offline::toText);
    assertEquals(3, broker.lastingConnects());
    assertEquals(0, broker.lasting());
  }

  @Test
  void tellsWhatThereIsWhenTheBrokerEndsInTheMiddle() throws Exception {
    stopped =
        () -> {
          if (broker.received(Publish.class).size() >= 20) {
            closeBroker();
          }
          return false;
        };
    var load = new Load(Qos.AT_LEAST_ONCE, 64, 10, 50, 0, 0, Duration.ofHours(1), Duration.ZERO);
    Report report = traffic(Traffic.Shape.P2P, load, 2, 2, null);

    assertFalse(report.passed());
    assertTrue(json(report).get("sent").getAsLong() >= 20, report::toText);
    assertTrue(json(report).get("connections-lost").getAsLong() > 0, report::toText);
    assertFalse(json(report).get("first-loss").getAsString().contains("TLS"), report::toText);
  }

  @Test
  void saysHowTheBrokerEndedAndNotThatItCannotBeTidied() {
    stopped =
        () -> {
          if (broker.received(Publish.class).size() >= 20) {
            closeBroker();
          }
          return false;
        };
    Load load = load(Qos.AT_LEAST_ONCE, 0, 100_000);
    var failure =
        assertThrows(
            ClientException.class,
            () -> Offline.measure(target(), load, 2, Offline.Clients.RETURN));
    assertTrue(
        String.valueOf(failure.getMessage()).contains("the connection broke"), failure::getMessage);
  }

  private void closeBroker() {
    try {
      broker.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void looksForTheBrokersProcessFirst() {
    var failure =
        assertThrows(IllegalArgumentException.class, () -> new ServerProcess(List.of(1L << 40)));
    assertTrue(String.valueOf(failure.getMessage()).startsWith("pid: 1099511627776 "));
  }
}

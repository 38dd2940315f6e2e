package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Messages from publishers to subscribers that are there: one to one, many to few, few to many.
 * First the warm-up, then the measured part, from its first message to its last delivery.
 */
public final class Traffic {

  /** Who hears whom. */
  public enum Shape {
    /** The first publisher's messages go to the first subscriber, and so on. */
    P2P,
    /** All subscribers get all messages, by one filter with a wildcard. */
    FAN_IN,
    /** All subscribers get all messages, each topic subscribed to by its name. */
    FAN_OUT
  }

  /**
   * Who takes part.
   *
   * @param publishers 1 or more
   * @param subscribers 1 or more; for {@link Shape#P2P} as many as publishers
   * @param shareName the subscribers share one subscription of this name, or null; only with {@link
   *     Shape#FAN_IN}
   * @param lasting the subscribers' sessions outlive their connections, so that a broker that keeps
   *     sessions writes messages of QoS 1 and 2 down; they are ended after the measurement
   */
  public record Clients(
      int publishers, int subscribers, @Nullable String shareName, boolean lasting) {
    public Clients {
      Load.require("publishers", publishers, 1);
      Load.require("subscribers", subscribers, 1);
    }
  }

  private static final String SUBSCRIBER = "sub";

  private static final long LATENCY_NANOS_MAX = 600_000_000_000L;

  private final Run run;
  private final Shape shape;
  private final Load load;
  private final Qos subscribeQos;
  private final int publisherCount;
  private final int subscriberCount;
  private final @Nullable String shareName;
  private final boolean lasting;

  private final Publisher.Acknowledgements acknowledgements;
  private final List<Publisher> publishers = new ArrayList<>();
  private final List<TopicName> topics = new ArrayList<>();
  private final List<Receiver> receivers = new ArrayList<>();
  private final Histogram latency = new Histogram(LATENCY_NANOS_MAX, 3);

  private long received;
  private long strays;

  // Pace of the current phase.
  private long phaseStart;
  private long phaseSent;
  private int turn;

  private Traffic(Run run, Shape shape, Load load, Qos subscribeQos, Clients clients) {
    this.run = run;
    this.shape = shape;
    this.load = load;
    this.subscribeQos = subscribeQos;
    this.publisherCount = clients.publishers();
    this.subscriberCount = clients.subscribers();
    this.shareName = clients.shareName();
    this.lasting = clients.lasting();
    this.acknowledgements = new Publisher.Acknowledgements(run);
  }

  /** Measures. */
  public static Report measure(
      Target target, Shape shape, Load load, Qos subscribeQos, Clients clients)
      throws ClientException, IOException {
    if (shape == Shape.P2P && clients.publishers() != clients.subscribers()) {
      throw new IllegalArgumentException(
          "subscribers: "
              + clients.subscribers()
              + ", but p2p has one for each of the "
              + clients.publishers()
              + " publishers");
    }
    if (clients.shareName() != null && shape != Shape.FAN_IN) {
      throw new IllegalArgumentException("share: only fan-in can share a subscription");
    }
    if (load.messages() == 0 && load.duration().isZero()) {
      throw new IllegalArgumentException("duration: 0 measures nothing without a count");
    }
    try (var run = new Run(target)) {
      return new Traffic(run, shape, load, subscribeQos, clients).measure();
    }
  }

  private Report measure() throws ClientException, IOException {
    if (!lasting) {
      connect();
      return measureConnected();
    }
    run.endSessions(subscriberCount, SUBSCRIBER); // of an earlier run that was stopped
    try {
      List<MqttClient> subscribing = connect();
      Report report = measureConnected();
      run.disconnectAll(subscribing);
      return report;
    } finally {
      run.endSessionsAfterwards(subscriberCount, SUBSCRIBER);
    }
  }

  private Report measureConnected() throws ClientException, IOException {
    run.allow(load.plannedTime(publisherCount));
    if (load.warmUp().isPositive()) {
      publish(Long.MAX_VALUE, load.warmUp().toNanos());
    }
    run.throwIfLost();
    if (run.isStopped()) {
      throw new ClientException(
          "stopped during the warm-up: nothing is measured yet (--warm-up makes it shorter)");
    }
    latency.reset();
    received = 0;
    long sentBefore = sent();
    Measured measured = Measured.start(run.server);
    boolean byCount = load.messages() > 0;
    publish(
        byCount ? load.messages() : Long.MAX_VALUE,
        byCount ? Long.MAX_VALUE : load.duration().toNanos());
    measured.stop(run.lastProgressNanos());
    return report(measured, sentBefore);
  }

  /** Returns the subscribers. */
  private List<MqttClient> connect() throws ClientException, IOException {
    for (int i = 0; i < publisherCount; i++) {
      topics.add(run.topicName(Integer.toString(i)));
    }
    Sequence[] shared = shareName == null ? null : sequences();
    for (int i = 0; i < subscriberCount; i++) {
      receivers.add(new Receiver(i, shared == null ? sequences() : shared));
    }
    List<MqttClient> subscribing =
        run.connectAll(
            subscriberCount,
            i -> lasting ? run.target.persistent(SUBSCRIBER, i) : run.target.clean(SUBSCRIBER, i),
            receivers::get);
    run.subscribeAll(subscribing, this::filters, subscribeQos);
    List<MqttClient> publishing =
        run.connectAll(publisherCount, i -> run.target.clean("pub", i), _ -> acknowledgements);
    for (int i = 0; i < publisherCount; i++) {
      publishers.add(new Publisher(run, publishing.get(i), i, load, false));
    }
    return subscribing;
  }

  private Sequence[] sequences() {
    var sequences = new Sequence[publisherCount];
    for (int i = 0; i < publisherCount; i++) {
      sequences[i] = new Sequence();
    }
    return sequences;
  }

  private List<String> filters(int subscriber) {
    return switch (shape) {
      case P2P -> List.of(topics.get(subscriber).toString());
      case FAN_OUT -> topics.stream().map(TopicName::toString).toList();
      case FAN_IN ->
          List.of((shareName == null ? "" : "$share/" + shareName + "/") + run.topic("+"));
    };
  }

  /** Copies of each message that should come. */
  private int copies() {
    return shape == Shape.P2P || shareName != null ? 1 : subscriberCount;
  }

  /** One phase: publishes, then waits until everything is there or nothing moves any more. */
  private void publish(long messagesEach, long nanos) throws ClientException, IOException {
    phaseStart = System.nanoTime();
    phaseSent = 0;
    long[] until = new long[publisherCount];
    for (int i = 0; i < publisherCount; i++) {
      long sent = publishers.get(i).sentCount();
      until[i] = messagesEach == Long.MAX_VALUE ? Load.MESSAGES_MAX : sent + messagesEach;
    }
    boolean sent =
        run.await(
            () ->
                isSent(until)
                    || System.nanoTime() - phaseStart >= nanos
                    || run.isStopped()
                    || run.isLost(),
            () -> send(until));
    boolean isTimeUp = !sent && run.isTimeUp();
    if (isTimeUp) {
      run.allow(run.target.stall()); // what is on its way is not lost
    }
    if (sent || isTimeUp) {
      boolean _ = run.await(() -> isAllThere() || run.isLost());
    }
  }

  private boolean isSent(long[] until) {
    for (int i = 0; i < publisherCount; i++) {
      if (publishers.get(i).sentCount() < until[i]) {
        return false;
      }
    }
    return true;
  }

  private boolean isAllThere() {
    for (Publisher publisher : publishers) {
      if (publisher.deliveredCount() < publisher.sentCount() * copies()
          || !publisher.isAcknowledged()) {
        return false;
      }
    }
    return true;
  }

  private boolean send(long[] until) {
    long now = System.nanoTime();
    return load.messagesPerSecond() > 0 ? sendPaced(until, now) : sendAll(until, now);
  }

  /** As many as the bounds allow, in turns, so that no publisher gets ahead of the others. */
  private boolean sendAll(long[] until, long now) {
    boolean any = false;
    for (int i = 0; i < publisherCount; i++) {
      Publisher publisher = publishers.get(i);
      while (publisher.sentCount() < until[i] && hasRoom(publisher)) {
        publisher.send(topics.get(i), now);
        any = true;
      }
    }
    return any;
  }

  private boolean hasRoom(Publisher publisher) {
    long undelivered = publisher.sentCount() * copies() - publisher.deliveredCount();
    return undelivered < (long) load.undeliveredMax() * copies() && publisher.canSend();
  }

  /**
   * Those that are due. A message that the bounds hold back keeps its due time: its latency counts
   * from there, or a broker that stops would look quick.
   */
  private boolean sendPaced(long[] until, long now) {
    double nanosEach = 1e9 / load.messagesPerSecond();
    int blocked = 0;
    while (blocked < publisherCount) {
      long due = phaseStart + (long) (phaseSent * nanosEach);
      if (due > now) {
        run.waitUntil(due);
        return false;
      }
      Publisher publisher = publishers.get(turn);
      if (publisher.sentCount() < until[turn] && publisher.canSend()) {
        publisher.send(topics.get(turn), due);
        phaseSent++;
        blocked = 0;
      } else {
        blocked++;
      }
      turn = (turn + 1) % publisherCount;
    }
    return false;
  }

  private Report report(Measured measured, long sentBefore) {
    long sent = sent() - sentBefore;
    Report report =
        run.report(shape.name())
            .put("qos", load.qos().value())
            .put("payload-bytes", load.payloadBytes())
            .put("publishers", publisherCount)
            .put("subscribers", subscriberCount)
            .put("sessions", lasting ? "lasting" : "clean")
            .put("sent", sent)
            .put("received", received);
    measured.putTimes(report);
    measured.putRate(report, "messages-in", sent);
    measured.putRate(report, "messages-in-and-out", sent + received);
    report.latency("latency", latency);
    checkSent(report, sent);
    checkSequences(report);
    acknowledgements.report(report);
    return run.end(report);
  }

  private long sent() {
    return publishers.stream().mapToLong(Publisher::sentCount).sum();
  }

  private void checkSent(Report report, long sent) {
    if (load.messages() > 0 && !run.isStopped()) {
      report.check("not-sent", load.messages() * publisherCount - sent);
    }
  }

  /** Over the warm-up as well: what was lost there is lost. */
  private void checkSequences(Report report) {
    long lost = 0;
    long duplicates = 0;
    long outOfOrder = 0;
    int distinct = shareName == null ? receivers.size() : 1;
    for (int r = 0; r < distinct; r++) {
      for (int p = 0; p < publisherCount; p++) {
        if (shape == Shape.P2P && p != r) {
          continue;
        }
        Sequence sequence = receivers.get(r).sequences[p];
        lost += sequence.lost(publishers.get(p).sentCount());
        duplicates += sequence.duplicates();
        outOfOrder += sequence.outOfOrder();
      }
    }
    report.check("lost", lost).check("duplicates", duplicates);
    if (shareName == null) {
      report.check("out-of-order", outOfOrder); // members of a group promise nothing to each other
    }
    report.check("strays", strays);
  }

  /** One subscriber. */
  private final class Receiver extends Run.Member {
    private final int index;
    private final Sequence[] sequences;

    Receiver(int index, Sequence[] sequences) {
      super(run);
      this.index = index;
      this.sequences = sequences;
    }

    @Override
    public void onMessage(MqttClient client, Publish message) {
      byte[] payload = message.payload();
      if (!Stamp.isOf(payload, run.id)) {
        strays++;
        return;
      }
      int publisher = Stamp.publisher(payload);
      if (shape == Shape.P2P && publisher != index) {
        strays++;
        return;
      }
      run.progress();
      if (sequences[publisher].received(Stamp.sequence(payload))) {
        publishers.get(publisher).delivered();
      }
      received++;
      latency.recordValue(
          Math.clamp(System.nanoTime() - Stamp.dueNanos(payload), 0, LATENCY_NANOS_MAX));
    }
  }
}

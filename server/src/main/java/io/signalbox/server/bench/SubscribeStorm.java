package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Many subscriptions: how quickly they come and go, what each costs, and how long a message takes
 * among them. Of ten filters seven are exact, two have a {@code +}, one ends in {@code #}.
 */
public final class SubscribeStorm {
  private static final long LATENCY_NANOS_MAX = 600_000_000_000L;

  /** SUBSCRIBE and UNSUBSCRIBE packets that a client sends ahead of their answers. */
  private static final int AHEAD_MAX = 8;

  private final Run run;
  private final List<Subscribing> subscribers = new ArrayList<>();
  private final long filters;
  private final int batch;
  private final long messages;
  private final Histogram latency = new Histogram(LATENCY_NANOS_MAX, 3);

  private long received;
  private long strays;
  private final Sequence sequence = new Sequence();

  private SubscribeStorm(Run run, int clients, long filters, int batch, long messages) {
    this.run = run;
    this.filters = filters;
    this.batch = batch;
    this.messages = messages;
    for (int i = 0; i < clients; i++) {
      subscribers.add(new Subscribing(i, filters / clients + (i < filters % clients ? 1 : 0)));
    }
  }

  /**
   * Measures.
   *
   * @param filters of all clients together
   * @param batch filters a SUBSCRIBE or UNSUBSCRIBE
   * @param messages published one after the other among the subscriptions, each for one of them
   */
  public static Report measure(Target target, int clients, long filters, int batch, long messages)
      throws ClientException, IOException {
    Load.require("clients", clients, 1);
    if (filters < clients) {
      throw new IllegalArgumentException(
          "filters: " + filters + " is less than one for each of " + clients + " clients");
    }
    Load.require("batch", batch, 1);
    Load.require("count", messages, 0);
    try (var run = new Run(target)) {
      return new SubscribeStorm(run, clients, filters, batch, messages).measure();
    }
  }

  private Report measure() throws ClientException, IOException {
    int clients = subscribers.size();
    List<MqttClient> connected =
        run.connectAll(clients, i -> run.target.clean("sub", i), subscribers::get);
    for (int i = 0; i < clients; i++) {
      subscribers.get(i).client = connected.get(i);
    }
    Report report =
        run.report("subscribe-storm")
            .put("clients", clients)
            .put("filters", filters)
            .put("filters-per-packet", batch);

    long residentBefore = run.server.residentBytes();
    Measured subscribing = Measured.start(run.server);
    storm("subscribed", true);
    subscribing.stop(run.lastProgressNanos());
    long subscribed = subscribers.stream().mapToLong(s -> s.next).sum();
    subscribing.putRate(report, "subscriptions", subscribed);
    if (run.server.isThere()) {
      long grown = run.server.residentBytes() - residentBefore;
      report.put("resident-bytes-per-subscription", (double) grown / Math.max(1, subscribed));
    }

    if (!run.isStopped()) {
      publish(report);
    }
    if (!run.isStopped()) {
      Measured unsubscribing = Measured.start(run.server);
      storm("unsubscribed", false);
      unsubscribing.stop(run.lastProgressNanos());
      unsubscribing.putRate(report, "unsubscriptions", filters);
    }
    return run.end(report);
  }

  private void storm(String what, boolean subscribe) throws ClientException, IOException {
    for (Subscribing subscriber : subscribers) {
      subscriber.next = 0;
    }
    long start = run.answers();
    long packets = subscribers.stream().mapToLong(s -> (s.count + batch - 1) / batch).sum();
    boolean all =
        run.await(
            () -> run.isStopped() ? areAnswered() : run.answers() - start == packets,
            () -> {
              run.throwIfLost();
              run.throwIfRefused();
              boolean any = false;
              for (Subscribing subscriber : subscribers) {
                any |= subscriber.send(subscribe);
              }
              return any;
            });
    if (!all) {
      throw new ClientException(
          run.target.endpoint()
              + ": "
              + (packets - (run.answers() - start))
              + " packets were not answered: not everything is "
              + what);
    }
    run.throwIfRefused();
  }

  private boolean areAnswered() {
    return subscribers.stream().allMatch(s -> s.ahead == 0);
  }

  /** One message at a time, so that its latency is that of the match and not of a queue. */
  private void publish(Report report) throws ClientException, IOException {
    if (messages == 0) {
      return;
    }
    var acknowledgements = new Publisher.Acknowledgements(run);
    MqttClient publishing =
        run.connectAll(1, i -> run.target.clean("pub", i), _ -> acknowledgements).getFirst();
    var load =
        new Load(Qos.AT_MOST_ONCE, Stamp.BYTES, 1, 1, 0, messages, Duration.ZERO, Duration.ZERO);
    var publisher = new Publisher(run, publishing, 0, load, false);
    boolean _ =
        run.await(
            () -> received == publisher.sentCount() && (received == messages || run.isStopped()),
            () -> {
              run.throwIfLost();
              if (publisher.sentCount() > received
                  || publisher.sentCount() == messages
                  || run.isStopped()) {
                return false;
              }
              long number =
                  publisher.sentCount() * 7_919; // a prime: spread over clients and filters
              Subscribing to = subscribers.get((int) (number % subscribers.size()));
              publisher.send(
                  run.topicName(to.topic(number / subscribers.size() % to.count)),
                  System.nanoTime());
              return true;
            });
    long sent = publisher.sentCount();
    report.put("messages", sent);
    if (sent < messages) {
      report.put("not-sent", messages - sent); // behind one that did not come, or stopped
    }
    report
        .latency("latency", latency)
        .check("lost", sequence.lost(sent))
        .check("duplicates", sequence.duplicates())
        .check("strays", strays);
    acknowledgements.report(report);
  }

  private final class Subscribing extends Run.Member {
    private final int index;
    private final long count;
    private @Nullable MqttClient client;
    private long next;
    private int ahead;

    Subscribing(int index, long count) {
      super(run);
      this.index = index;
      this.count = count;
    }

    String topic(long number) {
      return index + "/" + number + "/state/value";
    }

    private String filter(long number) {
      String base = index + "/" + number;
      return run.topic(
          switch ((int) (number % 10)) {
            case 0 -> base + "/#";
            case 1, 2 -> base + "/+/value";
            default -> base + "/state/value";
          });
    }

    /** Whether it sent something. */
    boolean send(boolean subscribe) {
      MqttClient its = client;
      boolean any = false;
      while (its != null && !run.isStopped() && next < count && ahead < AHEAD_MAX) {
        List<String> some = new ArrayList<>(batch);
        for (int i = 0; i < batch && next < count; i++) {
          some.add(filter(next++));
        }
        int _ =
            subscribe
                ? its.subscribe(Run.requested(some, Qos.AT_MOST_ONCE), Properties.NONE)
                : its.unsubscribe(some);
        ahead++;
        any = true;
      }
      return any;
    }

    @Override
    public void onAnswer(MqttClient from, Packet answer) {
      ahead--;
      super.onAnswer(from, answer);
    }

    @Override
    public void onMessage(MqttClient from, Publish message) {
      byte[] payload = message.payload();
      if (!Stamp.isOf(payload, run.id)) {
        strays++;
        return;
      }
      run.progress();
      if (sequence.received(Stamp.sequence(payload))) {
        received++;
      }
      latency.recordValue(
          Math.clamp(System.nanoTime() - Stamp.dueNanos(payload), 0, LATENCY_NANOS_MAX));
    }
  }
}

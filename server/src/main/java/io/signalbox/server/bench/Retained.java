package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Retained messages: sets one on each of many topics, has subscribers fetch them all by one filter,
 * and takes them back.
 */
public final class Retained {
  private final Run run;
  private final Load load;
  private final Qos subscribeQos;
  private final int publisherCount;
  private final int subscriberCount;
  private final Publisher.Acknowledgements acknowledgements;
  private final List<Publisher> publishers = new ArrayList<>();

  private long received;
  private long withoutFlag;
  private long strays;

  private Retained(Run run, Load load, Qos subscribeQos, int publishers, int subscribers) {
    this.run = run;
    this.load = load;
    this.subscribeQos = subscribeQos;
    this.publisherCount = publishers;
    this.subscriberCount = subscribers;
    this.acknowledgements = new Publisher.Acknowledgements(run);
  }

  /**
   * Measures.
   *
   * @param load its {@code messages} are topics a publisher, 1 or more
   */
  public static Report measure(
      Target target, Load load, Qos subscribeQos, int publishers, int subscribers)
      throws ClientException, IOException {
    if (load.messages() < 1 || publishers < 1 || subscribers < 1) {
      throw new IllegalArgumentException("at least one topic, one publisher and one subscriber");
    }
    try (var run = new Run(target)) {
      return new Retained(run, load, subscribeQos, publishers, subscribers).measure();
    }
  }

  private Report measure() throws ClientException, IOException {
    List<MqttClient> publishing =
        run.connectAll(publisherCount, i -> run.target.clean("pub", i), _ -> acknowledgements);
    for (int i = 0; i < publisherCount; i++) {
      publishers.add(new Publisher(run, publishing.get(i), i, load, true));
    }
    long topics = load.messages() * publisherCount;
    Report report =
        run.report("retained")
            .put("qos", load.qos().value())
            .put("payload-bytes", load.payloadBytes())
            .put("topics", topics)
            .put("subscribers", subscriberCount);

    Measured setting = Measured.start(run.server);
    publishAll(publishing, (publisher, i, n) -> publisher.send(run.topicName(i + "/" + n), 0));
    setting.stop(run.lastProgressNanos());
    setting.putRate(report, "set", topics);

    List<Receiver> receivers = new ArrayList<>();
    for (int i = 0; i < subscriberCount; i++) {
      receivers.add(new Receiver());
    }
    List<MqttClient> subscribing =
        run.connectAll(subscriberCount, i -> run.target.clean("sub", i), receivers::get);
    long expected = topics * subscriberCount;
    Measured fetching = Measured.start(run.server);
    run.subscribeAll(subscribing, _ -> List.of(run.topic("#")), subscribeQos);
    boolean _ = run.await(() -> received >= expected);
    fetching.stop(run.lastProgressNanos());
    fetching.putRate(report, "delivered", received);
    run.disconnectAll(subscribing);

    Measured clearing = Measured.start(run.server);
    publishAll(publishing, (publisher, i, n) -> publisher.clear(run.topicName(i + "/" + n)));
    clearing.stop(run.lastProgressNanos());
    clearing.putRate(report, "cleared", topics);

    check(report, receivers);
    return report;
  }

  private interface Sending {
    void send(Publisher publisher, int index, long number);
  }

  /** One message to each topic, until the broker has read them all. */
  private void publishAll(List<MqttClient> publishing, Sending sending)
      throws ClientException, IOException {
    long[] sent = new long[publisherCount];
    boolean all =
        run.await(
            () -> isSent(sent),
            () -> {
              run.throwIfLost();
              boolean any = false;
              for (int i = 0; i < publisherCount; i++) {
                while (sent[i] < load.messages() && publishers.get(i).canSend()) {
                  sending.send(publishers.get(i), i, sent[i]++);
                  any = true;
                }
              }
              return any;
            });
    if (!all) {
      throw new ClientException(run.target.endpoint() + ": the broker takes no more messages");
    }
    run.awaitRead(publishing);
  }

  private boolean isSent(long[] sent) {
    for (int i = 0; i < publisherCount; i++) {
      if (sent[i] < load.messages() || !publishers.get(i).isAcknowledged()) {
        return false;
      }
    }
    return true;
  }

  private void check(Report report, List<Receiver> receivers) {
    long lost = 0;
    long duplicates = 0;
    for (Receiver receiver : receivers) {
      for (Sequence sequence : receiver.sequences) {
        lost += sequence.lost(load.messages());
        duplicates += sequence.duplicates();
      }
    }
    report
        .check("lost", lost)
        .check("duplicates", duplicates)
        .check("without-retain-flag", withoutFlag)
        .check("strays", strays);
    acknowledgements.report(report);
    report.check("connections-lost", run.connectionsLost());
  }

  private final class Receiver extends Run.Member {
    private final List<Sequence> sequences = new ArrayList<>();

    Receiver() {
      super(run);
      for (int i = 0; i < publisherCount; i++) {
        sequences.add(new Sequence());
      }
    }

    @Override
    public void onMessage(MqttClient client, Publish message) {
      byte[] payload = message.payload();
      if (!Stamp.isOf(payload, run.id)) {
        strays++;
        return;
      }
      run.progress();
      boolean _ = sequences.get(Stamp.publisher(payload)).received(Stamp.sequence(payload));
      received++;
      withoutFlag += message.retain() ? 0 : 1;
    }
  }
}

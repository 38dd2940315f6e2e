package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToLongFunction;

/**
 * Retained messages: sets one on each of many topics, over and over if asked to, has subscribers
 * fetch the last of each by one filter, and takes them back.
 */
public final class Retained {
  private final Run run;
  private final Load load;
  private final Qos subscribeQos;
  private final int publisherCount;
  private final int subscriberCount;
  private final int setsEach;
  private final boolean leave;
  private final Publisher.Acknowledgements acknowledgements;
  private final List<Publisher> publishers = new ArrayList<>();

  private long received;
  private long stale;
  private long withoutFlag;
  private long strays;

  private Retained(Run run, Load load, Qos subscribeQos, Size size) {
    this.run = run;
    this.load = load;
    this.subscribeQos = subscribeQos;
    this.publisherCount = size.publishers;
    this.subscriberCount = size.subscribers;
    this.setsEach = size.setsEach;
    this.leave = size.leave;
    this.acknowledgements = new Publisher.Acknowledgements(run);
  }

  /**
   * Who takes part, and what they do besides.
   *
   * @param publishers 1 or more, each with topics of its own
   * @param subscribers 1 or more, or 0: nothing is fetched
   * @param setsEach how often each topic is set, 1 or more: all topics once, then all again
   * @param leave the messages are not taken back
   */
  public record Size(int publishers, int subscribers, int setsEach, boolean leave) {
    public Size {
      Load.require("publishers", publishers, 1);
      Load.require("subscribers", subscribers, 0);
      Load.require("sets", setsEach, 1);
    }
  }

  /**
   * Measures.
   *
   * @param load its {@code messages} are topics a publisher, 1 or more
   */
  public static Report measure(Target target, Load load, Qos subscribeQos, Size size)
      throws ClientException, IOException {
    Load.require("count", load.messages(), 1);
    if (load.messages() * size.setsEach > Load.MESSAGES_MAX) {
      throw new IllegalArgumentException(
          "sets: "
              + load.messages() * size.setsEach
              + " a publisher, at most "
              + Load.MESSAGES_MAX);
    }
    try (var run = new Run(target)) {
      return new Retained(run, load, subscribeQos, size).measure();
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
            .put("sets-each", setsEach)
            .put("subscribers", subscriberCount);

    List<Receiver> receivers;
    try {
      receivers = setAndFetch(report, publishing, topics);
    } catch (ClientException e) {
      throw leave ? e : clearAfter(e, report, publishing);
    }
    if (!leave) {
      clear(report, publishing);
    }
    check(report, receivers);
    return report;
  }

  private List<Receiver> setAndFetch(Report report, List<MqttClient> publishing, long topics)
      throws ClientException, IOException {
    Measured setting = Measured.start(run.server);
    publishAll(
        publishing,
        _ -> run.isStopped() ? 0 : load.messages() * setsEach,
        (publisher, i, n) -> publisher.send(topic(i, n % load.messages()), 0));
    setting.stop(run.lastProgressNanos());
    long sets = publishers.stream().mapToLong(Publisher::sentCount).sum();
    setting.putRate(report, "set", sets);
    boolean complete = sets == topics * setsEach;

    return complete ? fetch(report, topics) : List.of();
  }

  /** What failed stands, whether the broker can be tidied or not. */
  private ClientException clearAfter(
      ClientException failure, Report report, List<MqttClient> publishing) throws IOException {
    try {
      clear(report, publishing);
    } catch (ClientException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  /** Also what was set before the measurement was stopped. */
  private void clear(Report report, List<MqttClient> publishing)
      throws ClientException, IOException {
    long[] set = new long[publisherCount];
    for (int i = 0; i < publisherCount; i++) {
      set[i] = Math.min(load.messages(), publishers.get(i).sentCount());
    }
    Measured clearing = Measured.start(run.server);
    run.tidy(
        () ->
            publishAll(publishing, i -> set[i], (publisher, i, n) -> publisher.clear(topic(i, n))));
    clearing.stop(run.lastProgressNanos());
    clearing.putRate(report, "cleared", Arrays.stream(set).sum());
  }

  private TopicName topic(int publisher, long number) {
    return run.topicName(publisher + "/" + number);
  }

  private List<Receiver> fetch(Report report, long topics) throws ClientException, IOException {
    List<Receiver> receivers = new ArrayList<>();
    if (subscriberCount == 0) {
      return receivers;
    }
    for (int i = 0; i < subscriberCount; i++) {
      receivers.add(new Receiver());
    }
    List<MqttClient> subscribing =
        run.connectAll(subscriberCount, i -> run.target.clean("sub", i), receivers::get);
    long expected = topics * subscriberCount;
    Measured fetching = Measured.start(run.server);
    run.subscribeAll(subscribing, _ -> List.of(run.topic("#")), subscribeQos);
    boolean _ = run.await(() -> received >= expected || run.isStopped());
    fetching.stop(run.lastProgressNanos());
    fetching.putRate(report, "delivered", received);
    run.disconnectAll(subscribing);
    return receivers;
  }

  private interface Sending {
    void send(Publisher publisher, int index, long number);
  }

  /**
   * So many messages of each publisher, until the broker has read them all.
   *
   * @param messages of the publisher of that number, asked again and again
   */
  private void publishAll(List<MqttClient> publishing, IntToLongFunction messages, Sending sending)
      throws ClientException, IOException {
    long[] sent = new long[publisherCount];
    boolean all =
        run.await(
            () -> isSent(sent, messages),
            () -> {
              Run.throwIfAnyFailed(publishing);
              boolean any = false;
              for (int i = 0; i < publisherCount; i++) {
                while (sent[i] < messages.applyAsLong(i) && publishers.get(i).canSend()) {
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

  private boolean isSent(long[] sent, IntToLongFunction messages) {
    for (int i = 0; i < publisherCount; i++) {
      if (sent[i] < messages.applyAsLong(i) || !publishers.get(i).isAcknowledged()) {
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
        lost += sequence.lost(load.messages() * setsEach);
        duplicates += sequence.duplicates();
      }
    }
    report
        .check("lost", run.isStopped() ? 0 : lost) // not all was waited for
        .check("duplicates", duplicates)
        .check("stale", stale)
        .check("without-retain-flag", withoutFlag)
        .check("strays", strays);
    acknowledgements.report(report);
    Report _ = run.end(report);
  }

  /** Only what was set last is there. */
  private long firstOfLastRound() {
    return load.messages() * (setsEach - 1);
  }

  private final class Receiver extends Run.Member {
    private final List<Sequence> sequences = new ArrayList<>();

    Receiver() {
      super(run);
      for (int i = 0; i < publisherCount; i++) {
        var sequence = new Sequence();
        sequence.startAt(firstOfLastRound());
        sequences.add(sequence);
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
      received++;
      long number = Stamp.sequence(payload);
      if (number < firstOfLastRound()) {
        stale++;
      } else {
        boolean _ = sequences.get(Stamp.publisher(payload)).received(number);
      }
      withoutFlag += message.retain() ? 0 : 1;
    }
  }
}

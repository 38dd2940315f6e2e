package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages for sessions that outlive their connections: how quickly the broker takes them, and how
 * quickly the clients get them, either when they return or, if they stay, all the while.
 */
public final class Offline {
  private final Run run;
  private final Load load;
  private final int sessions;
  private final Clients clients;
  private final Publisher.Acknowledgements acknowledgements;
  private final List<Publisher> publishers = new ArrayList<>();
  private final List<TopicName> topics = new ArrayList<>();
  private final List<Receiver> receivers = new ArrayList<>();

  private long received;
  private long strays;

  /** What the clients of the sessions do while messages are published, and after. */
  public enum Clients {
    /** They are away, and come back for all of it. */
    RETURN,
    /** They are connected all the time. */
    STAY,
    /** They never come back: their sessions stay with the broker, with all that was published. */
    LEAVE
  }

  private Offline(Run run, Load load, int sessions, Clients clients) {
    this.clients = clients;
    this.run = run;
    this.load = load;
    this.sessions = sessions;
    this.acknowledgements = new Publisher.Acknowledgements(run);
  }

  /**
   * Measures.
   *
   * @param load its {@code messages} are those of each session, 1 or more; QoS 1 or 2
   */
  public static Report measure(Target target, Load load, int sessions, Clients clients)
      throws ClientException, IOException {
    Load.require("count", load.messages(), 1);
    Load.require("sessions", sessions, 1);
    if (load.qos() == Qos.AT_MOST_ONCE) {
      throw new IllegalArgumentException(
          "qos: 0 is not kept for clients that are away; 1 and 2 are");
    }
    try (var run = new Run(target)) {
      return new Offline(run, load, sessions, clients).measure();
    }
  }

  private Report measure() throws ClientException, IOException {
    for (int i = 0; i < sessions; i++) {
      topics.add(run.topicName(Integer.toString(i)));
      receivers.add(new Receiver());
    }
    run.endSessions(sessions, "away"); // of an earlier run that was stopped
    try {
      return measureWithSessions();
    } finally {
      if (clients != Clients.LEAVE) {
        run.endSessionsAfterwards(sessions, "away");
      }
    }
  }

  private Report measureWithSessions() throws ClientException, IOException {
    List<MqttClient> first =
        run.connectAll(sessions, i -> run.target.persistent("away", i), receivers::get);
    run.subscribeAll(first, i -> List.of(topics.get(i).toString()), load.qos());
    if (clients != Clients.STAY) {
      run.disconnectAll(first);
    }

    List<MqttClient> publishing =
        run.connectAll(sessions, i -> run.target.clean("pub", i), _ -> acknowledgements);
    for (int i = 0; i < sessions; i++) {
      var publisher = new Publisher(run, publishing.get(i), i, load, false);
      publishers.add(publisher);
      acknowledgements.time(publisher);
    }
    long messages = load.messages() * sessions;
    Report report =
        run.report(clients == Clients.STAY ? "online" : "offline")
            .put("qos", load.qos().value())
            .put("payload-bytes", load.payloadBytes())
            .put("sessions", sessions)
            .put("messages", messages);

    Measured queueing = Measured.start(run.server);
    boolean _ = run.await(this::isQueued, this::send);
    queueing.stop(run.lastProgressNanos());
    queueing.putRate(report, "queued", acknowledged());

    acknowledgements.reportLatency(report);

    switch (clients) {
      case STAY -> {
        boolean _ = run.await(() -> received >= messages || run.isStopped());
        run.disconnectAll(first);
        checkReceived(report);
      }
      case RETURN -> {
        if (!run.isStopped()) {
          drain(report, messages);
        }
        checkReceived(report);
      }
      case LEAVE -> {}
    }
    acknowledgements.report(report);
    return run.end(report);
  }

  private void drain(Report report, long messages) throws ClientException, IOException {
    Measured draining = Measured.start(run.server);
    List<MqttClient> again =
        run.connectAll(sessions, i -> run.target.persistent("away", i), receivers::get);
    boolean _ = run.await(() -> received >= messages || run.isStopped());
    draining.stop(run.lastProgressNanos());
    draining.putRate(report, "drained", received);
    run.disconnectAll(again);
  }

  private boolean send() throws ClientException {
    run.throwIfLost();
    boolean any = false;
    for (int i = 0; i < sessions; i++) {
      Publisher publisher = publishers.get(i);
      while (!run.isStopped() && publisher.sentCount() < load.messages() && publisher.canSend()) {
        publisher.send(topics.get(i), 0);
        any = true;
      }
    }
    return any;
  }

  private long acknowledged() {
    return publishers.stream().mapToLong(Publisher::acknowledgedCount).sum();
  }

  private boolean isQueued() {
    for (Publisher publisher : publishers) {
      boolean isSent = run.isStopped() || publisher.sentCount() == load.messages();
      if (!isSent || !publisher.isAcknowledged()) {
        return false;
      }
    }
    return true;
  }

  private void checkReceived(Report report) {
    long lost = 0;
    long duplicates = 0;
    long outOfOrder = 0;
    for (Receiver receiver : receivers) {
      lost += receiver.sequence.lost(load.messages());
      duplicates += receiver.sequence.duplicates();
      outOfOrder += receiver.sequence.outOfOrder();
    }
    report
        .check("lost", run.isStopped() ? 0 : lost) // not all was waited for
        .check("duplicates", duplicates)
        .check("out-of-order", outOfOrder)
        .check("strays", strays);
  }

  private final class Receiver extends Run.Member {
    private final Sequence sequence = new Sequence();

    Receiver() {
      super(run);
    }

    @Override
    public void onMessage(MqttClient client, Publish message) {
      byte[] payload = message.payload();
      if (!Stamp.isOf(payload, run.id)) {
        strays++;
        return;
      }
      run.progress();
      boolean _ = sequence.received(Stamp.sequence(payload));
      received++;
    }
  }
}

package io.signalbox.server.bench;

import io.signalbox.server.bench.client.Explanation;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.topic.TopicName;
import org.jspecify.annotations.Nullable;

/** One publishing client and its numbered messages. */
final class Publisher {
  private static final byte[] NO_PROPERTIES = {};
  private static final int NO_EXPIRY = -1;

  private final Run run;
  private final MqttClient client;
  private final int index;
  private final Qos qos;
  private final boolean retain;
  private final int window;
  private final byte[] payload;

  private long sent;

  /** Deliveries of this publisher's messages, over all receivers. */
  private long delivered;

  /**
   * @param client opened with an {@link Acknowledgements}
   */
  Publisher(Run run, MqttClient client, int index, Load load, boolean retain) {
    this.run = run;
    this.client = client;
    this.index = index;
    this.qos = load.qos();
    this.retain = retain;
    this.window = load.window();
    this.payload = new byte[load.payloadBytes()];
  }

  boolean canSend() {
    return client.canPublish(qos) && (qos == Qos.AT_MOST_ONCE || client.inFlight() < window);
  }

  /**
   * @param dueNanos when the message should go, from which its latency counts
   */
  void send(TopicName topic, long dueNanos) {
    Stamp.write(payload, run.id, index, sent, dueNanos);
    sent++;
    int _ = client.publish(topic, qos, retain, NO_PROPERTIES, NO_EXPIRY, payload);
  }

  /** Takes back what a retained message left. */
  void clear(TopicName topic) {
    int _ = client.publish(topic, qos, true, NO_PROPERTIES, NO_EXPIRY, new byte[0]);
  }

  void delivered() {
    delivered++;
  }

  long sentCount() {
    return sent;
  }

  long deliveredCount() {
    return delivered;
  }

  /** Whether the broker has, or has refused, all that was sent. */
  boolean isAcknowledged() {
    return client.inFlight() == 0 && client.pendingBytes() == 0;
  }

  /** What all publishers of a run hear. */
  static final class Acknowledgements extends Run.Member {
    private final Run run;
    private long refused;
    private @Nullable String firstRefusal;

    Acknowledgements(Run run) {
      super(run);
      this.run = run;
    }

    @Override
    public void onAcknowledged(
        MqttClient client, int packetId, ReasonCode reason, Properties properties) {
      run.progress();
      if (reason.isError()) {
        refused++;
        if (firstRefusal == null) {
          firstRefusal = Explanation.reason(reason, properties);
        }
      }
    }

    void report(Report report) {
      report.check("refused", refused);
      if (firstRefusal != null) {
        report.put("first-refusal", firstRefusal);
      }
    }
  }
}

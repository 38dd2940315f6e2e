package io.signalbox.server.bench;

import io.signalbox.server.bench.client.Explanation;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.topic.TopicName;
import java.util.IdentityHashMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** One publishing client and its numbered messages. */
final class Publisher {
  private static final byte[] NO_PROPERTIES = {};
  private static final int NO_EXPIRY = -1;
  private static final int PACKET_IDS = 65_536;
  private static final long LATENCY_NANOS_MAX = 600_000_000_000L;

  private final Run run;
  private final MqttClient client;
  private final int index;
  private final Qos qos;
  private final boolean retain;
  private final int window;
  private final byte[] payload;

  /** By Packet Identifier. */
  private final long[] sentNanos;

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
    this.sentNanos = new long[qos == Qos.AT_MOST_ONCE ? 0 : PACKET_IDS];
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
    int packetId = client.publish(topic, qos, retain, NO_PROPERTIES, NO_EXPIRY, payload);
    if (qos != Qos.AT_MOST_ONCE) {
      sentNanos[packetId] = System.nanoTime();
    }
  }

  /** Since the message with that Packet Identifier was sent. */
  private long nanosSinceSent(int packetId) {
    return System.nanoTime() - sentNanos[packetId];
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

  /** Those that the broker has, or has refused; only with QoS 1 and 2. */
  long acknowledgedCount() {
    return sent - client.inFlight();
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
    private final IdentityHashMap<MqttClient, Publisher> timed = new IdentityHashMap<>();
    private final Histogram latency = new Histogram(LATENCY_NANOS_MAX, 3);
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
      Publisher publisher = timed.get(client);
      if (publisher != null) {
        latency.recordValue(Math.min(LATENCY_NANOS_MAX, publisher.nanosSinceSent(packetId)));
      }
      if (reason.isError()) {
        refused++;
        if (firstRefusal == null) {
          firstRefusal = Explanation.reason(reason, properties);
        }
      }
    }

    /** Takes the time of this publisher's acknowledgements from now on. */
    void time(Publisher publisher) {
      timed.put(publisher.client, publisher);
    }

    /** From PUBLISH to PUBACK, or to PUBREC and PUBCOMP, of those that are timed. */
    void reportLatency(Report report) {
      report.latency("acknowledgement", latency);
    }

    void report(Report report) {
      report.check("refused", refused);
      if (firstRefusal != null) {
        report.put("first-refusal", firstRefusal);
      }
    }
  }
}

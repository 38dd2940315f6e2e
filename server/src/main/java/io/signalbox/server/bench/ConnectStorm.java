package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.ClientListener;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.ConnAck;
import java.io.IOException;
import java.time.Duration;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Connections one after the other, some at a time: TCP, TLS, WebSocket as the URL says, CONNECT,
 * CONNACK, DISCONNECT.
 */
public final class ConnectStorm {
  private static final long LATENCY_NANOS_MAX = 600_000_000_000L;

  private final Run run;
  private final int clients;
  private final double perSecond;
  private final Histogram latency = new Histogram(LATENCY_NANOS_MAX, 3);

  private int opened;
  private int open;
  private long connected;
  private long failed;
  private @Nullable ClientException firstFailure;

  private ConnectStorm(Run run, int clients, double perSecond) {
    this.run = run;
    this.clients = clients;
    this.perSecond = perSecond;
  }

  /**
   * Measures.
   *
   * @param perSecond connections a second; 0: as fast as {@link Target#connectingMax} allows
   */
  public static Report measure(Target target, int clients, double perSecond)
      throws ClientException, IOException {
    Load.require("clients", clients, 1);
    Load.requireRate(perSecond);
    try (var run = new Run(target)) {
      return new ConnectStorm(run, clients, perSecond).measure();
    }
  }

  private Report measure() throws ClientException, IOException {
    if (perSecond > 0) {
      run.allow(Duration.ofSeconds((long) Math.ceil(clients / perSecond)));
    }
    Measured measured = Measured.start(run.server);
    long start = System.nanoTime();
    boolean all =
        run.await(
            () -> (opened == clients || run.isStopped()) && open == 0,
            () -> {
              while (opened < clients && !run.isStopped() && open < run.target.connectingMax()) {
                long now = System.nanoTime();
                long due = perSecond == 0 ? now : start + (long) (opened * 1e9 / perSecond);
                if (due > now) {
                  run.waitUntil(due);
                  return false;
                }
                MqttClient _ =
                    run.open(run.target.clean("storm", opened), new Connecting(due), opened);
                opened++;
                open++;
              }
              return false;
            });
    measured.stop(run.lastProgressNanos());
    Report report = run.report("connect-storm").put("clients", opened).put("connected", connected);
    measured.putTimes(report);
    measured.putRate(report, "connections", connected);
    report.latency("latency", latency);
    report.check("failed", failed).check("unanswered", all ? 0 : open);
    if (firstFailure != null) {
      report.put("first-failure", String.valueOf(firstFailure.getMessage()));
    }
    return run.putStopped(report);
  }

  private final class Connecting implements ClientListener {
    /** When it should have been opened, or a broker that stops would look quick. */
    private final long dueNanos;

    private boolean isConnected;

    Connecting(long dueNanos) {
      this.dueNanos = dueNanos;
    }

    @Override
    public void onConnected(MqttClient client, ConnAck answer) {
      isConnected = true;
      connected++;
      run.progress();
      latency.recordValue(Math.clamp(System.nanoTime() - dueNanos, 0, LATENCY_NANOS_MAX));
      client.disconnect();
    }

    @Override
    public void onClosed(MqttClient client, @Nullable ClientException failure) {
      open--;
      run.progress();
      if (failure != null || !isConnected) {
        failed++;
        firstFailure = firstFailure == null ? failure : firstFailure;
      }
    }
  }
}

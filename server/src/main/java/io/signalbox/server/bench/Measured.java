package io.signalbox.server.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Time and processor time from {@link #start} to {@link #stop}. */
final class Measured {
  private final ServerProcess server;
  private final long startNanos = System.nanoTime();
  private final double serverCpuAtStart;
  private final double ownCpuAtStart;
  private double seconds;
  private boolean isServerThere;
  private double serverCpuSeconds;
  private double ownCpuSeconds;

  private Measured(ServerProcess server) throws IOException {
    this.server = server;
    this.serverCpuAtStart = server.cpuSeconds();
    this.ownCpuAtStart = ownCpuSeconds();
  }

  static Measured start(ServerProcess server) throws IOException {
    return new Measured(server);
  }

  /**
   * @param nanos when the last thing happened; waiting in vain after it does not count
   */
  void stop(long nanos) throws IOException {
    seconds = Math.max(1, nanos - startNanos) / 1e9;
    isServerThere = server.isThere(); // a broker that was killed takes its figures with it
    serverCpuSeconds = isServerThere ? server.cpuSeconds() - serverCpuAtStart : 0;
    ownCpuSeconds = ownCpuSeconds() - ownCpuAtStart;
  }

  private static double ownCpuSeconds() {
    Optional<Duration> total = ProcessHandle.current().info().totalCpuDuration();
    return total.map(d -> d.toNanos() / 1e9).orElse(0.0);
  }

  double seconds() {
    return seconds;
  }

  /**
   * Puts a rate, and beside it what it would be with one processor all for the broker.
   *
   * @param what such as {@code messages}: gives {@code messages-per-s} and {@code
   *     messages-per-server-cpu-s}
   */
  void putRate(Report report, String what, long count) {
    report.put(what + "-per-s", count / seconds);
    if (serverCpuSeconds > 0) {
      report.put(what + "-per-server-cpu-s", count / serverCpuSeconds);
    }
  }

  /** Puts the times themselves. */
  void putTimes(Report report) {
    report.put("seconds", seconds);
    if (isServerThere) {
      report.put("server-cpu-s", serverCpuSeconds);
    }
    report.put("generator-busy", ownCpuSeconds / seconds);
  }
}

package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.MqttClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Connections that do nothing but stay: what each costs the broker. */
public final class Idle {
  private Idle() {}

  /**
   * Measures.
   *
   * @param hold how long the connections stay; their keep alive pings count
   * @param beforeReading run before memory is read, to have a broker tidy up; may do nothing
   */
  public static Report measure(Target target, int clients, Duration hold, Preparation beforeReading)
      throws ClientException, IOException {
    if (clients < 1) {
      throw new IllegalArgumentException("at least one client");
    }
    try (var run = new Run(target)) {
      beforeReading.run();
      long before = run.server.residentBytes();
      Measured connecting = Measured.start(run.server);
      List<MqttClient> connected =
          run.connectAll(clients, i -> run.target.clean("idle", i), _ -> new Run.Member(run));
      connecting.stop(run.lastProgressNanos());
      Report report = run.report("idle").put("clients", clients);
      connecting.putRate(report, "connections", clients);

      Measured holding = Measured.start(run.server);
      long end = System.nanoTime() + hold.toNanos();
      boolean _ =
          run.await(
              () -> System.nanoTime() >= end,
              () -> {
                run.progress();
                return false;
              });
      beforeReading.run();
      holding.stop(System.nanoTime());
      if (!target.pids().isEmpty()) {
        long resident = run.server.residentBytes();
        report
            .put("resident-bytes-before", before)
            .put("resident-bytes", resident)
            .put("resident-bytes-per-connection", (double) (resident - before) / clients);
      }
      holding.putTimes(report);
      report.check("connections-lost", run.connectionsLost());
      run.disconnectAll(connected);
      return report;
    }
  }

  /** Something to do first. */
  public interface Preparation {
    void run() throws ClientException, IOException;
  }
}

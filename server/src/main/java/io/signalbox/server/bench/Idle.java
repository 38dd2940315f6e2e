package io.signalbox.server.bench;

import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.MqttClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/** Connections that do nothing but stay: what each costs the broker. */
public final class Idle {
  private Idle() {}

  /**
   * Measures.
   *
   * @param lasting sessions outlive their connections, so each is on the broker's disk
   * @param hold how long the connections stay; their keep alive pings count
   * @param heap asked before memory is read; a broker without a heap has none
   */
  public static Report measure(
      Target target, int clients, boolean lasting, Duration hold, Heap heap)
      throws ClientException, IOException {
    Load.require("clients", clients, 1);
    try (var run = new Run(target)) {
      OptionalLong heapBefore = heap.collectedBytes();
      long before = run.server.residentBytes();
      Measured connecting = Measured.start(run.server);
      List<MqttClient> connected =
          run.connectAll(
              clients,
              i -> lasting ? run.target.persistent("idle", i) : run.target.clean("idle", i),
              _ -> new Run.Member(run));
      connecting.stop(run.lastProgressNanos());
      Report report =
          run.report("idle").put("clients", clients).put("sessions", lasting ? "lasting" : "clean");
      connecting.putRate(report, "connections", clients);

      Measured holding = Measured.start(run.server);
      run.allow(hold);
      long end = System.nanoTime() + hold.toNanos();
      boolean _ =
          run.await(
              () -> run.isStopped() || System.nanoTime() >= end,
              () -> {
                run.progress();
                return false;
              });
      OptionalLong heapHeld = run.isLost() ? OptionalLong.empty() : heap.collectedBytes();
      holding.stop(System.nanoTime());
      if (run.server.isThere()) {
        long resident = run.server.residentBytes();
        report
            .put("resident-bytes-before", before)
            .put("resident-bytes", resident)
            .put("resident-bytes-per-connection", (double) (resident - before) / clients);
      }
      if (heapBefore.isPresent() && heapHeld.isPresent()) {
        report
            .put("heap-bytes", heapHeld.getAsLong())
            .put(
                "heap-bytes-per-connection",
                (double) (heapHeld.getAsLong() - heapBefore.getAsLong()) / clients);
      }
      holding.putTimes(report);
      run.end(report);
      run.disconnectAll(connected);
      return report;
    }
  }

  /** What a broker written in Java has on its heap. */
  public interface Heap {
    /**
     * Has the broker collect its garbage; the bytes that are left, or nothing if there is no heap.
     */
    OptionalLong collectedBytes() throws ClientException, IOException;
  }
}

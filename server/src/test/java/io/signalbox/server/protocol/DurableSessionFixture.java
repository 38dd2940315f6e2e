package io.signalbox.server.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.Qos;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker with a store on the disk, in one thread, for the tests of what sessions keep. A test
 * starts it and has {@link DurableClient}s.
 */
abstract class DurableSessionFixture {
  private static final long DEADLINE_SECONDS = 60;

  @TempDir Path data;

  final ManualLoops loops = new ManualLoops(3, 1); // most need no more than the first

  /** This one runs nothing. */
  ManualLoops.@Nullable Loop asleep;

  /** Read while a test waits. */
  final List<DurableClient> clients = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // by each test, with start
  SimulatedBroker broker;

  final void start() throws Exception {
    start(SessionConfig.DEFAULTS, StoreConfig.DEFAULTS);
  }

  final void start(SessionConfig config, StoreConfig store) throws Exception {
    broker = new SimulatedBroker(data, loops, config, store);
  }

  /** As a kill would leave it, except that the store's threads end in order. */
  final void restart() throws Exception {
    restart(0);
  }

  final void restart(long awayMillis) throws Exception {
    end();
    loops.advance(awayMillis);
    start();
  }

  final void restart(SessionConfig config) throws Exception {
    end();
    start(config, StoreConfig.DEFAULTS);
  }

  private void end() {
    broker.close();
    doWhatWaits(); // answers to those who are gone
    loops.forgetTimers();
  }

  final void doWhatWaits() {
    while (loops.step()) {
      // one task after the other
    }
  }

  @AfterEach
  final void stop() {
    broker.releaseDisk(); // a test that failed may hold it
    broker.close();
  }

  /**
   * Has a member with a Receive Maximum of 1 be sent what overtook a QoS 2 message in its queue:
   * QoS 2 is offered once it is on disk, and QoS 1 that was published later is in the queue by
   * then.
   */
  final void sendWhatOvertook(DurableClient device) {
    device.acknowledging = false;
    DurableClient publisher = DurableClient.connect(this, "publisher", 0);
    publisher.publish(Qos.AT_LEAST_ONCE, "first");
    device.receive(1);
    int first = device.lastId;
    broker.holdDisk();
    publisher.send(DurableClient.message(Qos.EXACTLY_ONCE, 7, "overtaken", Properties.NONE));
    doWhatWaits();
    publisher.send(DurableClient.message(Qos.AT_LEAST_ONCE, 8, "overtakes", Properties.NONE));
    doWhatWaits();
    broker.releaseDisk();
    await(() -> publisher.completed == 1);
    device.send(new PubAck(first));
    device.receive(2);
    assertEquals(List.of("first", "overtakes"), device.payloads);
  }

  final void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    do {
      boolean stepped = false;
      for (ManualLoops.Loop loop : loops.loops) {
        stepped |= !loop.equals(asleep) && loops.step(loop);
      }
      if (!stepped) {
        LockSupport.parkNanos(20_000); // only the store's thread has work
      }
      clients.forEach(DurableClient::read);
      if (System.nanoTime() > deadline) {
        fail("not in time");
      }
    } while (!condition.getAsBoolean());
  }
}

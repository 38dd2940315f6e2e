package io.signalbox.server.store;

import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Message;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fills a data directory and measures how long its store takes to open and to tell its sessions;
 * not a test. Arguments: a new data directory, sessions, messages queued over all of them, retained
 * messages. The directory can then be given to a broker, whose time from start to "ready" is the
 * figure that counts. Run it as CONTRIBUTING.md says for measurements.
 */
final class StartMeasurement {
  private static final int PAYLOAD_BYTES = 100;

  private StartMeasurement() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]).resolve("store");
    int sessions = Integer.parseInt(arguments[1]);
    int queued = Integer.parseInt(arguments[2]);
    int retained = Integer.parseInt(arguments[3]);
    fill(directory, sessions, queued, retained);
    long began = System.nanoTime();
    try (var fixture = StoreFixture.open(directory)) {
      long opened = System.nanoTime();
      var found = new AtomicLong();
      fixture.store.sessions(row -> found.addAndGet(row.subscriptions().size()));
      System.out.println(
          String.format(
              Locale.ROOT,
              "%,d sessions, %,d queued, %,d retained: opened in %.1f ms, sessions read in %.1f ms",
              found.get(),
              fixture.store.totals().queuedMessages(),
              fixture.store.totals().retainedMessages(),
              (opened - began) / 1e6,
              (System.nanoTime() - opened) / 1e6));
    }
  }

  private static void fill(Path directory, int sessions, int queued, int retained)
      throws Exception {
    var limits =
        new StoreLimits(
            1L << 40, 1L << 50, Overflow.DROP_NEWEST, Long.MAX_VALUE, 1L << 40, 1L << 50);
    try (var fixture =
        new StoreFixture(
            directory, StoreFixture.CONFIG, limits, Clocks.system(), Committer.TO_DISK)) {
      StoreWriter writer = fixture.store.writer();
      long[] numbers = new long[sessions];
      for (int i = 0; i < sessions; i++) {
        OpenedSession session = fixture.session("device-" + i);
        numbers[i] = session.number();
        writer.submit(
            new StoreSubscriptions(
                session.number(),
                session.epoch(),
                List.of(StoreFixture.subscription("site/+/" + i, Qos.AT_LEAST_ONCE))),
            null);
        writer.submit(
            new DisconnectSession(
                session.number(), session.epoch(), 3_600_000, System.currentTimeMillis(), 0),
            null);
      }
      Message message = StoreFixture.message("site/7/state", "x".repeat(PAYLOAD_BYTES));
      for (int i = 0; i < queued; i++) {
        waitForRoom(writer);
        writer.submit(StoreFixture.publish(message, numbers[i % sessions]), null);
      }
      for (int i = 0; i < retained; i++) {
        waitForRoom(writer);
        writer.submit(
            StoreFixture.retain(
                StoreFixture.message(
                    "site/" + i / 1000 + "/device/" + i % 1000, "x".repeat(PAYLOAD_BYTES))),
            null);
      }
      fixture.apply(new Barrier());
    }
  }

  private static void waitForRoom(StoreWriter writer) throws InterruptedException {
    while (writer.congested()) {
      Thread.sleep(1);
    }
  }
}

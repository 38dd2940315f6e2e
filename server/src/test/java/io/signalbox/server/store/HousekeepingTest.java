package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Txn;

/** That damage does not keep a store from being tidied up. */
final class HousekeepingTest {
  private static final long LONG_AGO = 1;

  @TempDir Path directory;

  @Test
  void sweepsEndedSessionsOfWhichARowIsDamaged() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      OpenedSession session = fixture.session("damaged");
      OpenedSession other = fixture.session("sound");
      long[] both = {session.number(), other.number()};
      for (int i = 0; i < 3; i++) {
        fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", "m" + i), both));
      }
      long first = fixture.queue(session.number()).rows().getFirst().sequence();
      put(fixture, session.number(), first, new RowWriter().begin().putByte(99));
      fixture.apply(new EndSession(session.number(), Command.ANY_EPOCH));
      fixture.apply(new EndSession(other.number(), Command.ANY_EPOCH));
      fixture.store.startHousekeeping();
      await(() -> rows(fixture) == 0);
      assertEquals(0, fixture.metrics.storeFailures.value());
    }
  }

  @Test
  void goesOnWhenOneOfItsCommandsFails() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      OpenedSession session = fixture.session("damaged");
      fixture.apply(new DisconnectSession(session.number(), session.epoch(), 3_600, 0, 0));
      var expired = new QueueRow();
      expired.content = QueueRow.REFERENCE; // to a message, but it does not say which
      expired.expiresAtMillis = LONG_AGO;
      RowWriter row = new RowWriter().begin();
      expired.write(row);
      put(fixture, session.number(), 1_000, row);
    }
    try (var fixture = StoreFixture.open(directory)) {
      fixture.store.startHousekeeping();
      await(() -> fixture.metrics.storeFailures.value() > 0);
      OpenedSession other = fixture.session("sound");
      fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", "m"), other.number()));
      long before = rows(fixture);
      fixture.apply(new EndSession(other.number(), Command.ANY_EPOCH));
      await(() -> rows(fixture) < before);
    }
  }

  private static void put(StoreFixture fixture, long number, long sequence, RowWriter row) {
    Lmdb lmdb = fixture.store.lmdb();
    try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
      lmdb.queue.put(txn, new Keys().queue(number, sequence), row.row());
      txn.commit();
    }
  }

  /** Of all queues, with their heads. */
  private static long rows(StoreFixture fixture) {
    Lmdb lmdb = fixture.store.lmdb();
    try (Txn<MemorySegment> txn = lmdb.env.txnRead()) {
      return lmdb.queue.stat(txn).entries;
    }
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not in time");
      LockSupport.parkNanos(1_000_000);
    }
  }
}

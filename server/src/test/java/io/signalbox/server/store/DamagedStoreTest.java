package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Txn;

/** What cannot be read is named, and keeps nobody waiting. */
final class DamagedStoreTest {
  private static final int COUNT = 40;
  private static final String KILOBYTE = "x".repeat(1_024);
  private static final long LONG_AGO = 1;

  /** On more than one page. */
  private static final int SESSIONS = 300;

  @TempDir Path directory;

  @Test
  void aQueueEndsWhereItCannotBeRead() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fillQueue(fixture);
      DamagedPages.loseLastPages(directory);
      QueueSlice slice = fixture.queue(number);
      assertTrue(slice.end());
      assertFalse(slice.rows().isEmpty());
      assertTrue(slice.rows().size() < COUNT);
      assertEquals(slice.rows().getLast().sequence() + 1, slice.nextSequence());
    }
  }

  @Test
  void aRowWithoutAQualityOfServiceIsPassedOver() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fillQueue(fixture);
      var damaged = new QueueRow();
      damaged.flags = 0b11;
      RowWriter row = new RowWriter().begin();
      damaged.write(row);
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        lmdb.queue.put(txn, new Keys().queue(number, 1), row.row());
        txn.commit();
      }
      assertEquals(COUNT - 1, fixture.queue(number).rows().size());
      assertFalse(StoreCheck.run(fixture.store, _ -> {}, 1).isSound());
    }
  }

  @Test
  void retainedMessagesEndWhereTheyCannotBeRead() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      for (int i = 0; i < COUNT; i++) {
        fixture.apply(StoreFixture.retain(StoreFixture.message("r/" + i, KILOBYTE)));
      }
      DamagedPages.loseLastPages(directory);
      int found = fixture.retained("r/#").size();
      assertTrue(found > 0 && found < COUNT, () -> found + " messages");
    }
  }

  @Test
  void housekeepingGoesOnBehindWhatItCannotRead() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fillQueue(fixture);
      fixture.apply(StoreFixture.retain(StoreFixture.message("r", "expired", LONG_AGO)));
      DamagedPages.loseLastPages(directory);
      fixture.store.startHousekeeping();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (fixture.store.totals().retainedMessages() > 0) {
        assertTrue(System.nanoTime() < deadline, "not in time");
        Thread.onSpinWait();
      }
      assertFalse(fixture.queue(number).rows().isEmpty());
    }
  }

  @Test
  void aReadWaitsForASnapshot() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.session("device").number();
      var slices =
          List.of(new CompletableFuture<QueueSlice>(), new CompletableFuture<QueueSlice>());
      try (AutoCloseable _ = StoreFixture.takeSnapshots(fixture.store)) {
        for (CompletableFuture<QueueSlice> slice : slices) {
          fixture.store.scanQueue(number, 0, 10, 1 << 20, fixture.loop, slice::complete);
        }
        fixture.apply(StoreFixture.publish(StoreFixture.message("a", "m"), number));
      }
      for (CompletableFuture<QueueSlice> slice : slices) {
        assertEquals(1, slice.get(60, TimeUnit.SECONDS).rows().size());
      }
    }
  }

  @Test
  void aPageThatCannotBeReadIsAProblemOfItsTable() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long _ = fillQueue(fixture);
      for (int i = 0; i < COUNT; i++) {
        fixture.apply(StoreFixture.retain(StoreFixture.message("r/" + i, KILOBYTE)));
      }
    }
    DamagedPages.loseLastPages(directory);
    List<String> problems = check();
    for (String table : List.of("queue", "retained")) {
      assertTrue(
          problems.stream().anyMatch(p -> p.startsWith("table " + table + ": a page cannot")),
          problems::toString);
    }
    assertEquals(2, problems.size(), "nothing is compared with what was not read: " + problems);
    StoreRepair.Report repaired = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertTrue(repaired.kept() > COUNT, () -> repaired.descriptions().toString());
    assertEquals(List.of(), check());
    try (var fixture = StoreFixture.open(directory)) {
      assertFalse(fixture.retained("r/#").isEmpty());
    }
  }

  @Test
  void messagesThatCannotBeReadAreAProblemOfTheirTableAndTakeNoOtherRowsWithThem()
      throws Exception {
    long first;
    long second;
    try (var fixture = StoreFixture.open(directory)) {
      first = fixture.session("first").number();
      second = fixture.session("second").number();
      for (int i = 0; i < COUNT / 2; i++) {
        fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", KILOBYTE), first, second));
      }
    }
    DamagedPages.loseLastPages(directory);
    List<String> problems = check();
    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.getFirst().startsWith("table msg: a page cannot"), problems::toString);
    StoreRepair.Report repaired = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertEquals(List.of(), check());
    try (var fixture = StoreFixture.open(directory)) {
      int rows = fixture.queue(first).rows().size();
      assertTrue(rows > 0 && rows < COUNT / 2, () -> rows + " rows");
      assertEquals(rows, fixture.queue(second).rows().size());
      assertEquals(COUNT - 2 * rows, repaired.leftOut(), "each row of a lost message is counted");
    }
  }

  @Test
  void sessionsThatCannotBeReadAreNotMissedElsewhere() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      openSessions(fixture);
      fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", "m"), 1, SESSIONS));
    }
    DamagedPages.loseLastPages(directory);
    List<String> problems = check();
    for (String table : List.of("session", "client")) {
      assertTrue(
          problems.stream().anyMatch(p -> p.startsWith("table " + table + ": a page cannot")),
          problems::toString);
    }
    assertEquals(2, problems.size(), problems::toString);
  }

  @Test
  void endedSessionsThatCannotBeReadTakeNoOtherRowsWithThem() throws Exception {
    int kept = SESSIONS - 2;
    try (var fixture = StoreFixture.open(directory)) {
      openSessions(fixture);
      for (int i = 1; i <= SESSIONS; i++) {
        if (i != kept) {
          fixture.store.writer().submit(new EndSession(i, Command.ANY_EPOCH), null);
        }
      }
      fixture.apply(new Barrier());
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        for (int i = kept - 1; i <= kept + 1; i++) {
          lmdb.inboundQos2.put(txn, new Keys().inboundQos2(i, 1), new RowWriter().begin().row());
        }
        txn.commit();
      }
    }
    DamagedPages.loseLastPages(directory);
    StoreRepair.Report repaired = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertEquals(2, repaired.leftOut(), () -> repaired.descriptions().toString());
    assertEquals(List.of(), check());
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(1, fixture.sessions().getFirst().inboundQos2().length);
    }
  }

  @Test
  void countersThatAreDamagedAreAProblemAndKeepABrokerFromStarting() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long _ = fillQueue(fixture);
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        lmdb.meta.put(txn, new Keys().raw(Keys.STATE), new RowWriter().begin().putByte(9).row());
        txn.commit();
      }
    }
    List<String> problems = check();
    assertTrue(problems.getFirst().startsWith("the counters: "), problems::toString);
    assertEquals(1, problems.size(), "nothing is compared with them: " + problems);
    String refusal =
        String.valueOf(
            assertThrows(StoreOpenException.class, () -> StoreFixture.open(directory))
                .getMessage());
    assertTrue(refusal.contains("signalbox store repair"), refusal);
    assertEquals(1, StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10).leftOut());
    assertEquals(List.of(), check());
  }

  @Test
  void recordsThatCannotBeReadAreTold() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        lmdb.records(RecordTable.REGISTRY)
            .put(txn, new Keys().raw(new byte[] {1}), new RowWriter().begin().putByte(9).row());
        txn.commit();
      }
      assertThrows(
          IllegalStateException.class, () -> fixture.store.records(RecordTable.REGISTRY, _ -> {}));
    }
  }

  private List<String> check() throws Exception {
    return StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 10).descriptions();
  }

  /** With the numbers 1..{@link #SESSIONS}. */
  private static void openSessions(StoreFixture fixture) throws Exception {
    for (int i = 1; i <= SESSIONS; i++) {
      fixture.store.writer().submit(new OpenSession("c" + i, "owner", 3_600, false, null), null);
    }
    fixture.apply(new Barrier());
  }

  /** On more than one page. */
  private static long fillQueue(StoreFixture fixture) throws Exception {
    long number = fixture.session("device").number();
    for (int i = 0; i < COUNT; i++) {
      fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", KILOBYTE), number));
    }
    return number;
  }
}

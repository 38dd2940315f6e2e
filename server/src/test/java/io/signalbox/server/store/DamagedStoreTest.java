package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.routing.Message;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Cursor;
import org.lmdbjava.Txn;

/** What cannot be read is named, and keeps nobody waiting. */
final class DamagedStoreTest {
  private static final int COUNT = 40;
  private static final String KILOBYTE = "x".repeat(1_024);
  private static final Message KEPT = StoreFixture.message("a/b", "kept");
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
      await(() -> fixture.store.totals().retainedMessages() == 0);
      assertFalse(fixture.queue(number).rows().isEmpty());
    }
  }

  @Test
  void aQueueThatCannotBeWrittenIsAsGoodAsFull() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long sound = fixture.session("sound").number();
      long damaged = fillQueue(fixture);
      DamagedPages.loseLastPages(directory);
      for (int i = 1; i <= 3; i++) {
        StorePublish publish =
            StoreFixture.publish(StoreFixture.message("a/b", "m"), damaged, sound);
        fixture.apply(publish);
        assertTrue(publish.isQueueFull(0));
        assertTrue(publish.accepted(1));
        assertEquals(i, fixture.queue(sound).rows().size());
      }
      assertEquals(1, fixture.metrics.storeFailures.value(), "met once");
      assertEquals(3, fixture.metrics.messagesDropped.of(Drop.SESSION_QUEUE_FULL).value());
      StorePublish alone = StoreFixture.publish(StoreFixture.message("a/b", "m"), damaged);
      fixture.apply(alone);
      assertTrue(alone.refusedByAll());
      StorePublish left = StoreFixture.publish(StoreFixture.message("a/b", "m"), sound);
      fixture.apply(left);
      var move =
          new MoveQueued(
              sound, Command.ANY_EPOCH, left.sequence(), null, damaged, (byte) 1, new int[0]);
      assertEquals(MoveQueued.REFUSED, fixture.apply(move));
      assertNull(fixture.fatal.get());
    }
  }

  @Test
  void aSessionWithADamagedRowGetsNothingAndOthersAll() throws Exception {
    long damaged;
    try (var fixture = StoreFixture.open(directory)) {
      damaged = fixture.session("damaged").number();
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        RowWriter head = new RowWriter().begin().putByte(9);
        lmdb.queue.put(txn, new Keys().queue(damaged, Keys.QUEUE_HEAD), head.row());
        txn.commit();
      }
    }
    try (var fixture = StoreFixture.open(directory)) {
      long sound = fixture.session("sound").number();
      StorePublish publish = StoreFixture.publish(StoreFixture.message("a/b", "m"), damaged, sound);
      fixture.apply(publish);
      assertTrue(publish.isQueueFull(0));
      assertTrue(publish.accepted(1));
    }
  }

  @Test
  void moreQueuesThanOneBatchMeetsRefuseWhatWasForThem() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      openSessions(fixture);
      long[] all = new long[SESSIONS];
      Arrays.setAll(all, i -> i + 1);
      fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", KILOBYTE), all));
      fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", KILOBYTE), 1));
      DamagedPages.loseLastPages(directory);
      StorePublish sound = StoreFixture.publish(StoreFixture.message("a/b", "m"), 1);
      fixture.store.writer().submit(sound, null);
      assertTrue(isRefused(fixture, publish(all)));
      assertTrue(sound.accepted(0));
      StorePublish publish = publish(all);
      for (int tries = 0; isRefused(fixture, publish); tries++) {
        assertTrue(tries < SESSIONS, "each batch gets further");
        publish = publish(all);
      }
      assertTrue(publish.accepted(0));
      assertFalse(publish.accepted(SESSIONS - 1));
      assertNull(fixture.fatal.get());
    }
  }

  private static StorePublish publish(long... numbers) {
    return StoreFixture.publish(StoreFixture.message("a/b", "m"), numbers);
  }

  private static boolean isRefused(StoreFixture fixture, StorePublish publish) throws Exception {
    try {
      fixture.apply(publish);
      return false;
    } catch (StoreException e) {
      assertEquals(StoreException.Reason.INTERNAL, e.reason());
      return true;
    }
  }

  @Test
  void whatCannotBeSweptIsLeftAloneAndTheRestIsSwept() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long damaged = fillQueue(fixture);
      long sound = fixture.session("sound").number();
      fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", "m"), sound));
      DamagedPages.loseFirstPages(directory);
      fixture.apply(new EndSession(damaged, Command.ANY_EPOCH));
      fixture.apply(new EndSession(sound, Command.ANY_EPOCH));
      fixture.store.startHousekeeping();
      await(() -> ended(fixture).equals(List.of(damaged)));
      fixture.apply(StoreFixture.retain(StoreFixture.message("r", "expired", LONG_AGO)));
      await(() -> fixture.store.totals().retainedMessages() == 0); // it goes on
      assertEquals(1, fixture.metrics.storeFailures.value(), "met once");
      assertNull(fixture.fatal.get());
    }
  }

  private static List<Long> ended(StoreFixture fixture) {
    List<Long> numbers = new ArrayList<>();
    Lmdb lmdb = fixture.store.lmdb();
    try (Txn<MemorySegment> txn = lmdb.env.txnRead();
        Cursor<MemorySegment> cursor = lmdb.ended.openCursor(txn)) {
      for (boolean found = cursor.first(); found; found = cursor.next()) {
        numbers.add(cursor.key().get(Bytes.LONG, 0));
      }
    }
    return numbers;
  }

  @Test
  void aRetainedMessageThatCannotBeReachedRefusesWhatSetsIt() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.session("device").number();
      for (int i = 10; i < COUNT; i++) {
        fixture.apply(StoreFixture.retain(StoreFixture.message("r/" + i, KILOBYTE)));
      }
      DamagedPages.loseLastPages(directory);
      StorePublish damaged = StoreFixture.retain(StoreFixture.message("r/" + (COUNT - 1), "m"));
      fixture.store.writer().submit(StoreFixture.publish(KEPT, number), null);
      StoreException refused = assertThrows(StoreException.class, () -> fixture.apply(damaged));
      assertEquals(StoreException.Reason.INTERNAL, refused.reason());
      fixture.apply(StoreFixture.retain(StoreFixture.message("r/10", "new")));
      assertEquals(1, fixture.queue(number).rows().size());
      assertNull(fixture.fatal.get());
    }
  }

  /** Where it is deleted its neighbours are looked at, at the end of the batch. */
  @Test
  void aRetainedMessageBesideOneThatCannotBeReachedRefusesWhatClearsIt() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      for (int i = 10; i < COUNT; i++) {
        fixture.apply(StoreFixture.retain(StoreFixture.message("r/" + i, KILOBYTE)));
      }
      DamagedPages.loseLastPages(directory);
      int refused = 0;
      for (int i = COUNT - 1; i >= 10; i--) {
        StorePublish clears = StoreFixture.retain(StoreFixture.message("r/" + i, ""));
        try {
          fixture.apply(clears);
        } catch (StoreException e) {
          assertEquals(StoreException.Reason.INTERNAL, e.reason());
          refused++;
        }
      }
      assertTrue(refused > 0 && refused < COUNT / 2, refused + " refused");
      assertNull(fixture.fatal.get());
    }
  }

  @Test
  void anAcknowledgedMessageThatCannotBeReachedIsLeftAlone() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long first = fixture.session("first").number();
      long second = fixture.session("second").number();
      for (int i = 0; i < COUNT; i++) {
        fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", KILOBYTE), first, second));
      }
      List<Long> sequences = fixture.queue(first).rows().stream().map(QueuedRow::sequence).toList();
      DamagedPages.loseFirstPages(directory);
      for (long sequence : sequences.reversed()) {
        fixture.store.writer().submit(new Dequeue(first, Command.ANY_EPOCH, sequence, null), null);
      }
      fixture.apply(new Barrier());
      assertEquals(COUNT, fixture.store.totals().queuedMessages(), "of the second");
      assertNull(fixture.fatal.get());
    }
  }

  @Test
  void anAcknowledgedMessageWithADamagedCountStays() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long first = fixture.session("first").number();
      long second = fixture.session("second").number();
      StorePublish publish = StoreFixture.publish(KEPT, first, second);
      fixture.apply(publish);
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        RowWriter count = new RowWriter().begin().putInt(2);
        lmdb.messages.put(txn, new Keys().message(publish.sequence(), 0), count.row());
        txn.commit();
      }
      fixture.apply(new Dequeue(first, Command.ANY_EPOCH, publish.sequence(), null));
      assertEquals(1, fixture.store.totals().queuedMessages());
      assertNull(fixture.fatal.get());
    }
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not in time");
      Thread.onSpinWait();
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
          fixture.store.scanQueue(number, 0, 10, () -> 1 << 20, fixture.loop, slice::complete);
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

  /** It is written at each commit. */
  @Test
  void thePageWithTheCountersIsLostAndEverythingElseIsSaved() throws Exception {
    long rows;
    try (var fixture = StoreFixture.open(directory)) {
      rows = fixture.queue(fillQueue(fixture)).rows().size();
    }
    DamagedPages.zeroPagesWith(directory, StoreFormat.MAGIC);
    List<String> problems = check();
    assertTrue(problems.getFirst().startsWith("the counters: "), problems::toString);
    String refusal =
        String.valueOf(
            assertThrows(StoreOpenException.class, () -> StoreFixture.open(directory))
                .getMessage());
    assertTrue(refusal.contains("signalbox store repair"), refusal);
    StoreRepair.Report repaired = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertEquals(1, repaired.leftOut(), () -> repaired.descriptions().toString());
    assertEquals(List.of(), check());
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.sessions().getFirst().number();
      assertEquals(rows, fixture.queue(number).rows().size());
    }
  }

  /** A message that was sent must not look as if it had not been. */
  @Test
  void whereItIsLostHowFarAQueueWasSentAllOfItMayHaveBeen() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fillQueue(fixture);
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        MemorySegment head = new Keys().queue(number, Keys.QUEUE_HEAD);
        lmdb.queue.put(txn, head, new RowWriter().begin().putByte(9).row());
        txn.commit();
      }
    }
    assertEquals(1, StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10).leftOut());
    assertEquals(List.of(), check());
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.sessions().getFirst().number();
      List<QueuedRow> rows = fixture.queue(number).rows();
      assertTrue(!rows.isEmpty() && rows.stream().allMatch(QueuedRow::maybeSent));
    }
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

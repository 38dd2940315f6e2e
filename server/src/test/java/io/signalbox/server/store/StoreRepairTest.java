package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.signalbox.server.packet.Qos;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lmdbjava.Txn;

/** What can be saved of a damaged store is saved, and the damaged file too. */
final class StoreRepairTest {
  @TempDir Path directory;

  private long number;
  private long other;

  private void fill() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      OpenedSession session = fixture.session("device");
      number = session.number();
      other = fixture.session("other").number();
      fixture.apply(
          new StoreSubscriptions(
              number,
              session.epoch(),
              List.of(StoreFixture.subscription("a/+", Qos.AT_LEAST_ONCE))));
      for (int i = 0; i < 20; i++) {
        fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", "m" + i), number, other));
        fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", "only" + i), number));
        fixture.apply(StoreFixture.retain(StoreFixture.message("r/" + i, "kept")));
      }
      fixture.apply(
          new PutRecord(
              RecordTable.REGISTRY, new byte[] {1}, PutRecord.ANY_REVISION, new byte[9], true));
    }
  }

  private StoreCheck.Report check() throws Exception {
    return StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
  }

  @Test
  void leavesNothingOutOfASoundStore() throws Exception {
    fill();
    long rows = check().rows();
    StoreRepair.Report report = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertEquals(0, report.leftOut(), () -> report.descriptions().toString());
    assertTrue(check().isSound(), "and it is sound");
    assertEquals(rows, check().rows());
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(40, fixture.queue(number).rows().size());
      assertEquals(20, fixture.queue(other).rows().size());
      long highest = fixture.queue(number).rows().getLast().sequence();
      var publish = StoreFixture.publish(StoreFixture.message("a/b", "new"), number);
      fixture.apply(publish);
      assertTrue(publish.sequence() > highest, "sequences are never used twice");
    }
  }

  /** How many transactions a file has seen. */
  private long transactions() throws Exception {
    try (Lmdb lmdb = Lmdb.open(directory, StoreFixture.CONFIG)) {
      return lmdb.env.info().lastTransactionId;
    }
  }

  /** What a transaction has written is in memory until it ends, whatever table it is for. */
  @Test
  void writesNoMoreInATransactionThanItsBounds() throws Exception {
    int messages = 40;
    String payload = "x".repeat(50_000);
    try (var fixture = StoreFixture.open(directory)) {
      number = fixture.session("device").number();
      for (int i = 0; i < messages; i++) {
        fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", payload), number));
        fixture.apply(StoreFixture.retain(StoreFixture.message("r/" + i, payload)));
      }
    }
    long batchBytes = 200_000; // of which four make one
    var bounds = new StoreRepair.Bounds(1_000_000, batchBytes, 1_000);
    StoreRepair.Report report =
        StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10, bounds);
    assertEquals(0, report.leftOut(), () -> report.descriptions().toString());
    long commits = transactions();
    assertTrue(commits >= 2 * messages / 4, () -> commits + " transactions");
    assertTrue(check().isSound());
  }

  @Test
  void keepsAllMessagesThoughItCountsTheirRowsAFewAtATime() throws Exception {
    fill();
    StoreRepair.Report report =
        StoreRepair.run(
            directory, StoreFixture.CONFIG, _ -> {}, 10, new StoreRepair.Bounds(7, 1 << 20, 3));
    assertEquals(0, report.leftOut(), () -> report.descriptions().toString());
    StoreCheck.Report after = check();
    assertTrue(after.isSound(), () -> after.descriptions().toString());
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(40, fixture.queue(number).rows().size());
      assertEquals(20, fixture.queue(other).rows().size());
    }
  }

  /** Also when it goes through the queues many times, so as not to hold all their messages. */
  @Test
  void aCheckFindsWhatDoesNotAddUpWhereverItIs() throws Exception {
    fill();
    try (var fixture = StoreFixture.open(directory)) {
      Lmdb lmdb = fixture.store.lmdb();
      List<Long> shared =
          fixture.queue(other).rows().stream().map(QueuedRow::sequence).toList(); // 20
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        var keys = new Keys();
        var row = new RowWriter();
        for (int at : new int[] {0, 10, 19}) { // has three receivers, it says
          MemorySegment key = keys.message(shared.get(at), 0);
          int length = lmdb.messages.get(txn, key).get(Bytes.INT, Integer.BYTES);
          lmdb.messages.put(txn, key, row.begin().putInt(3).putInt(length).row());
        }
        for (int at : new int[] {1, 11, 18}) { // is gone
          lmdb.messages.delete(txn, keys.message(shared.get(at), 0));
          lmdb.messages.delete(txn, keys.message(shared.get(at), 1));
        }
        for (int at : new int[] {2, 12, 17}) { // nobody has it
          lmdb.queue.delete(txn, keys.queue(number, shared.get(at)));
          lmdb.queue.delete(txn, keys.queue(other, shared.get(at)));
        }
        txn.commit();
      }
      List<String> problems = problems(lmdb, ReferenceWindow.SEQUENCES_MAX);
      assertEquals(3, problems.stream().filter(p -> p.contains("counts 3 receivers")).count());
      assertEquals(3, problems.stream().filter(p -> p.contains("receivers, has 0")).count());
      assertEquals(6, problems.stream().filter(p -> p.contains("which does not exist")).count());
      assertEquals(3, problems.stream().filter(p -> p.contains("2 rows too many")).count());
      for (int window : new int[] {2, 3, 5, 17}) {
        assertEquals(problems, problems(lmdb, window), () -> "windows of " + window);
      }
    }
  }

  private static List<String> problems(Lmdb lmdb, int window) {
    StoreCheck.Report report = StoreCheck.run(lmdb, _ -> {}, 1_000, new ReferenceWindow(window));
    return report.descriptions().stream().sorted().toList();
  }

  /** It lies in two parts, and is put together outside the map. */
  @Test
  void keepsAMessageThatIsLargerThanAPage() throws Exception {
    String payload = "x".repeat(5_000);
    try (var fixture = StoreFixture.open(directory)) {
      number = fixture.session("device").number();
      fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", payload), number));
    }
    StoreRepair.Report report = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertEquals(0, report.leftOut(), () -> report.descriptions().toString());
    assertTrue(check().isSound());
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(payload, StoreFixture.payload(fixture.queue(number).rows().getFirst()));
    }
  }

  @Test
  void leavesOutDamagedRowsAndMakesTheCountersTrueAgain() throws Exception {
    fill();
    try (var fixture = StoreFixture.open(directory)) {
      Lmdb lmdb = fixture.store.lmdb();
      long first = fixture.queue(number).rows().getFirst().sequence();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        var keys = new Keys();
        var row = new RowWriter();
        lmdb.queue.put(txn, keys.queue(number, first), row.begin().putByte(99).row());
        lmdb.retained.put(txn, keys.topic("r/3".getBytes(UTF_8)), row.begin().putByte(77).row());
        lmdb.sessions.delete(txn, keys.number(other));
        lmdb.meta.delete(txn, keys.raw(Keys.STATE));
        txn.commit();
      }
    }
    assertFalse(check().isSound());
    StoreRepair.Report report = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 100);
    // A row and a retained message, and what the lost session owned: its queue and its head.
    assertEquals(2 + 21, report.leftOut(), () -> report.descriptions().toString());
    assertEquals(0, report.recordsLeftOut());
    assertTrue(Files.exists(report.damagedFile()), "nothing is thrown away");
    StoreCheck.Report after = check();
    assertTrue(after.isSound(), () -> after.descriptions().toString());
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(39, fixture.queue(number).rows().size());
      assertEquals(19, fixture.retained("#").size());
      assertEquals(1, fixture.sessions().size());
      assertEquals(1, fixture.sessions().getFirst().subscriptions().size());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 600, 65_535})
  void leavesOutARowWhoseKeyHasALengthThatNoneCanHave(int bytes) throws Exception {
    fill();
    byte[] key = "a key that is damaged".getBytes(UTF_8);
    byte[] value = new byte[999];
    Arrays.fill(value, (byte) 1); // a revision, wherever it is looked for
    try (var fixture = StoreFixture.open(directory)) {
      fixture.apply(new PutRecord(RecordTable.POLICY, key, PutRecord.ANY_REVISION, value, true));
    }
    DamagedPages.misstateLength(directory, key, bytes);
    assertFalse(check().isSound());
    StoreRepair.Report report = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertEquals(1, report.leftOut(), () -> report.descriptions().toString());
    assertEquals(1, report.recordsLeftOut());
    String said = report.descriptions().getFirst();
    assertTrue(said.contains("POLICY") && said.contains("a key of " + bytes + " bytes"), said);
    assertTrue(check().isSound());
  }

  @Test
  void leavesOutSessionsWithoutAClientAndKeepsThoseBetween() throws Exception {
    fill();
    try (var fixture = StoreFixture.open(directory)) {
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        var row = new RowWriter().begin();
        new SessionState(0, "").write(row);
        lmdb.sessions.put(txn, new Keys().number(0), row.row());
        lmdb.sessions.put(txn, new Keys().number(99), row.row());
        txn.commit();
      }
    }
    StoreRepair.Report report = StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertEquals(2, report.leftOut(), () -> report.descriptions().toString());
    assertTrue(check().isSound());
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(2, fixture.sessions().size());
    }
  }

  @Test
  void keepsTheModeOfTheFile() throws Exception {
    fill();
    Path file = directory.resolve(Lmdb.DATA_FILE);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  /** The broker runs as another user, who could not open it. */
  @Test
  void whatRootRepairsBelongsToWhomItDid() throws Exception {
    fill();
    assumeTrue(StoreFiles.isRoots(directory.resolve(Lmdb.DATA_FILE)), "needs root");
    Files.delete(directory.resolve("lock.mdb"));
    StoreFiles.deleteTree(directory.resolve("native"));
    Files.setAttribute(directory.resolve(Lmdb.DATA_FILE), "unix:uid", 4_242);
    Files.setAttribute(directory.resolve(Lmdb.DATA_FILE), "unix:gid", 4_243);
    StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(path -> !path.equals(directory)).toList()) {
        assertEquals(4_242, Files.getAttribute(file, "unix:uid"), file::toString);
        assertEquals(4_243, Files.getAttribute(file, "unix:gid"), file::toString);
      }
    }
  }

  @Test
  void aRepairWithoutRoomLeavesNothingBehindAndSaysWhatItNeeds() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      fixture.writeMoreThanASmallMapTakes();
    }
    requireRefusalForWantOfRoom();
  }

  @Test
  void aRepairWithoutRoomForTheMessagesOfQueuesSaysTheSame() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      number = fixture.session("device").number();
      for (int i = 0; i < 80; i++) {
        var message = StoreFixture.message("large", "x".repeat(300_000));
        fixture.apply(StoreFixture.publish(message, number));
      }
    }
    requireRefusalForWantOfRoom();
  }

  private void requireRefusalForWantOfRoom() throws Exception {
    long bytes = Files.size(directory.resolve(Lmdb.DATA_FILE));
    String refusal =
        String.valueOf(
            assertThrows(
                    StoreOpenException.class,
                    () -> StoreRepair.run(directory, StoreFixture.SMALL_MAP, _ -> {}, 10))
                .getMessage());
    assertTrue(refusal.contains("needs up to " + bytes + " bytes"), refusal);
    assertFalse(Files.exists(directory.resolve("unfinished-repair")));
    assertTrue(check().isSound(), "it is as it was");
  }

  /** Of a write on a disk that is full the first part finds room: LMDB tells an I/O error. */
  @Test
  void aWriteThatWasCutShortIsPerhapsForWantOfRoom() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      fixture.writeMoreThanASmallMapTakes();
    }
    String limit = "ulimit -f 10001 && exec \"$@\""; // blocks, and no whole number of pages
    List<String> command = new ArrayList<>(List.of("sh", "-c", limit, "sh"));
    command.addAll(ChildProcess.command(RepairChild.class, directory.toString()));
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(child.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, child.waitFor(), said);
    assertTrue(said.contains("the disk is perhaps full: it needs up to "), said);
    assertTrue(check().isSound(), "it is as it was");
  }

  @Test
  void putsAStoreAsideWithoutDeletingIt() throws Exception {
    fill();
    Path aside = StoreFiles.quarantine(directory);
    assertTrue(Files.exists(aside));
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(List.of(), fixture.sessions());
    }
  }

  @Test
  void beginsNoStoreWhereThereIsNone(@TempDir Path empty) {
    assertThrows(
        StoreOpenException.class, () -> StoreCheck.run(empty, StoreFixture.CONFIG, _ -> {}, 10));
    assertThrows(
        StoreOpenException.class, () -> StoreRepair.run(empty, StoreFixture.CONFIG, _ -> {}, 10));
    assertThrows(StoreOpenException.class, () -> StoreFiles.quarantine(empty));
  }

  @Test
  void doesNotTouchAStoreInUse() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      fixture.session("device");
      for (var attempt :
          List.<org.junit.jupiter.api.function.Executable>of(
              () -> StoreRepair.run(directory, StoreFixture.CONFIG, _ -> {}, 10),
              () -> StoreFiles.quarantine(directory),
              () -> StoreFiles.backup(directory, StoreFixture.CONFIG, directory.resolve("b")))) {
        String refusal =
            String.valueOf(assertThrows(StoreOpenException.class, attempt).getMessage());
        assertTrue(refusal.contains("is in use by process"), refusal);
      }
    }
  }
}

package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.packet.Qos;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;

/** What may be opened, what is refused and with what words, and what a copy is worth. */
final class StoreFilesTest {
  @TempDir Path directory;

  private String refusal() {
    return String.valueOf(
        assertThrows(StoreOpenException.class, () -> StoreFixture.open(directory)).getMessage());
  }

  private Path dataFile() {
    return directory.resolve(Lmdb.DATA_FILE);
  }

  @Test
  void refusesASecondOwnerAndNamesTheFirst() throws Exception {
    try (var _ = StoreFixture.open(directory)) {
      String refusal = refusal();
      assertTrue(refusal.contains("in use by process " + ProcessHandle.current().pid()), refusal);
      assertThrows(
          StoreOpenException.class,
          () -> StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 1));
    }
    StoreFixture.open(directory).close();
  }

  /** The id in the lock is of the owner before. */
  @Test
  void refusesAnOwnerWhileARestoreCopiesAndNamesNoProcess() throws Exception {
    StoreFixture.open(directory).close();
    Process restore =
        new ProcessBuilder(ChildProcess.command(CopyingChild.class, directory.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var told = restore.inputReader()) {
      assertEquals("copying", told.readLine());
      String refusal = refusal();
      assertTrue(refusal.contains("is being copied by \"signalbox restore\""), refusal);
    } finally {
      restore.destroyForcibly();
    }
  }

  @Test
  void refusesAFileThatIsNoDatabase() throws Exception {
    byte[] noise = new byte[50_000];
    new Random(1).nextBytes(noise);
    Files.write(dataFile(), noise);
    String refusal = refusal();
    assertTrue(refusal.contains("is not a store of this program; move it away"), refusal);
    assertEquals(50_000, Files.size(dataFile()), "left as it was");
  }

  @Test
  void refusesTheDatabaseOfAnotherProgram() throws Exception {
    try (Env<MemorySegment> env = foreign()) {
      Dbi<MemorySegment> table = env.openDbi("customers", DbiFlags.MDB_CREATE);
      table.put(
          new RowWriter().begin().putBytes("key".getBytes(UTF_8)).row(),
          new RowWriter().begin().putBytes("value".getBytes(UTF_8)).row());
    }
    assertTrue(refusal().contains("is not a store of this program"));
    try (Env<MemorySegment> env = foreign()) {
      assertEquals(1, env.getDbiNames().size(), "nothing was made in it");
    }
  }

  @Test
  void refusesAnotherProgramsTableOfTheSameName() throws Exception {
    try (Env<MemorySegment> env = foreign()) {
      Dbi<MemorySegment> table = env.openDbi("meta", DbiFlags.MDB_CREATE);
      table.put(
          new RowWriter().begin().putBytes("key".getBytes(UTF_8)).row(),
          new RowWriter().begin().putBytes("value".getBytes(UTF_8)).row());
    }
    assertTrue(refusal().contains("is not a store of this program"));
  }

  private Env<MemorySegment> foreign() {
    return Env.create(SegmentProxy.INSTANCE)
        .setMapSize(1 << 20)
        .setMaxDbs(4)
        .open(directory.toFile(), EnvFlags.MDB_NOTLS);
  }

  @Test
  void refusesAStoreOfANewerVersion() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        var row = new RowWriter().begin().putBytes("signlbox".getBytes(UTF_8)).putInt(77);
        lmdb.meta.put(txn, new Keys().raw(Keys.FORMAT), row.row());
        txn.commit();
      }
    }
    String refusal = refusal();
    assertTrue(refusal.contains("written by a newer version of this program (format 77"), refusal);
  }

  @Test
  void bringsAStoreOfFormat1UpToDate() throws Exception {
    long number;
    try (var fixture = StoreFixture.open(directory)) {
      number = fixture.session("device").number();
      OpenedSession ended = fixture.session("ended");
      for (int i = 0; i < 10; i++) {
        fixture.apply(
            StoreFixture.publish(StoreFixture.message("a", "m" + i), number, ended.number()));
      }
      fixture.apply(new EndSession(ended.number(), Command.ANY_EPOCH));
      fixture.apply(StoreFixture.retain(StoreFixture.message("b", "kept")));
      fixture.becomeFormat1();
    }
    String refusal =
        String.valueOf(
            assertThrows(
                    StoreOpenException.class,
                    () -> StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 10),
                    "who only looks changes nothing")
                .getMessage());
    assertTrue(refusal.contains("has format 1, this program writes 2"), refusal);
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(10, fixture.store.totals().queuedMessages());
      fixture.apply(StoreFixture.publish(StoreFixture.message("a", "m10"), number));
      assertEquals(11, fixture.store.totals().queuedMessages());
      assertEquals("m0", StoreFixture.payload(fixture.queue(number).rows().getFirst()));
      assertEquals(1, fixture.retained("#").size());
      StoreCheck.Report report = StoreCheck.run(fixture.store, _ -> {}, 10);
      assertTrue(report.isSound(), () -> report.descriptions().toString());
    }
  }

  @Test
  void leavesAStoreOfFormat1AsItIsWhenItCannotReadIt() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      fixture.session("device");
      fixture.becomeFormat1();
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        lmdb.meta.put(txn, new Keys().raw(Keys.STATE), new RowWriter().begin().putByte(9).row());
        txn.commit();
      }
    }
    String refusal = refusal();
    assertTrue(refusal.contains("cannot be brought from format 1 to 2"), refusal);
    assertEquals(refusal, refusal(), "it still has format 1");
  }

  @Test
  void leavesAStoreOfFormat1AsItIsWhenThereIsNoRoom() throws Exception {
    Path copy = directory.resolve("copy");
    try (var fixture = StoreFixture.open(directory.resolve("original"))) {
      fixture.writeMoreThanASmallMapTakes();
      fixture.becomeFormat1();
      fixture.store.backup(copy); // has no page that is free
    }
    for (int attempt = 0; attempt < 2; attempt++) {
      String refusal =
          String.valueOf(
              assertThrows(
                      StoreOpenException.class,
                      () -> StoreFiles.bringUpToDate(copy, StoreFixture.SMALL_MAP))
                  .getMessage());
      assertTrue(refusal.contains("make room and do it again; the file is as it was"), refusal);
    }
    StoreFiles.bringUpToDate(copy, StoreFixture.CONFIG);
  }

  @Test
  void doesNotStartWithoutASessionThatCannotBeRead() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.session("device").number();
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        lmdb.sessions.put(txn, new Keys().number(number), new RowWriter().begin().putByte(9).row());
        txn.commit();
      }
    }
    try (var fixture = StoreFixture.open(directory)) {
      String refusal =
          String.valueOf(assertThrows(StoreOpenException.class, fixture::sessions).getMessage());
      assertTrue(refusal.contains("signalbox store check"), refusal);
    }
  }

  @Test
  void refusesAFileThatLostItsEnd() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.session("device").number();
      for (int i = 0; i < 2_000; i++) {
        fixture
            .store
            .writer()
            .submit(StoreFixture.publish(StoreFixture.message("a", "x".repeat(500)), number), null);
      }
    }
    byte[] whole = Files.readAllBytes(dataFile());
    for (int eighths = 1; eighths <= 4; eighths++) {
      int end = whole.length / 8 * eighths;
      Files.write(dataFile(), Arrays.copyOf(whole, end));
      for (int again = 0; again < 2; again++) {
        String refusal = refusal();
        assertTrue(refusal.contains("has lost its end"), refusal);
        assertEquals(end, Files.size(dataFile()));
      }
    }
  }

  @Test
  void refusesAFileThatEndsWithinAPage() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long _ = session(fixture);
    }
    byte[] whole = Files.readAllBytes(dataFile());
    Files.write(dataFile(), Arrays.copyOf(whole, whole.length - 2_048));
    String refusal = refusal();
    assertTrue(refusal.contains("has lost its end"), refusal);
    assertFalse(StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 10).isSound());
    assertEquals(whole.length - 2_048, Files.size(dataFile()));
  }

  /** Their Packet Identifiers stand for other messages by now. */
  @Test
  void forgetsWhatPublishersHaveYetToRelease() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = session(fixture);
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        for (int id = 1; id <= 3; id++) {
          lmdb.inboundQos2.put(
              txn, new Keys().inboundQos2(number, id), new RowWriter().begin().row());
        }
        txn.commit();
      }
      assertEquals(3, fixture.sessions().getFirst().inboundQos2().length);
    }
    StoreFiles.forgetInbound(directory, StoreFixture.CONFIG);
    assertTrue(StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 10).isSound());
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(0, fixture.sessions().getFirst().inboundQos2().length);
    }
  }

  /** LMDB does not write pages that a transaction took at the end and gave back. */
  @Test
  void opensAFileWhoseEndWasNeverWritten() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      fixture.apply(StoreFixture.publish(StoreFixture.message("a", "m"), session(fixture)));
    }
    try (Lmdb lmdb = Lmdb.open(directory, StoreFixture.CONFIG)) {
      takeAndGiveBackPages(lmdb);
      assertTrue(Files.size(dataFile()) < lmdb.fileBytes());
    }
    long end = Files.size(dataFile());
    assertTrue(StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 10).isSound());
    assertEquals(end, Files.size(dataFile()), "who only looks leaves it as it was");
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(1, fixture.sessions().size());
      assertEquals(fixture.store.lmdb().fileBytes(), Files.size(dataFile()));
      takeAndGiveBackPages(fixture.store.lmdb());
      assertTrue(Files.size(dataFile()) < fixture.store.lmdb().fileBytes());
      fixture.apply(StoreFixture.publish(StoreFixture.message("a", "m"), 1));
      assertEquals(fixture.store.lmdb().fileBytes(), Files.size(dataFile()));
    }
  }

  private static long session(StoreFixture fixture) throws Exception {
    return fixture.session("device").number();
  }

  private static void takeAndGiveBackPages(Lmdb lmdb) {
    MemorySegment key = new Keys().raw(new byte[] {1});
    for (int freed = 0; freed < 5; freed++) {
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        lmdb.meta.put(txn, key, new RowWriter().begin().putBytes(new byte[100 * freed]).row());
        txn.commit();
      }
    }
    try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
      lmdb.meta.put(txn, key, new RowWriter().begin().putBytes(new byte[5]).row());
      lmdb.retained.put(txn, key, new RowWriter().begin().putBytes(new byte[10 << 20]).row());
      lmdb.retained.delete(txn, key);
      lmdb.meta.delete(txn, key);
      txn.commit();
    }
  }

  @Test
  void asksForLessWhenTheSystemRefusesTheMap() throws Exception {
    var config =
        new StoreConfig(0, 0, 1 << 20, 128L << 40, 4_096, 4 << 20, 65_536, 64L << 20, 1, 1_000);
    try (var fixture =
        new StoreFixture(
            directory, config, StoreLimits.DEFAULTS, Clocks.system(), Committer.TO_DISK)) {
      long granted = fixture.store.lmdb().env.info().mapSize;
      assertTrue(granted >= 1L << 30 && granted < 128L << 40, "map of " + granted + " bytes");
      fixture.session("device");
    }
  }

  @Test
  void unpacksTheNativeLibraryBesideTheDataAndTidiesUp() throws Exception {
    Path left = Files.createDirectories(directory.resolve("native")).resolve("liblmdb-old.so");
    Files.write(left, new byte[1]);
    StoreFixture.open(directory).close();
    assertFalse(Files.exists(left));
  }

  @Test
  void copiesAConsistentStateWhileItIsWritten(@TempDir Path elsewhere) throws Exception {
    long number;
    try (var fixture = StoreFixture.open(directory)) {
      number = fixture.session("device").number();
      fixture.apply(
          new StoreSubscriptions(
              number,
              Command.ANY_EPOCH,
              List.of(StoreFixture.subscription("a/#", Qos.AT_LEAST_ONCE))));
      for (int i = 0; i < 1_000; i++) {
        fixture
            .store
            .writer()
            .submit(StoreFixture.publish(StoreFixture.message("a", "before"), number), null);
      }
      fixture.apply(new Barrier());
      var stop = new AtomicBoolean();
      var writing =
          new Thread(
              () -> {
                while (!stop.get()) {
                  if (!fixture.store.writer().congested()) {
                    fixture
                        .store
                        .writer()
                        .submit(
                            StoreFixture.publish(StoreFixture.message("a", "during"), number),
                            null);
                  }
                }
              });
      writing.start();
      fixture.store.backup(elsewhere.resolve("copy"));
      stop.set(true);
      writing.join();
      assertThrows(
          DirectoryNotEmptyException.class,
          () -> fixture.store.backup(elsewhere.resolve("copy")),
          "never over another copy");
    }
    StoreCheck.Report report =
        StoreCheck.run(elsewhere.resolve("copy"), StoreFixture.CONFIG, _ -> {}, 10);
    assertTrue(report.isSound(), () -> report.descriptions().toString());
    try (var copy = StoreFixture.open(elsewhere.resolve("copy"))) {
      List<QueuedRow> rows = copy.queue(number, 0, 1_000).rows();
      assertEquals(1_000, rows.size());
      assertEquals("before", StoreFixture.payload(rows.getLast()));
      assertEquals(1, copy.sessions().getFirst().subscriptions().size());
    }
  }
}

package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.store.Committer.NoRoomException;
import io.signalbox.server.store.StoreException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.LmdbNativeException;
import org.lmdbjava.Txn;

/** Group commit: what waits, who is told when, and what a failing disk does. */
final class StoreWriterTest {
  @TempDir Path directory;

  /** A disk that stops, fails or is full when a test says so. */
  private static final class Disk implements Committer {
    final Semaphore commits = new Semaphore(Integer.MAX_VALUE);
    final AtomicReference<@Nullable Supplier<RuntimeException>> failure = new AtomicReference<>();
    final AtomicInteger full = new AtomicInteger();
    final AtomicInteger succeedBefore = new AtomicInteger();

    /** The writer waits in its next commit. */
    void hold() {
      commits.drainPermits();
    }

    void release() {
      commits.release(1_000_000);
    }

    /** The writer has gathered a batch and waits in its commit: what comes now is for the next. */
    void awaitHeld() {
      await(commits::hasQueuedThreads);
    }

    /** Bounded, so that a test that fails while it holds the disk can close its store. */
    private void awaitRelease() {
      try {
        if (!commits.tryAcquire(1, TimeUnit.MINUTES)) {
          throw new IllegalStateException("the test does not release the disk");
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void commit(Txn<MemorySegment> txn) throws NoRoomException {
      awaitRelease();
      Supplier<RuntimeException> failing = failure.get();
      if (failing != null) {
        throw failing.get();
      }
      if (succeedBefore.getAndDecrement() <= 0 && full.get() > 0) {
        full.decrementAndGet();
        throw new NoRoomException("full");
      }
      Committer.TO_DISK.commit(txn);
    }
  }

  private static StoreConfig config(int queueCommandsMax) {
    return new StoreConfig(
        0, 0, 1 << 20, 1L << 40, 4_096, 4 << 20, queueCommandsMax, 64L << 20, 1, 1_000);
  }

  private StoreFixture open(Disk disk, int queueCommandsMax) throws StoreOpenException {
    return new StoreFixture(
        directory, config(queueCommandsMax), StoreLimits.DEFAULTS, Clocks.system(), disk);
  }

  /** What a completion was told. */
  private record Answer(int id, @Nullable Object result, @Nullable Reason failure) {}

  private static Completion completion(EventLoop loop, int id, List<Answer> answers) {
    return new Completion() {
      @Override
      public EventLoop loop() {
        return loop;
      }

      @Override
      public void completed(@Nullable Object result, @Nullable StoreException failure) {
        assertTrue(loop.isCurrent());
        synchronized (answers) {
          answers.add(new Answer(id, result, failure == null ? null : failure.reason()));
          answers.notifyAll();
        }
      }
    };
  }

  private static List<Answer> await(List<Answer> answers, int count) throws Exception {
    synchronized (answers) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (answers.size() < count && System.nanoTime() < end) {
        answers.wait(1_000);
      }
      assertTrue(answers.size() >= count, () -> answers.size() + " of " + count + " answers");
      return List.copyOf(answers);
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
  void answersEachLoopInOrderWithOneWakeUpForEachCommit() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536);
        var other = new WorkerLoop(1)) {
      long number = fixture.session("device").number();
      disk.hold();
      List<Answer> first = new ArrayList<>();
      List<Answer> second = new ArrayList<>();
      StoreWriter writer = fixture.store.writer();
      writer.submit(publish(number), completion(fixture.loop, 0, first));
      disk.awaitHeld();
      for (int i = 1; i <= 500; i++) {
        writer.submit(publish(number), completion(fixture.loop, i, first));
        writer.submit(publish(number), completion(other, i, second));
      }
      int wakeUps = fixture.loop.executed();
      disk.release();
      assertEquals(
          java.util.stream.IntStream.rangeClosed(0, 500).boxed().toList(),
          await(first, 501).stream().map(Answer::id).toList());
      assertEquals(500, await(second, 500).size());
      assertEquals(2, fixture.loop.executed() - wakeUps, "commits that answered this loop");
      assertEquals(1, other.executed());
    }
  }

  private static StorePublish publish(long number) {
    return StoreFixture.publish(StoreFixture.message("a/b", "payload"), number);
  }

  @Test
  void tellsPublishersToStopAndWhenToGoOn() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 10)) {
      StoreWriter writer = fixture.store.writer();
      long number = fixture.session("device").number();
      disk.hold();
      writer.submit(publish(number), null);
      disk.awaitHeld();
      for (int i = 0; i < 9; i++) {
        writer.submit(publish(number), null);
      }
      assertFalse(writer.congested());
      writer.submit(publish(number), null);
      assertTrue(writer.congested());
      var relieved = new CountDownLatch(1);
      writer.whenRelieved(fixture.loop, relieved::countDown);
      assertFalse(relieved.await(50, TimeUnit.MILLISECONDS));
      disk.release();
      assertTrue(relieved.await(60, TimeUnit.SECONDS));
      var again = new CountDownLatch(1);
      writer.whenRelieved(fixture.loop, again::countDown);
      assertTrue(again.await(60, TimeUnit.SECONDS), "at once when there is room");
    }
  }

  @Test
  void refusesPublishesFarOverTheMarkButNotWhatMakesRoom() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 10)) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      disk.hold();
      writer.submit(publish(session.number()), null);
      disk.awaitHeld();
      List<Answer> answers = new ArrayList<>();
      for (int i = 0; i < 41; i++) {
        writer.submit(publish(session.number()), completion(fixture.loop, i, answers));
      }
      writer.submit(
          new Dequeue(session.number(), session.epoch(), 1, null),
          completion(fixture.loop, 41, answers));
      disk.release();
      List<Answer> all = await(answers, 42);
      assertNull(all.get(39).failure());
      assertEquals(Reason.BUSY, all.get(40).failure());
      assertEquals(40, all.get(40).id(), "a refusal does not overtake");
      assertNull(all.get(41).failure());
    }
  }

  @Test
  @Behaviour(120)
  void acknowledgesNothingMoreWhenTheDiskFails() throws Exception {
    var disk = new Disk();
    long number;
    try (var fixture = open(disk, 65_536)) {
      number = fixture.session("device").number();
      fixture.apply(publish(number));
      disk.failure.set(() -> new UncheckedIOException(new java.io.IOException("sync failed")));
      List<Answer> answers = new ArrayList<>();
      fixture.store.writer().submit(publish(number), completion(fixture.loop, 0, answers));
      assertEquals(Reason.FAILED, await(answers, 1).getFirst().failure());
      disk.failure.set(null);
      fixture.store.writer().submit(publish(number), completion(fixture.loop, 1, answers));
      assertEquals(Reason.FAILED, await(answers, 2).get(1).failure());
      assertEquals(
          Reason.FAILED,
          assertThrows(StoreException.class, () -> fixture.apply(new Barrier())).reason());
      assertNotNull(fixture.fatal.get());
    }
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(1, fixture.queue(number).rows().size(), "what was acknowledged, and no more");
    }
  }

  @Test
  @Behaviour(149)
  void refusesOnlyWhatGrowsWhenACommitFindsTheDiskFull() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      fixture.apply(publish(session.number()));
      disk.hold();
      List<Answer> answers = new ArrayList<>();
      // The two are one batch: the writer is held in the commit of a command before.
      disk.succeedBefore.set(1);
      disk.full.set(1);
      writer.submit(new MarkSent(session.number(), session.epoch(), 0), null);
      disk.awaitHeld();
      writer.submit(publish(session.number()), completion(fixture.loop, 0, answers));
      writer.submit(
          new Dequeue(session.number(), session.epoch(), 1, null),
          completion(fixture.loop, 1, answers));
      disk.release();
      List<Answer> all = await(answers, 2);
      assertEquals(Reason.STORE_FULL, all.get(0).failure());
      assertNull(all.get(1).failure());
      assertTrue(fixture.queue(session.number()).rows().isEmpty());
      assertNull(fixture.fatal.get());
      awaitAccepted(fixture, session.number());
    }
  }

  /** Service resumes by itself, and says when. */
  private static void awaitAccepted(StoreFixture fixture, long number) throws Exception {
    var room = new CountDownLatch(1);
    fixture.store.writer().whenRoom(fixture.loop, room::countDown);
    assertTrue(room.await(60, TimeUnit.SECONDS), "still full");
    fixture.apply(publish(number));
  }

  private static RuntimeException ioError() {
    try {
      Constructor<LmdbNativeException> maker =
          LmdbNativeException.class.getDeclaredConstructor(int.class, String.class);
      maker.setAccessible(true);
      return maker.newInstance(5, "Input/output error (5)");
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** LMDB tells an I/O error of it, as of a disk that fails. */
  @Test
  @Behaviour(149)
  void aWriteThatIsCutShortByTheEndOfTheDiskIsForWantOfRoom() throws Exception {
    var disk = new Disk();
    var free = new AtomicLong(1L << 40);
    try (var fixture =
        new StoreFixture(
            directory,
            config(65_536),
            StoreLimits.DEFAULTS,
            Clocks.system(),
            disk,
            _ -> free.get())) {
      OpenedSession session = fixture.session("device");
      disk.failure.set(
          () -> {
            free.set(0);
            return ioError();
          });
      List<Answer> answers = new ArrayList<>();
      StoreWriter writer = fixture.store.writer();
      writer.submit(publish(session.number()), completion(fixture.loop, 0, answers));
      assertEquals(Reason.STORE_FULL, await(answers, 1).getFirst().failure());
      writer.submit(
          StoreFixture.retain(StoreFixture.message("a", "")), completion(fixture.loop, 1, answers));
      awaitNoRoomForWhatMakesRoom(fixture); // it waits, with what makes room
      disk.failure.set(null);
      assertNull(await(answers, 2).get(1).failure());
      free.set(1L << 40); // after the last failure, which sets it too
      assertNull(fixture.fatal.get());
      awaitAccepted(fixture, session.number());
    }
  }

  /** Java has no number for it, but the system's words. */
  @Test
  void tellsADiskWithoutRoomByTheErrorOfAFile() throws Exception {
    try (var full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
      ByteBuffer something = ByteBuffer.allocate(1);
      IOException noSpace = assertThrows(IOException.class, () -> full.write(something));
      assertTrue(Committer.isNoRoom(noSpace), noSpace::getMessage);
    }
    assertTrue(Committer.isNoRoom(new IOException(SystemErrors.words(122))), "EDQUOT");
    assertFalse(Committer.isNoRoom(new IOException(SystemErrors.words(5))));
    assertFalse(Committer.isNoRoom(new IOException((String) null)));
  }

  @Test
  @Behaviour(120)
  void aWriteThatFailsOnADiskWithRoomIsAFailureOfTheDisk() throws Exception {
    var disk = new Disk();
    try (var fixture =
        new StoreFixture(
            directory,
            config(65_536),
            StoreLimits.DEFAULTS,
            Clocks.system(),
            disk,
            _ -> 1L << 30)) {
      long number = fixture.session("device").number();
      disk.failure.set(StoreWriterTest::ioError);
      assertEquals(
          Reason.FAILED,
          assertThrows(StoreException.class, () -> fixture.apply(publish(number))).reason());
      await(() -> fixture.fatal.get() != null);
    }
  }

  @Test
  void refusesOnlyTheCommandThatFailsToApply() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      fixture.apply(publish(session.number()));
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        MemorySegment damaged = new RowWriter().begin().putByte(99).row();
        lmdb.queue.put(txn, new Keys().queue(session.number(), 1), damaged);
        txn.commit();
      }
      disk.hold();
      writer.submit(publish(session.number()), null);
      disk.awaitHeld();
      List<Answer> answers = new ArrayList<>();
      writer.submit(publish(session.number()), completion(fixture.loop, 0, answers));
      writer.submit(
          new Dequeue(session.number(), session.epoch(), 1, null),
          completion(fixture.loop, 1, answers));
      writer.submit(publish(session.number()), completion(fixture.loop, 2, answers));
      disk.release();
      List<Answer> all = await(answers, 3);
      assertNull(all.get(0).failure());
      assertEquals(Reason.INTERNAL, all.get(1).failure());
      assertNull(all.get(2).failure());
      assertEquals(
          List.of(2L, 3L, 4L),
          fixture.queue(session.number()).rows().stream().map(QueuedRow::sequence).toList(),
          "in order, and a damaged row is passed over");
    }
  }

  @Test
  void keepsASequenceThatWasToldAlthoughItsBatchIsTriedAgain() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      disk.full.set(1);
      disk.hold();
      StorePublish will = StoreFixture.retain(StoreFixture.message("a", ""));
      List<Answer> answers = new ArrayList<>();
      writer.submit(will, completion(fixture.loop, 0, answers));
      disk.awaitHeld();
      await(() -> will.sequence() != 0);
      long told = will.sequence();
      disk.release();
      assertNull(await(answers, 1).getFirst().failure());
      assertEquals(told, will.sequence());
      awaitAccepted(fixture, session.number());
      assertEquals(told + 1, fixture.queue(session.number()).rows().getFirst().sequence());
    }
  }

  @Test
  void movesARowBehindWhatWasToldAlthoughItsBatchIsTriedAgain() throws Exception {
    var disk = new Disk();
    var onePlace = new StoreLimits(1, 1 << 20, Overflow.DROP_NEWEST, Long.MAX_VALUE, 100, 1 << 20);
    try (var fixture =
        new StoreFixture(directory, config(65_536), onePlace, Clocks.system(), disk)) {
      StoreWriter writer = fixture.store.writer();
      long from = fixture.session("from").number();
      long to = fixture.session("to").number();
      StorePublish row = publish(from);
      fixture.apply(row);
      disk.hold();
      disk.succeedBefore.set(1);
      disk.full.set(1);
      writer.submit(new MarkSent(to, Command.ANY_EPOCH, 0), null);
      disk.awaitHeld(); // what comes now is one batch
      StorePublish cleared = StoreFixture.retain(StoreFixture.message("a", ""));
      List<Answer> answers = new ArrayList<>();
      writer.submit(publish(to), completion(fixture.loop, 0, answers)); // takes the place
      writer.submit(
          new MoveQueued(from, Command.ANY_EPOCH, row.sequence(), null, to, (byte) 1, new int[0]),
          completion(fixture.loop, 1, answers));
      writer.submit(cleared, completion(fixture.loop, 2, answers));
      disk.release();
      List<Answer> all = await(answers, 3);
      assertEquals(Reason.STORE_FULL, all.get(0).failure());
      assertNull(all.get(2).failure());
      assertEquals(cleared.sequence() + 1, all.get(1).result());
      assertEquals(1, fixture.queue(to).rows().size());
    }
  }

  @Test
  void refusesWhatGrowsWhileTheDiskIsBelowItsReserveAndResumesByItself() throws Exception {
    var free = new AtomicLong(1L << 40);
    try (var fixture =
        new StoreFixture(
            directory,
            config(65_536),
            StoreLimits.DEFAULTS,
            Clocks.system(),
            Committer.TO_DISK,
            _ -> free.get())) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      fixture.apply(publish(session.number()));
      free.set(0); // the reserve is one MiB, the pages of the file that wait for reuse are few
      await(() -> !writer.hasRoom()); // it looks from time to time, also when nothing comes
      assertEquals(
          Reason.STORE_FULL,
          assertThrows(StoreException.class, () -> fixture.apply(publish(session.number())))
              .reason());
      assertThrows(StoreException.class, () -> fixture.session("new"));
      fixture.apply(StoreFixture.retain(StoreFixture.message("a", ""))); // clears
      fixture.apply(new Dequeue(session.number(), session.epoch(), 1, null));
      assertEquals(1, fixture.metrics.messagesDropped.of(Drop.STORE_FULL).value());
      var resumed = new CountDownLatch(1);
      writer.whenRoom(fixture.loop, resumed::countDown);
      free.set(1L << 40);
      assertTrue(resumed.await(60, TimeUnit.SECONDS), "told without another command");
      fixture.apply(publish(session.number()));
      assertEquals(1, fixture.queue(session.number()).rows().size());
    }
  }

  /** Each look at the time finds it later by as much as passes between two looks at the disk. */
  private static Clocks lookingEachTime() {
    var nanos = new AtomicLong();
    return new Clocks() {
      @Override
      public long wallMillis() {
        return Clocks.system().wallMillis();
      }

      @Override
      public long nanos() {
        return nanos.addAndGet(10_000_000);
      }
    };
  }

  /** What it frees waits for the backup; what a disk has that the file takes is gone. */
  @Test
  @Behaviour(149)
  void leavesTheReserveFreeWhileABackupKeepsPagesFromBeingUsedAgain() throws Exception {
    long diskBytes = 8 << 20;
    long reserveBytes = 1 << 20;
    DiskSpace.FreeSpace disk = file -> diskBytes - Files.size(file);
    try (var fixture =
        new StoreFixture(
            directory,
            config(65_536),
            StoreLimits.DEFAULTS,
            lookingEachTime(),
            Committer.TO_DISK,
            disk)) {
      StoreWriter writer = fixture.store.writer();
      Lmdb lmdb = fixture.store.lmdb();
      setAndClear(fixture);
      Lmdb.LongRead another = lmdb.longRead();
      try (Lmdb.LongRead _ = lmdb.longRead();
          Txn<MemorySegment> _ = lmdb.env.txnRead()) {
        while (writer.hasRoom()) {
          setAndClear(fixture);
          long free = disk.bytes(lmdb.dataFile());
          assertTrue(free > reserveBytes / 10 * 9, () -> free + " bytes are free");
        }
        another.close(); // pages wait for the one that lasts
        for (int i = 0; i < 10; i++) {
          fixture.apply(StoreFixture.retain(StoreFixture.message("a", ""))); // makes room
          assertFalse(writer.hasRoom(), "what is freed is no room yet");
        }
      }
      await(writer::hasRoom);
      for (int i = 0; i < 100; i++) {
        setAndClear(fixture);
      }
      assertTrue(disk.bytes(lmdb.dataFile()) > reserveBytes / 10 * 8, "pages are used again");
    }
  }

  /** Pages for a large message must lie together: the file grows, and small ones are still used. */
  @Test
  @Behaviour(149)
  void takesMessagesByItsFreePagesAlthoughOthersKeepTheDiskBelowItsReserve() throws Exception {
    var free = new AtomicLong(1L << 40);
    try (var fixture =
        new StoreFixture(
            directory,
            config(65_536),
            StoreLimits.DEFAULTS,
            lookingEachTime(),
            Committer.TO_DISK,
            _ -> free.get())) {
      StoreWriter writer = fixture.store.writer();
      int pages = 1_500;
      for (int i = 0; i < pages; i++) {
        writer.submit(retain("page/" + i, 3_000), null);
      }
      fixture.apply(new Barrier());
      for (int i = 0; i < pages; i += 2) {
        writer.submit(retain("page/" + i, 0), null);
      }
      fixture.apply(new Barrier());
      free.set(0);
      long before = fixture.store.lmdb().fileBytes();
      for (int i = 0; i < 10; i++) {
        fixture.apply(retain("large/" + i, 60_000));
      }
      long grown = fixture.store.lmdb().fileBytes() - before;
      assertTrue(grown > 400_000, () -> "the file has grown by " + grown);
      fixture.apply(retain("small", 10));
    }
  }

  private static StorePublish retain(String topic, int bytes) {
    return StoreFixture.retain(StoreFixture.message(topic, "x".repeat(bytes)));
  }

  private static void setAndClear(StoreFixture fixture) throws Exception {
    for (String payload : List.of("x".repeat(60_000), "")) {
      try {
        fixture.apply(StoreFixture.retain(StoreFixture.message("a", payload)));
      } catch (StoreException refused) {
        assertEquals(Reason.STORE_FULL, refused.reason());
      }
    }
  }

  @Test
  void callsNobodyWhoLeftBeforeThereWasRoom() throws Exception {
    var free = new AtomicLong(0);
    try (var fixture =
        new StoreFixture(
            directory,
            config(65_536),
            StoreLimits.DEFAULTS,
            Clocks.system(),
            Committer.TO_DISK,
            _ -> free.get())) {
      StoreWriter writer = fixture.store.writer();
      await(() -> !writer.hasRoom());
      var called = new AtomicInteger();
      List<Waiting> leaving = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        leaving.add(writer.whenRoom(fixture.loop, called::incrementAndGet));
      }
      var room = new CountDownLatch(1);
      Waiting last = writer.whenRoom(fixture.loop, room::countDown);
      leaving.forEach(Waiting::leave);
      assertEquals(1, fixture.metrics.storeWaiting.value());
      free.set(1L << 40);
      assertTrue(room.await(60, TimeUnit.SECONDS));
      assertEquals(0, fixture.metrics.storeWaiting.value());
      last.leave(); // too late, and without effect
      fixture.loop.execute(called::incrementAndGet);
      var passed = new CountDownLatch(1);
      fixture.loop.execute(passed::countDown);
      assertTrue(passed.await(60, TimeUnit.SECONDS));
      assertEquals(1, called.get());
    }
  }

  @Test
  void neverNamesAnotherRowByASequenceThatWasToldAndThenRefused() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      disk.full.set(1);
      StorePublish refused = publish(session.number());
      List<Answer> answers = new ArrayList<>();
      writer.submit(refused, completion(fixture.loop, 0, answers));
      assertEquals(Reason.STORE_FULL, await(answers, 1).getFirst().failure());
      assertTrue(refused.sequence() > 0, "its receiver has been told");
      awaitAccepted(fixture, session.number());
      // The receiver got the message before the commit failed, and acknowledges it now.
      fixture.apply(new Dequeue(session.number(), session.epoch(), 0, refused));
      assertEquals(1, fixture.queue(session.number()).rows().size(), "the other message stays");
      assertTrue(fixture.metrics.messagesDropped.of(Drop.STORE_FULL).value() > 0);
    }
  }

  /** What makes room is tried until it finds some, with the sequence that it has already. */
  @Test
  void triesABatchOnceMoreWhenNotEvenWhatMakesRoomFindsRoom() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      List<Answer> answers = new ArrayList<>();
      disk.hold();
      writer.submit(StoreFixture.retain(StoreFixture.message("b", "")), null);
      disk.awaitHeld();
      StorePublish clears = StoreFixture.retain(StoreFixture.message("a", ""));
      writer.submit(clears, completion(fixture.loop, 0, answers));
      writer.submit(publish(session.number()), completion(fixture.loop, 1, answers));
      disk.succeedBefore.set(1);
      disk.full.set(2);
      disk.release();
      List<Answer> all = await(answers, 2);
      assertNull(all.get(0).failure());
      assertEquals(Reason.STORE_FULL, all.get(1).failure());
    }
  }

  /** A clear of a large retained message that its sessions are to hear of, and no first refusal. */
  @Test
  @Behaviour(149)
  void appliesAClearThatMakesRoomAlthoughItsBatchFindsTheDiskFull() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      fixture.apply(retain("a", 60_000));
      fixture.apply(retain("b", 60_000));
      disk.full.set(1);
      disk.hold();
      disk.succeedBefore.set(1);
      writer.submit(new MarkSent(session.number(), session.epoch(), 0), null);
      disk.awaitHeld(); // what comes now is one batch
      List<Answer> answers = new ArrayList<>();
      var clearing = new Submitter();
      var behind = new Submitter();
      writer.submit(
          clearsFor("a", session.number()), completion(fixture.loop, 0, answers), clearing);
      writer.submit(publish(session.number()), completion(fixture.loop, 1, answers), behind);
      StorePublish late = clearsFor("b", session.number());
      writer.submit(late, completion(fixture.loop, 2, answers), behind);
      disk.release();
      List<Answer> all = await(answers, 3);
      assertNull(all.get(0).failure());
      assertFalse(clearing.isRefused());
      assertEquals(Reason.STORE_FULL, all.get(1).failure());
      assertEquals(Reason.STORE_FULL, all.get(2).failure(), "it would overtake");
      assertTrue(late.comesAgain());
      assertEquals(1, fixture.queue(session.number()).rows().size());
    }
  }

  private static StorePublish clearsFor(String topic, long number) {
    return new StorePublish(
        StoreFixture.message(topic, ""),
        StorePublish.Keepers.one(
            number, StorePublish.flags(Qos.AT_LEAST_ONCE, false, false), new int[0]),
        StorePublish.Retaining.IF_POSSIBLE,
        StorePublish.Qos2Origin.NONE,
        0,
        false);
  }

  @Test
  void letsNothingOvertakeARefusedCommandOfItsSubmitter() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      StoreWriter writer = fixture.store.writer();
      OpenedSession session = fixture.session("device");
      List<Answer> answers = new ArrayList<>();
      var submitter = new Submitter();
      disk.full.set(1);
      StorePublish first = publish(session.number());
      writer.submit(first, completion(fixture.loop, 0, answers), submitter);
      assertEquals(Reason.STORE_FULL, await(answers, 1).getFirst().failure());
      assertTrue(first.comesAgain(), "though it was told a sequence");
      awaitAccepted(fixture, session.number()); // there is room again
      StorePublish second = publish(session.number());
      writer.submit(second, completion(fixture.loop, 1, answers), submitter);
      assertTrue(second.comesAgain());
      assertEquals(Reason.STORE_FULL, await(answers, 2).get(1).failure());
      assertEquals(1, fixture.queue(session.number()).rows().size(), "the other's");
    }
  }

  @Test
  void appliesWhatWasSubmittedBeforeItCloses() throws Exception {
    long number;
    List<Answer> answers = new ArrayList<>();
    var loop = new WorkerLoop(3);
    try (var fixture = StoreFixture.open(directory)) {
      number = fixture.session("device").number();
      for (int i = 0; i < 10_000; i++) {
        fixture.store.writer().submit(publish(number), completion(loop, i, answers));
      }
      fixture.store.close();
      fixture.store.writer().submit(publish(number), completion(loop, 10_000, answers));
      List<Answer> all = await(answers, 10_001);
      assertTrue(all.subList(0, 10_000).stream().allMatch(a -> a.failure() == null));
      assertEquals(Reason.CLOSED, all.get(10_000).failure());
    }
    try (var fixture = StoreFixture.open(directory)) {
      assertEquals(10_000, StoreCheck.run(fixture.store, _ -> {}, 1).rows() - 3);
    }
    loop.close();
  }

  @Test
  void closesAlthoughHousekeepingWaitsForADiskThatIsFull() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      OpenedSession session = fixture.session("gone");
      fixture.apply(new EndSession(session.number(), session.epoch()));
      disk.full.set(Integer.MAX_VALUE);
      fixture.store.startHousekeeping();
      awaitNoRoomForWhatMakesRoom(fixture);
      Thread closer = Thread.ofPlatform().start(fixture.store::close);
      try {
        assertTrue(closer.join(Duration.ofSeconds(30)));
      } finally {
        disk.full.set(0);
      }
    }
  }

  @Test
  void closingWhileTheDiskIsFullIsNoFailure() throws Exception {
    var disk = new Disk();
    try (var fixture = open(disk, 65_536)) {
      disk.full.set(Integer.MAX_VALUE);
      List<Answer> answers = new ArrayList<>();
      StoreWriter writer = fixture.store.writer();
      StorePublish clears = StoreFixture.retain(StoreFixture.message("a", ""));
      writer.submit(clears, completion(fixture.loop, 0, answers));
      awaitNoRoomForWhatMakesRoom(fixture);
      writer.submit(new Barrier(), completion(fixture.loop, 1, answers));
      fixture.store.close();
      for (Answer answer : await(answers, 2)) {
        assertEquals(Reason.CLOSED, answer.failure());
      }
      assertNull(fixture.fatal.get());
    }
  }

  private static void awaitNoRoomForWhatMakesRoom(StoreFixture fixture) {
    await(() -> fixture.metrics.storeFailures.value() >= 2);
  }

  /** Both sides of the race get the same answer, whoever wins. */
  @Test
  void settlesEachPacketIdentifierOnce() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      StoreWriter writer = fixture.store.writer();
      long number = fixture.session("device").number();
      int rounds = 2_000;
      List<StorePublish> publishes = new ArrayList<>();
      List<Integer> expected = new ArrayList<>();
      int won = 0;
      for (int i = 0; i < rounds; i++) {
        StorePublish publish = publish(number);
        writer.submit(publish, null);
        for (int spin = i % 50 * 40; spin > 0; spin--) {
          Thread.onSpinWait();
        }
        int packetId = 1 + i;
        boolean early = publish.claimPacketId(0, packetId);
        won += early ? 1 : 0;
        publishes.add(publish);
        expected.add(early ? packetId : 0);
      }
      fixture.apply(new Barrier());
      List<QueuedRow> rows = new ArrayList<>();
      for (long from = 0; ; from = rows.getLast().sequence()) {
        QueueSlice slice = fixture.queue(number, from, 1_000);
        rows.addAll(slice.rows());
        if (slice.end()) {
          break;
        }
      }
      assertEquals(expected, rows.stream().map(QueuedRow::packetId).toList());
      for (int i = 0; i < rounds; i++) {
        assertEquals(publishes.get(i).sequence(), rows.get(i).sequence());
      }
      assertTrue(won > 0, "nobody won the race early");
    }
  }

  @Test
  void completesABarrierBehindAllThatWasSubmittedBefore() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.session("device").number();
      for (int i = 0; i < 5_000; i++) {
        fixture.store.writer().submit(publish(number), null);
      }
      var done = new CompletableFuture<QueueSlice>();
      fixture.apply(new Barrier());
      fixture.store.scanQueue(number, 4_000, 10, () -> 1 << 20, fixture.loop, done::complete);
      QueueSlice slice = done.get(60, TimeUnit.SECONDS);
      assertEquals(10, slice.rows().size());
      assertEquals(5_001, slice.nextSequence());
    }
  }
}

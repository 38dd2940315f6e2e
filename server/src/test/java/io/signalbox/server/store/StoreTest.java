package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.signalbox.server.packet.Qos;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lmdbjava.Txn;

/** What callers see of the store, over a restart too. */
final class StoreTest {
  @TempDir Path directory;

  /** A client of MQTT 3.1.1 may leave all of them without a PUBREL. */
  @Test
  void readsASessionWithAllIdentifiersOfQos2InUse() throws Exception {
    int all = 65_535;
    try (var fixture = StoreFixture.open(directory)) {
      long number = fixture.session("device").number();
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        var keys = new Keys();
        MemorySegment nothing = new RowWriter().begin().row();
        for (int id = 1; id <= all; id++) {
          lmdb.inboundQos2.put(txn, keys.inboundQos2(number, id), nothing);
        }
        txn.commit();
      }
      var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = thread.getCurrentThreadAllocatedBytes();
      int[] ids = fixture.sessions().getFirst().inboundQos2();
      long allocated = thread.getCurrentThreadAllocatedBytes() - before;
      assertArrayEquals(IntStream.rangeClosed(1, all).toArray(), ids);
      assertTrue(allocated < 1 << 27, allocated + " bytes");
    }
  }

  @Test
  void keepsSessionsSubscriptionsAndQueuesOverARestart() throws Exception {
    long number;
    long epoch;
    try (var fixture = StoreFixture.open(directory)) {
      OpenedSession session = fixture.session("device-1");
      number = session.number();
      epoch = session.epoch();
      assertFalse(session.sessionPresent());
      fixture.apply(
          new StoreSubscriptions(
              number, epoch, List.of(StoreFixture.subscription("a/+", Qos.EXACTLY_ONCE))));
      for (int i = 0; i < 3; i++) {
        fixture.apply(StoreFixture.publish(StoreFixture.message("a/b", "m" + i), number));
      }
    }
    try (var fixture = StoreFixture.open(directory)) {
      SessionRow row = fixture.sessions().getFirst();
      assertEquals("device-1", row.clientId());
      assertEquals("owner", row.owner());
      assertEquals(epoch, row.epoch());
      assertTrue(row.online());
      assertEquals("a/+", row.subscriptions().getFirst().requestedFilter());
      QueueSlice slice = fixture.queue(number);
      assertEquals(
          List.of("m0", "m1", "m2"), slice.rows().stream().map(StoreFixture::payload).toList());
      assertTrue(slice.end());
      OpenedSession again = fixture.session("device-1");
      assertTrue(again.sessionPresent());
      assertEquals(number, again.number());
      assertTrue(again.epoch() > epoch);
    }
  }

  /** Keys hold so much of a topic that a parent as long lies among its children. */
  @ParameterizedTest
  @ValueSource(ints = {Keys.PREFIX_BYTES - 1, Keys.PREFIX_BYTES, Keys.NAME_BYTES_MAX + 1})
  void findsARetainedMessageAndThoseBelowItOnce(int topicBytes) throws Exception {
    String parent = "p".repeat(topicBytes);
    try (var fixture = StoreFixture.open(directory)) {
      for (String topic : List.of(parent, parent + "/child")) {
        fixture.apply(StoreFixture.retain(StoreFixture.message(topic, "value")));
      }
      List<String> found =
          fixture.retained(parent + "/#").stream()
              .map(message -> message.topic().toString())
              .sorted()
              .toList();
      assertEquals(List.of(parent, parent + "/child"), found);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void findsEachRetainedMessageOnceHoweverFewAtATime(int messagesMax) throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      for (String topic : List.of("a", "a!", "a/", "a/b", "b")) {
        fixture.apply(StoreFixture.retain(StoreFixture.message(topic, "value")));
      }
      List<String> found =
          fixture.retained("a/#", messagesMax).stream()
              .map(message -> message.topic().toString())
              .sorted()
              .toList();
      assertEquals(List.of("a", "a/", "a/b"), found);
    }
  }

  private static StorePublish publishWithIdentifiers(int count, long number) {
    int[] identifiers = new int[count];
    Arrays.fill(identifiers, 268_435_455);
    return new StorePublish(
        StoreFixture.message("a/b", "m"),
        StorePublish.Keepers.one(
            number, StorePublish.flags(Qos.AT_LEAST_ONCE, false, true), identifiers));
  }

  private static void dequeue(StoreFixture fixture, long number, long sequence) throws Exception {
    assertEquals(true, fixture.apply(new Dequeue(number, Command.ANY_EPOCH, sequence, null)));
  }

  @Test
  void subscriptionIdentifiersCountInTheirQueueAndInWhatIsRead() throws Exception {
    StoreLimits d = StoreLimits.DEFAULTS;
    var limits =
        new StoreLimits(
            d.queueMessagesMax(),
            100_000,
            d.overflow(),
            d.queuedMessagesMax(),
            d.retainedMessagesMax(),
            d.retainedBytesMax());
    try (var fixture = StoreFixture.open(directory, limits)) {
      long number = fixture.session("device").number();
      for (int i = 0; i < 3; i++) {
        StorePublish publish = publishWithIdentifiers(10_000, number);
        assertTrue(publish.bytes() > 40_000);
        fixture.apply(publish);
        assertEquals(i < 2, publish.accepted(0));
      }
      var slice = new CompletableFuture<QueueSlice>();
      fixture.store.scanQueue(number, 0, 1_000, () -> 10_000, fixture.loop, slice::complete);
      List<QueuedRow> rows = slice.get(60, TimeUnit.SECONDS).rows();
      assertEquals(1, rows.size());
      long first = rows.getFirst().sequence();
      fixture.apply(new MarkReleased(number, Command.ANY_EPOCH, first, null, 1));
      assertEquals(0, fixture.queue(number).rows().getFirst().subscriptionIdentifiers().length);
      assertTrue(fixture.store.totals().queuedBytes() < 45_000);
      for (QueuedRow row : fixture.queue(number).rows()) {
        dequeue(fixture, number, row.sequence());
      }
      assertEquals(0, fixture.store.totals().queuedBytes());
    }
  }

  @Test
  void aMessageMovesWhenAllQueuesTogetherAreFull() throws Exception {
    StoreLimits d = StoreLimits.DEFAULTS;
    var limits =
        new StoreLimits(
            d.queueMessagesMax(),
            d.queueBytesMax(),
            d.overflow(),
            1,
            d.retainedMessagesMax(),
            d.retainedBytesMax());
    try (var fixture = StoreFixture.open(directory, limits)) {
      long number = fixture.session("device").number();
      long heir = fixture.session("heir").number();
      fixture.apply(publishWithIdentifiers(0, number));
      long moved = fixture.queue(number).rows().getFirst().sequence();
      var move = new MoveQueued(number, Command.ANY_EPOCH, moved, null, heir, (byte) 1, new int[0]);
      assertNotEquals(MoveQueued.REFUSED, fixture.apply(move));
      assertEquals(1, fixture.queue(heir).rows().size());
      assertEquals(1, fixture.store.totals().queuedMessages());
      StorePublish another = publishWithIdentifiers(0, number);
      fixture.apply(another);
      assertFalse(another.accepted(0));
    }
  }

  @Test
  void rowsOfAnEarlierVersionThatCountNoIdentifiersAreSound() throws Exception {
    long number;
    try (var fixture = StoreFixture.open(directory)) {
      number = fixture.session("device").number();
      fixture.apply(publishWithIdentifiers(1_000, number));
      fixture.apply(publishWithIdentifiers(1_000, number));
      becomeWithoutIdentifiers(fixture, number);
    }
    try (var fixture = StoreFixture.open(directory)) {
      assertSound(fixture);
      long heir = fixture.session("heir").number();
      List<QueuedRow> rows = fixture.queue(number).rows();
      long moved = rows.getFirst().sequence();
      fixture.apply(
          new MoveQueued(number, Command.ANY_EPOCH, moved, null, heir, (byte) 1, new int[] {7}));
      assertSound(fixture);
      dequeue(fixture, number, rows.getLast().sequence());
      dequeue(fixture, heir, fixture.queue(heir).rows().getFirst().sequence());
      assertEquals(0, fixture.store.totals().queuedBytes());
      assertSound(fixture);
    }
  }

  private static void assertSound(StoreFixture fixture) {
    assertEquals(List.of(), StoreCheck.run(fixture.store, _ -> {}, 10).descriptions());
  }

  /** Rewrites what a queue counts; the store is to be closed after that. */
  private static void becomeWithoutIdentifiers(StoreFixture fixture, long number) throws Exception {
    Lmdb lmdb = fixture.store.lmdb();
    var out = new RowWriter();
    var keys = new Keys();
    List<QueuedRow> rows = fixture.queue(number).rows();
    try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
      long uncounted = 0;
      for (QueuedRow queued : rows) {
        var in = new RowReader(lmdb.queue.get(txn, keys.queue(number, queued.sequence())));
        QueueRow row = QueueRow.read(in);
        row.bytes -= 4 * row.subscriptionIdentifiers.length;
        uncounted += 4L * row.subscriptionIdentifiers.length;
        row.write(out.begin());
        out.putBytes(in.rest());
        lmdb.queue.put(txn, keys.queue(number, queued.sequence()), out.row());
      }
      var session = new SessionState(number, "device");
      session.readHead(lmdb.queue.get(txn, keys.queue(number, Keys.QUEUE_HEAD)));
      session.bytes -= uncounted;
      session.writeHead(out.begin());
      lmdb.queue.put(txn, keys.queue(number, Keys.QUEUE_HEAD), out.row());
      MetaState state = MetaState.read(lmdb.meta.get(txn, keys.raw(Keys.STATE)));
      state.queuedBytes -= uncounted;
      state.write(out.begin());
      lmdb.meta.put(txn, keys.raw(Keys.STATE), out.row());
      txn.commit();
    }
  }

  @Test
  void takesNoPageAwayBelowSomebodyWhoReads() throws Exception {
    var stayed = new AtomicBoolean();
    Thread closer;
    try (var fixture = StoreFixture.open(directory)) {
      fixture.apply(
          new PutRecord(
              RecordTable.REGISTRY, new byte[] {1}, PutRecord.ANY_REVISION, new byte[9], true));
      closer = Thread.ofPlatform().unstarted(fixture.store::close);
      fixture.store.records(
          RecordTable.REGISTRY,
          _ -> {
            closer.start();
            while (closer.isAlive() && !waitsForALock(closer)) {
              Thread.onSpinWait();
            }
            stayed.set(closer.isAlive());
            if (!stayed.get()) {
              throw new AssertionError("to read on now would end the process");
            }
          });
      closer.join();
      assertThrows(
          IllegalStateException.class,
          () -> fixture.store.record(RecordTable.REGISTRY, new byte[] {1}));
    }
    assertTrue(stayed.get());
  }

  /** As many I/O threads and threads of the admin API as a configuration may have. */
  @Test
  void allThreadsThatMayReadCanReadAtTheSameTime() throws Exception {
    List<Txn<MemorySegment>> reading = new ArrayList<>();
    try (var fixture = StoreFixture.open(directory)) {
      for (int i = 0; i < 256 + 256; i++) {
        reading.add(fixture.store.lmdb().env.txnRead());
      }
      assertNull(fixture.store.will(1));
      reading.forEach(Txn::close);
    }
  }

  private static boolean waitsForALock(Thread thread) {
    Object blocker = LockSupport.getBlocker(thread);
    return blocker != null && blocker.getClass().getName().contains("ReentrantReadWriteLock");
  }
}

package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.packet.Qos;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers see of the store, over a restart too. */
final class StoreTest {
  @TempDir Path directory;

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

  @Test
  void takesNoPageAwayBelowSomebodyWhoReads() throws Exception {
    var stayed = new AtomicBoolean();
    Thread closer;
    try (var fixture = StoreFixture.open(directory)) {
      fixture.apply(
          new PutRecord(RecordTable.REGISTRY, new byte[] {1}, PutRecord.ANY_REVISION, new byte[9]));
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

  private static boolean waitsForALock(Thread thread) {
    Object blocker = LockSupport.getBlocker(thread);
    return blocker != null && blocker.getClass().getName().contains("ReentrantReadWriteLock");
  }
}

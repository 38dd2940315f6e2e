package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.routing.Message;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Txn;

/** What reaches the disk, told by the pages of the file. */
final class StoreSizeTest {
  private static final int SESSIONS = 20;
  private static final int PAYLOAD_BYTES = 200_000;

  /** Roots, heads of queues and counters that one batch rewrites. */
  private static final int BATCH_BYTES = 100_000;

  @TempDir Path directory;

  private final Semaphore commits = new Semaphore(0);

  /** Each commit takes a permit. */
  private StoreFixture open() throws StoreOpenException {
    return new StoreFixture(
        directory,
        StoreFixture.CONFIG,
        StoreLimits.DEFAULTS,
        Clocks.system(),
        txn -> {
          try {
            if (!commits.tryAcquire(1, TimeUnit.MINUTES)) {
              throw new IllegalStateException("the test does not let it commit");
            }
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          Committer.TO_DISK.commit(txn);
        });
  }

  private static Message large() {
    return StoreFixture.message("a", "x".repeat(PAYLOAD_BYTES));
  }

  private List<OpenedSession> sessions(StoreFixture fixture) throws Exception {
    List<OpenedSession> sessions = new ArrayList<>();
    commits.release(SESSIONS);
    for (int i = 0; i < SESSIONS; i++) {
      sessions.add(fixture.session("device-" + i));
    }
    return sessions;
  }

  private static long[] numbers(List<OpenedSession> sessions) {
    return sessions.stream().mapToLong(OpenedSession::number).toArray();
  }

  private static long messageRows(StoreFixture fixture) {
    Lmdb lmdb = fixture.store.lmdb();
    try (Txn<MemorySegment> txn = lmdb.env.txnRead()) {
      return lmdb.messages.stat(txn).entries;
    }
  }

  private static Dequeue acknowledged(OpenedSession session, StorePublish publish) {
    return new Dequeue(session.number(), session.epoch(), 0, publish);
  }

  /** A commit is under way, and what is submitted now is one batch behind it. */
  private void holdAndSubmit(StoreFixture fixture, OpenedSession any, Iterable<Command> commands) {
    StoreWriter writer = fixture.store.writer();
    writer.submit(new MarkSent(any.number(), any.epoch(), 0), null);
    while (!commits.hasQueuedThreads()) {
      Thread.onSpinWait();
    }
    commands.forEach(command -> writer.submit(command, null));
    commits.release(2);
  }

  @Test
  void whatAllReceiversAcknowledgeBeforeTheCommitNeverTouchesTheDisk() throws Exception {
    try (var fixture = open()) {
      List<OpenedSession> sessions = sessions(fixture);
      long before = fixture.store.lmdb().fileBytes();
      List<Command> commands = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        StorePublish publish = StoreFixture.publish(large(), numbers(sessions));
        commands.add(publish);
        sessions.forEach(session -> commands.add(acknowledged(session, publish)));
      }
      holdAndSubmit(fixture, sessions.getFirst(), commands);
      fixture.apply(new Barrier());
      long grown = fixture.store.lmdb().fileBytes() - before;
      assertTrue(grown < BATCH_BYTES, "the file grew by " + grown);
      assertEquals(10L * SESSIONS, fixture.metrics.storeCommandsCoalesced.value());
      assertEquals(0, fixture.store.totals().queuedMessages());
    }
  }

  @Test
  void whatOneReceiverHasNotAcknowledgedIsThereForIt() throws Exception {
    try (var fixture = open()) {
      List<OpenedSession> sessions = sessions(fixture);
      OpenedSession slow = sessions.getLast();
      StorePublish publish = StoreFixture.publish(large(), numbers(sessions));
      List<Command> commands = new ArrayList<>(List.of(publish));
      sessions.stream()
          .filter(session -> session != slow)
          .forEach(session -> commands.add(acknowledged(session, publish)));
      holdAndSubmit(fixture, slow, commands);
      fixture.apply(new Barrier());
      assertEquals(1, fixture.store.totals().queuedMessages());
      assertEquals(1, fixture.queue(slow.number()).rows().size());
    }
  }

  @Test
  void aPayloadIsStoredOnceForAllItsQueuesAndGoesWithTheLast() throws Exception {
    try (var fixture = open()) {
      List<OpenedSession> sessions = sessions(fixture);
      long before = fixture.store.lmdb().fileBytes();
      StorePublish publish = StoreFixture.publish(large(), numbers(sessions));
      commits.release(1 + SESSIONS);
      fixture.apply(publish);
      long grown = fixture.store.lmdb().fileBytes() - before;
      assertTrue(grown > PAYLOAD_BYTES, "the file grew by " + grown);
      assertTrue(grown < PAYLOAD_BYTES + BATCH_BYTES, "the file grew by " + grown);
      long rows = messageRows(fixture);
      assertTrue(rows > 0, "its rows");
      for (OpenedSession session : sessions) {
        assertEquals(rows, messageRows(fixture), "somebody still needs it");
        fixture.apply(acknowledged(session, publish));
      }
      assertEquals(0, messageRows(fixture));
    }
  }
}

package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.metrics.Metrics.Drop;
import io.signalbox.server.routing.Message;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lmdbjava.Txn;

/** What a full queue gives up for a message where the oldest are dropped. */
final class OldestGiveWayTest {
  private static final int BYTES_MAX = 400_000;
  private static final int ROWS = 3_000;
  private static final Message SMALL = StoreFixture.message("t", "small");
  private static final Message LARGE = StoreFixture.message("t", "x".repeat(300_000));

  @TempDir Path directory;

  @Test
  void asManyAsALargeMessageNeeds() throws Exception {
    try (var fixture = open(Long.MAX_VALUE)) {
      long number = queue(fixture, ROWS);
      StorePublish large = StoreFixture.publish(LARGE, number);
      fixture.apply(large);
      assertTrue(large.accepted(0));
      StoreTotals left = fixture.store.totals();
      assertTrue(left.queuedBytes() <= BYTES_MAX, left.queuedBytes() + " bytes");
      assertTrue(left.queuedBytes() > BYTES_MAX - 200, "no more than that: " + left.queuedBytes());
      assertEquals(ROWS - (left.queuedMessages() - 1), dropped(fixture));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void noneForAMessageThatWouldNotFitAllTheSame(boolean isMoved) throws Exception {
    try (var fixture = open(Long.MAX_VALUE)) {
      long number = queue(fixture, ROWS);
      fixture.apply(new MarkSent(number, Command.ANY_EPOCH, lastOf(fixture) - ROWS / 4));
      long bytes = fixture.store.totals().queuedBytes();
      if (isMoved) {
        long from = fixture.session("leaves").number();
        StorePublish large = StoreFixture.publish(LARGE, from);
        fixture.apply(large);
        var move =
            new MoveQueued(
                from, Command.ANY_EPOCH, large.sequence(), null, number, (byte) 1, new int[0]);
        assertEquals(MoveQueued.REFUSED, fixture.apply(move));
        assertEquals(1, fixture.queue(from).rows().size());
        assertEquals(ROWS + 1, fixture.store.totals().queuedMessages());
        assertEquals(0, dropped(fixture));
      } else {
        StorePublish large = StoreFixture.publish(LARGE, number);
        fixture.apply(large);
        assertFalse(large.accepted(0));
        assertEquals(ROWS, fixture.store.totals().queuedMessages());
        assertEquals(bytes, fixture.store.totals().queuedBytes());
        assertEquals(1, dropped(fixture), "itself");
      }
    }
  }

  /** Each would have to give up more than it may be looked at for all of them. */
  @Test
  void inAsManyQueuesOfReceiversAsTheWriterHasTimeFor() throws Exception {
    try (var fixture = open(Long.MAX_VALUE)) {
      long[] numbers = new long[45];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = fixture.session("device " + i).number();
      }
      int rows = ROWS + 1_000;
      for (int i = 0; i < rows; i++) {
        fixture.store.writer().submit(StoreFixture.publish(SMALL, numbers), null);
      }
      long little = fixture.session("little").number();
      fixture.apply(StoreFixture.publish(LARGE, little));
      long oldest = first(fixture, numbers[0]);
      long[] all = Arrays.copyOf(numbers, numbers.length + 1);
      all[numbers.length] = little;
      StorePublish large = StoreFixture.publish(LARGE, all);
      fixture.apply(large);
      int accepted = 0;
      for (int i = 0; i < numbers.length; i++) {
        assertEquals(large.accepted(i), first(fixture, numbers[i]) > oldest, "it alone is dropped");
        accepted += large.accepted(i) ? 1 : 0;
      }
      assertTrue(accepted >= 20 && accepted < numbers.length, accepted + " of them");
      assertTrue(large.accepted(numbers.length), "what needs few looks is still looked at");
      StorePublish again = StoreFixture.publish(LARGE, numbers[numbers.length - 1]);
      fixture.apply(again);
      assertTrue(again.accepted(0), "the next command has its own");
    }
  }

  /** A thousand with each message that comes: the writer has others to serve. */
  @Test
  void thoseThatAreTooManySinceTheLimitIsLower() throws Exception {
    long number;
    try (var fixture = open(Long.MAX_VALUE)) {
      number = queue(fixture, ROWS);
    }
    try (var fixture = open(10)) {
      int tries = 0;
      StorePublish small;
      do {
        small = StoreFixture.publish(SMALL, number);
        fixture.apply(small);
        tries++;
      } while (!small.accepted(0) && tries < 10);
      assertEquals(3, tries);
      assertEquals(10, fixture.store.totals().queuedMessages());
      assertEquals(small.sequence(), lastOf(fixture));
    }
  }

  @Test
  void aSoundOneWhereTheOldestIsDamaged() throws Exception {
    try (var fixture = open(3)) {
      long number = queue(fixture, 3);
      long other = fixture.session("other").number();
      long damaged = first(fixture, number);
      var row = new QueueRow();
      row.flags = 0b11;
      RowWriter out = new RowWriter().begin();
      row.write(out);
      Lmdb lmdb = fixture.store.lmdb();
      try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
        lmdb.queue.put(txn, new Keys().queue(number, damaged), out.row());
        txn.commit();
      }
      long oldestSound = first(fixture, number);
      StorePublish publish = StoreFixture.publish(SMALL, number, other);
      fixture.apply(publish);
      assertTrue(publish.accepted(0));
      assertTrue(publish.accepted(1));
      assertTrue(first(fixture, number) > oldestSound);
      assertEquals(1, dropped(fixture));
    }
  }

  private StoreFixture open(long messagesMax) throws Exception {
    StoreLimits d = StoreLimits.DEFAULTS;
    return StoreFixture.open(
        directory,
        new StoreLimits(
            messagesMax,
            BYTES_MAX,
            Overflow.DROP_OLDEST,
            d.queuedMessagesMax(),
            d.retainedMessagesMax(),
            d.retainedBytesMax()));
  }

  /** The number of a session for which so many small messages wait. */
  private static long queue(StoreFixture fixture, int rows) throws Exception {
    long number = fixture.session("device").number();
    for (int i = 1; i < rows; i++) {
      fixture.store.writer().submit(StoreFixture.publish(SMALL, number), null);
    }
    fixture.apply(StoreFixture.publish(SMALL, number));
    assertEquals(rows, fixture.store.totals().queuedMessages());
    return number;
  }

  private static long first(StoreFixture fixture, long number) throws Exception {
    return fixture.queue(number, 0, 1).rows().getFirst().sequence();
  }

  private static long lastOf(StoreFixture fixture) throws Exception {
    long number = fixture.sessions().getFirst().number();
    long last = 0;
    QueueSlice slice;
    do {
      slice = fixture.queue(number, last, 1_000);
      last = slice.rows().isEmpty() ? last : slice.rows().getLast().sequence();
    } while (!slice.end());
    return last;
  }

  private static long dropped(StoreFixture fixture) {
    return fixture.metrics.messagesDropped.of(Drop.SESSION_QUEUE_FULL).value();
  }
}

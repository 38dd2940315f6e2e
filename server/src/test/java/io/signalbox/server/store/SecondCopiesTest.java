package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.store.StoreException.Reason;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A session that gets one message twice, by a plain and by a Shared Subscription. */
final class SecondCopiesTest {
  /** Of one command, so that nothing but being told so keeps two commands in one commit. */
  private static final StoreConfig SMALL_BATCHES =
      new StoreConfig(0, 0, 1 << 20, 1L << 40, 1, 4 << 20, 65_536, 64L << 20, 1, 1_000);

  @TempDir Path directory;

  private final AtomicInteger full = new AtomicInteger();

  private StoreFixture open() throws StoreOpenException {
    return new StoreFixture(
        directory,
        SMALL_BATCHES,
        StoreLimits.DEFAULTS,
        Clocks.system(),
        txn -> {
          if (full.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new Committer.NoRoomException("full");
          }
          Committer.TO_DISK.commit(txn);
        });
  }

  private static StorePublish publish(OpenedSession to, @Nullable OpenedSession from, int id) {
    return new StorePublish(
        StoreFixture.message("a/b", "payload"),
        StorePublish.Keepers.one(
            to.number(), StorePublish.flags(Qos.EXACTLY_ONCE, false, false), new int[0]),
        StorePublish.Retaining.NO,
        from == null
            ? StorePublish.Qos2Origin.NONE
            : new StorePublish.Qos2Origin(from.number(), id, from.epoch()),
        0,
        false);
  }

  private static StorePublish copy(StorePublish original, OpenedSession to) {
    return original.copyFor(
        to.number(), StorePublish.flags(Qos.EXACTLY_ONCE, false, true), new int[] {7});
  }

  private static @Nullable Reason submit(
      StoreFixture fixture, StorePublish publish, List<StorePublish> copies) throws Exception {
    var answer = new CompletableFuture<@Nullable Reason>();
    fixture
        .store
        .writer()
        .submit(
            publish,
            copies,
            new Completion() {
              @Override
              public EventLoop loop() {
                return fixture.loop;
              }

              @Override
              public void completed(@Nullable Object result, @Nullable StoreException failure) {
                answer.complete(failure == null ? null : failure.reason());
              }
            },
            null);
    return answer.get(60, TimeUnit.SECONDS);
  }

  @Test
  void allCopiesAreInOneCommitWithRowsOfTheirOwn() throws Exception {
    try (var fixture = open()) {
      OpenedSession to = fixture.session("receiver");
      OpenedSession from = fixture.session("publisher");
      long commits = fixture.metrics.storeCommits.value();
      StorePublish publish = publish(to, from, 5);
      StorePublish copy = copy(publish, to);
      StorePublish third = copy(publish, to);
      assertNull(submit(fixture, publish, List.of(copy, third)));
      assertEquals(1, fixture.metrics.storeCommits.value() - commits);
      assertTrue(copy.accepted(0));
      assertTrue(publish.sequence() < copy.sequence() && copy.sequence() < third.sequence());
    }
    try (var fixture = open()) {
      OpenedSession to = fixture.session("receiver");
      assertEquals(3, fixture.queue(to.number()).rows().size());
    }
  }

  /** As a client sends it that has not heard of the first because the broker was killed. */
  @Test
  void ofARepetitionNoCopyIsStored() throws Exception {
    try (var fixture = open()) {
      OpenedSession to = fixture.session("receiver");
      OpenedSession from = fixture.session("publisher");
      StorePublish first = publish(to, from, 5);
      assertNull(submit(fixture, first, List.of(copy(first, to))));
      StorePublish again = publish(to, from, 5);
      StorePublish copyAgain = copy(again, to);
      assertNull(submit(fixture, again, List.of(copyAgain)));
      assertTrue(again.duplicate());
      assertTrue(copyAgain.duplicate());
      assertFalse(copyAgain.accepted(0));
      assertEquals(2, fixture.queue(to.number()).rows().size());
    }
  }

  @Test
  void withoutRoomAllAreRefused() throws Exception {
    try (var fixture = open()) {
      OpenedSession to = fixture.session("receiver");
      StorePublish publish = publish(to, null, 0);
      StorePublish copy = copy(publish, to);
      full.set(1);
      assertEquals(Reason.STORE_FULL, submit(fixture, publish, List.of(copy)));
      assertTrue(fixture.queue(to.number()).rows().isEmpty());
    }
  }

  /** Of another message that its publisher sends again: this one it does not send again. */
  @Test
  void aRefusalBetweenThemKeepsNoCopyFromItsOriginal() throws Exception {
    try (var fixture = open()) {
      OpenedSession to = fixture.session("receiver");
      var submitter = new Submitter();
      StorePublish publish = publish(to, null, 0);
      StorePublish copy = copy(publish, to);
      copy.submittedBy(submitter);
      fixture.apply(publish);
      submitter.refuse();
      fixture.apply(copy);
      assertTrue(copy.accepted(0));
      assertEquals(2, fixture.queue(to.number()).rows().size());
    }
  }

  /** It was accepted with its client's CONNECT: no copy of it is refused either. */
  @Test
  void aWillNeedsNoRoomForItsCopies() throws Exception {
    try (var fixture = open()) {
      OpenedSession to = fixture.session("receiver");
      OpenedSession from = fixture.session("gone");
      var will =
          new StorePublish(
              StoreFixture.message("a/b", "will"),
              StorePublish.Keepers.one(
                  to.number(), StorePublish.flags(Qos.AT_LEAST_ONCE, false, false), new int[0]),
              StorePublish.Retaining.NO,
              StorePublish.Qos2Origin.NONE,
              from.number(),
              false);
      StorePublish copy = copy(will, to);
      assertFalse(will.grows() || copy.grows());
      full.set(1);
      assertNull(submit(fixture, will, List.of(copy)));
      assertEquals(2, fixture.queue(to.number()).rows().size());
    }
  }

  @Test
  void whenTheOriginalIsRefusedForItsSessionTheCopyIsNotStored() throws Exception {
    try (var fixture = open()) {
      OpenedSession to = fixture.session("receiver");
      OpenedSession earlier = fixture.session("publisher");
      fixture.session("publisher"); // takes it over: its epoch is another now
      StorePublish publish = publish(to, earlier, 5);
      assertEquals(Reason.STALE_EPOCH, submit(fixture, publish, List.of(copy(publish, to))));
      assertTrue(fixture.queue(to.number()).rows().isEmpty());
    }
  }

  @Test
  void aCopyIsInTheByteFormOfItsBatch() throws Exception {
    try (var fixture = open()) {
      OpenedSession to = fixture.session("receiver");
      StorePublish publish = publish(to, null, 0);
      var entry = new LogEntry(true, List.of(new Barrier(), publish, copy(publish, to)));
      LogEntry read = LogEntry.decode(entry.encode());
      if (!(read.commands().get(1) instanceof StorePublish original)
          || !(read.commands().get(2) instanceof StorePublish copy)) {
        throw new AssertionError(read.commands());
      }
      assertEquals(original, copy.copyOf());
      assertArrayEquals(new int[] {7}, copy.subscriptionIdentifiersOf(0));
      assertArrayEquals(entry.encode(), read.encode());
    }
  }
}

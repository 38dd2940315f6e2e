package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.StepThread;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The clocks stand still but for what steps cost, so that all that is decided is certain. */
class HandshakeStepsTest {
  private static final long SHORT_NANOS = 300_000;

  private final AtomicLong clock = new AtomicLong();

  /** Of each thread: what one does never looks like the cost of another one's step. */
  private final ThreadLocal<Long> spent = ThreadLocal.withInitial(() -> 0L);

  private final Metrics metrics = new Metrics(1, "test");
  private final Loop loop = new Loop();
  private final List<String> done = new ArrayList<>();

  /** The test's own thread, as an I/O thread. */
  private static final class Loop implements HandshakeSteps.IoThread {
    private final Thread thread = Thread.currentThread();
    private final ArrayDeque<Runnable> later = new ArrayDeque<>();

    @Override
    public int index() {
      return 0;
    }

    @Override
    public void afterSockets(Runnable task) {
      later.add(task);
    }
  }

  private HandshakeSteps steps(boolean mayWait) {
    return new HandshakeSteps(
        1,
        () -> Thread.currentThread() == loop.thread ? loop : null,
        mayWait,
        clock::get,
        spent::get,
        metrics);
  }

  /** Steps of this cost until they are known to be short. */
  private void warm(HandshakeSteps steps) throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      CountDownLatch ran = new CountDownLatch(1);
      steps.execute(
          () -> {
            work(SHORT_NANOS);
            ran.countDown();
          });
      runWhatWaits();
      assertTrue(ran.await(1, TimeUnit.MINUTES));
    }
    pause();
  }

  private void runWhatWaits() {
    while (!loop.later.isEmpty()) {
      pause();
      loop.later.remove().run();
    }
  }

  private void work(long nanos) {
    clock.addAndGet(nanos);
    spent.set(spent.get() + nanos);
  }

  /** Time enough for a whole allowance. */
  private void pause() {
    clock.addAndGet(10 * HandshakeSteps.STRETCH_NANOS_MAX);
  }

  private Runnable step(String name, long nanos) {
    return () -> {
      work(nanos);
      done.add(name);
    };
  }

  private long count(StepThread where) {
    return metrics.handshakeSteps.of(where).value();
  }

  @Test
  void theFirstStepsHaveThreadsOfTheirOwn() throws Exception {
    try (HandshakeSteps steps = steps(false)) {
      CountDownLatch ran = new CountDownLatch(1);
      Thread[] thread = new Thread[1];
      steps.execute(
          () -> {
            thread[0] = Thread.currentThread();
            ran.countDown();
          });
      assertTrue(ran.await(1, TimeUnit.MINUTES));
      assertNotEquals(loop.thread, thread[0]);
      assertEquals(1, count(StepThread.OWN));
      assertEquals(0, count(StepThread.IO));
    }
  }

  @Test
  void shortStepsRunAtOnceUntilTheyHaveKeptTheThreadLongEnough() throws Exception {
    try (HandshakeSteps steps = steps(false)) {
      warm(steps);
      for (int i = 0; i < 20; i++) {
        steps.execute(step("s" + i, SHORT_NANOS));
      }
      assertEquals(HandshakeSteps.STRETCH_NANOS_MAX / SHORT_NANOS + 1, done.size(), "at once");
      assertEquals(1, loop.later.size(), "turns that are due");
    }
  }

  @Test
  void whatWaitsRunsInOrderAfterTheSockets() throws Exception {
    try (HandshakeSteps steps = steps(false)) {
      warm(steps);
      List<String> all = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        all.add("s" + i);
        steps.execute(step("s" + i, HandshakeSteps.STEP_NANOS_MAX / 2));
      }
      int turns = 0;
      while (!loop.later.isEmpty()) {
        assertEquals(1, loop.later.size(), "turns that are due");
        assertFalse(done.size() == 60, "a turn for nothing");
        clock.addAndGet(1_000_000);
        loop.later.remove().run();
        turns++;
      }
      assertEquals(all, done);
      assertTrue(turns >= 10, "all in " + turns + " turns");
    }
  }

  @Test
  void longStepsLeaveTheIoThread() throws Exception {
    try (HandshakeSteps steps = steps(false)) {
      warm(steps);
      long before = count(StepThread.OWN);
      for (int i = 0; i < 5; i++) {
        pause();
        steps.execute(step("long", 20 * HandshakeSteps.STEP_NANOS_MAX));
        if (count(StepThread.OWN) > before) {
          return;
        }
      }
      throw new AssertionError("five steps of 40 ms ran on the I/O thread");
    }
  }

  @Test
  void stepsThatMayWaitForOthersNeverRunOnAnIoThread() throws Exception {
    try (HandshakeSteps steps = steps(true)) {
      warm(steps);
      assertEquals(100, count(StepThread.OWN));
      assertEquals(0, count(StepThread.IO));
    }
  }

  @Test
  void hasRoomUntilTheAllowanceIsSpentAndAgainLater() throws Exception {
    try (HandshakeSteps steps = steps(false)) {
      warm(steps);
      int taken = 0;
      while (steps.hasRoom(0)) {
        steps.execute(step("s" + taken++, SHORT_NANOS));
        assertEquals(taken, done.size(), "at once");
      }
      assertEquals(HandshakeSteps.STRETCH_NANOS_MAX / SHORT_NANOS + 1, taken);
      steps.execute(step("waits", SHORT_NANOS));
      pause();
      assertFalse(steps.hasRoom(0), "before what waits");
      runWhatWaits();
      pause();
      assertTrue(steps.hasRoom(0));
    }
  }

  @Test
  void hasNoRoomWhileStepsWaitForAThreadOfTheirOwn() throws Exception {
    try (HandshakeSteps steps = steps(true)) {
      CountDownLatch end = new CountDownLatch(1);
      CountDownLatch ran = new CountDownLatch(2);
      for (int i = 0; i < 2; i++) {
        assertTrue(steps.hasRoom(0));
        steps.execute(
            () -> {
              try {
                end.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              ran.countDown();
            });
      }
      assertFalse(steps.hasRoom(0), "one runs, one waits");
      end.countDown();
      assertTrue(ran.await(1, TimeUnit.MINUTES));
      assertTrue(steps.hasRoom(0));
    }
  }

  @Test
  void aStepThatThrowsEndsNoOther() throws Exception {
    try (HandshakeSteps steps = steps(false)) {
      warm(steps);
      steps.execute(step("long stretch", 3 * HandshakeSteps.STRETCH_NANOS_MAX));
      steps.execute(
          () -> {
            throw new IllegalStateException("of the test");
          });
      steps.execute(step("after", SHORT_NANOS));
      pause();
      assertThrows(IllegalStateException.class, loop.later.remove()::run);
      pause();
      loop.later.remove().run();
      assertEquals(List.of("long stretch", "after"), done);
    }
  }
}

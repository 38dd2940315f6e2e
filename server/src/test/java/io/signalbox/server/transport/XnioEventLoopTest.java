package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class XnioEventLoopTest {
  private static final int ENTRIES_MAX = 2_000;

  private final Metrics metrics = new Metrics(3, "test");
  private final IoLoops loops =
      new IoLoops(
          3, 1, Limits.with(l -> l.handoverEntriesMax = ENTRIES_MAX), Clocks.system(), metrics);
  private final EventLoop first = loops.all().get(0);
  private final EventLoop second = loops.all().get(1);

  @AfterEach
  void stop() {
    loops.close();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertTrue(latch.await(60, TimeUnit.SECONDS));
  }

  @Test
  void knowsItsThread() throws Exception {
    for (int i = 0; i < 3; i++) {
      EventLoop loop = loops.all().get(i);
      int index = i;
      CompletableFuture<List<Object>> seen = new CompletableFuture<>();
      loop.execute(
          () ->
              seen.complete(
                  List.of(
                      loop.index(), loop.isCurrent(), loops.loop((index + 1) % 3).isCurrent())));
      assertEquals(List.of(i, true, false), seen.get(60, TimeUnit.SECONDS));
      assertFalse(loop.isCurrent());
    }
  }

  @Test
  void tasksOfOneThreadKeepTheirOrder() throws Exception {
    int count = 50_000;
    List<Integer> fromOutside = new ArrayList<>();
    List<Integer> fromLoop = new ArrayList<>();
    List<Integer> fromItself = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(3);
    second.execute(
        () -> {
          for (int i = 0; i < count; i++) {
            int number = i;
            first.execute(() -> fromLoop.add(number));
          }
          first.execute(done::countDown);
        });
    first.execute(
        () -> {
          for (int i = 0; i < count; i++) {
            int number = i;
            first.execute(() -> fromItself.add(number));
          }
          first.execute(done::countDown);
        });
    for (int i = 0; i < count; i++) {
      int number = i;
      first.execute(() -> fromOutside.add(number));
    }
    first.execute(done::countDown);
    await(done);
    List<Integer> expected = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      expected.add(i);
    }
    assertEquals(expected, fromOutside);
    assertEquals(expected, fromLoop);
    assertEquals(expected, fromItself);
  }

  @Test
  void whatCrossesInOnePassCrossesInOneBatch() throws Exception {
    CountDownLatch done = new CountDownLatch(1_000);
    long before = metrics.loopHandovers.value();
    second.execute(
        () -> {
          for (int i = 0; i < 1_000; i++) {
            first.execute(done::countDown);
          }
        });
    await(done);
    CountDownLatch counted = new CountDownLatch(1);
    second.execute(counted::countDown); // behind the pass that counts what it has handed over
    await(counted);
    assertEquals(1, metrics.loopHandovers.value() - before);
  }

  @Test
  void aLoopRunsItsOwnTaskLaterNeverInside() throws Exception {
    CompletableFuture<Boolean> inside = new CompletableFuture<>();
    first.execute(
        () -> {
          AtomicBoolean returned = new AtomicBoolean();
          first.execute(() -> inside.complete(!returned.get()));
          returned.set(true);
        });
    assertFalse(inside.get(60, TimeUnit.SECONDS));
  }

  @Test
  void endOfPassComesAfterTheTasksOfThePass() throws Exception {
    List<String> order = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    first.execute(
        () -> {
          first.runAtEndOfPass(() -> order.add("end"));
          first.runAtEndOfPass(done::countDown);
          first.execute(() -> order.add("task"));
        });
    await(done);
    assertEquals(List.of("task", "end"), order);
  }

  @Test
  void aTaskThatThrowsIsCountedAndHarmsNothing() throws Exception {
    CountDownLatch done = new CountDownLatch(3);
    Runnable bad =
        () -> {
          throw new IllegalStateException("thrown on purpose by a test");
        };
    first.execute(bad);
    first.execute(done::countDown);
    second.execute(
        () -> {
          first.execute(bad);
          first.execute(done::countDown);
          second.runAtEndOfPass(bad);
          second.runAtEndOfPass(done::countDown);
        });
    await(done);
    assertEquals(3, metrics.loopTaskFailures.value());
  }

  @Test
  void aSenderIsCongestedUntilHalfIsTaken() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch blocked = new CountDownLatch(1);
    first.execute(
        () -> {
          blocked.countDown();
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    await(blocked);
    AtomicInteger ran = new AtomicInteger();
    CompletableFuture<Boolean> before = new CompletableFuture<>();
    second.execute(
        () -> {
          for (int i = 0; i < ENTRIES_MAX; i++) {
            first.execute(ran::incrementAndGet);
          }
          before.complete(second.congested());
        });
    assertFalse(before.get(60, TimeUnit.SECONDS));
    CompletableFuture<Boolean> over = new CompletableFuture<>();
    second.execute(
        () -> {
          first.execute(ran::incrementAndGet);
          // The batch is handed over at the end of this pass.
          second.execute(() -> second.execute(() -> over.complete(second.congested())));
        });
    assertTrue(over.get(60, TimeUnit.SECONDS));
    assertEquals(1, metrics.loopCongested.value());
    release.countDown();
    Await.until(
        () -> {
          try {
            return !Loops.call(loops, 1, XnioEventLoop::congested);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    Await.until(() -> ran.get() == ENTRIES_MAX + 1);
  }

  @Test
  void aFloodFromAnotherLoopDoesNotStarveTimersAndTasks() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong taken = new AtomicLong();
    second.execute(
        new Runnable() {
          @Override
          public void run() {
            for (int i = 0; i < 100 && !second.congested(); i++) {
              first.execute(taken::incrementAndGet);
            }
            if (!stop.get()) {
              second.execute(this);
            }
          }
        });
    CountDownLatch timer = new CountDownLatch(3);
    first.execute(() -> again(timer));
    await(timer);
    Await.until(() -> taken.get() > 0);
    stop.set(true);
  }

  private void again(CountDownLatch timer) {
    timer.countDown();
    if (timer.getCount() > 0) {
      first.schedule(100, () -> again(timer));
    }
  }

  @Test
  void timersAreNeverEarlyAndCanBeCancelled() throws Exception {
    CompletableFuture<Long> lag = new CompletableFuture<>();
    AtomicBoolean cancelledRan = new AtomicBoolean();
    first.execute(
        () -> {
          long start = System.nanoTime();
          Timer cancelled = first.schedule(150, () -> cancelledRan.set(true));
          cancelled.cancel();
          first.schedule(
              250,
              () ->
                  lag.complete(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start) - 250_000));
        });
    assertTrue(lag.get(60, TimeUnit.SECONDS) >= 0);
    assertFalse(cancelledRan.get());
  }

  @Test
  void anEarlierTimerOvertakesALaterOne() throws Exception {
    List<String> order = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(2);
    first.execute(
        () -> {
          first.schedule(
              600,
              () -> {
                order.add("late");
                done.countDown();
              });
          first.schedule(
              100,
              () -> {
                order.add("early");
                done.countDown();
              });
        });
    await(done);
    assertEquals(List.of("early", "late"), order);
  }
}

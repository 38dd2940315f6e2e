package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.metrics.Metrics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Steps have room or not as a test says: those that run on threads of their own until told. */
class HandshakeQueueTest {
  private static final long WAIT_MILLIS_MAX = 5_000;

  private final Loop loop = new Loop();
  private final Metrics metrics = new Metrics(1, "test");
  private final List<String> told = new ArrayList<>();
  private final HandshakeSteps steps =
      new HandshakeSteps(1, () -> loop, true, () -> 0, () -> 0, metrics);
  private final HandshakeQueue queue =
      new HandshakeQueue(loop, steps, WAIT_MILLIS_MAX, metrics.tlsHandshakesWaiting);

  private CountDownLatch busy = new CountDownLatch(0);

  private static final class Loop implements HandshakeQueue.Loop {
    private final ArrayDeque<Runnable> later = new ArrayDeque<>();
    private long now;

    @Override
    public int index() {
      return 0;
    }

    @Override
    public void afterSockets(Runnable task) {
      later.add(task);
    }

    @Override
    public long nowMillis() {
      return now;
    }

    void turn() {
      later.remove().run();
    }
  }

  private class Client implements HandshakeQueue.Waiting {
    private final String name;

    Client(String name) {
      this.name = name;
    }

    @Override
    public void turnHasCome() {
      told.add(name);
    }

    @Override
    public void turnDoesNotCome() {
      told.add(name + " away");
    }
  }

  /** One step that runs and one that waits, until {@link #relax}. */
  private void occupy() {
    busy = new CountDownLatch(1);
    CountDownLatch end = busy;
    for (int i = 0; i < 2; i++) {
      steps.execute(
          () -> {
            try {
              end.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    assertFalse(queue.isOpen());
  }

  private void relax() {
    busy.countDown();
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (!steps.hasRoom(0)) {
      assertTrue(System.nanoTime() < deadline, "no room again");
      Thread.onSpinWait();
    }
  }

  @AfterEach
  void close() {
    busy.countDown();
    steps.close();
  }

  @Test
  void clientsWaitUntilThereIsRoomAndGoInOrder() {
    assertTrue(queue.isOpen());
    occupy();
    for (String name : List.of("a", "b", "c")) {
      queue.add(new Client(name));
    }
    assertEquals(3, metrics.tlsHandshakesWaiting.value());
    loop.turn();
    assertEquals(List.of(), told);
    assertEquals(1, loop.later.size(), "another turn is due");
    relax();
    assertFalse(queue.isOpen(), "nobody overtakes those who wait");
    loop.turn();
    assertEquals(List.of("a", "b", "c"), told);
    assertEquals(0, metrics.tlsHandshakesWaiting.value());
    assertTrue(queue.isOpen());
    assertEquals(0, loop.later.size(), "turns that are due");
  }

  @Test
  void whoWaitsForTooLongIsTurnedAwayAndTheOthersGoOn() {
    occupy();
    queue.add(new Client("old"));
    loop.now = WAIT_MILLIS_MAX;
    queue.add(new Client("new"));
    loop.turn();
    assertEquals(List.of(), told, "not yet");
    loop.now = WAIT_MILLIS_MAX + 1;
    loop.turn();
    assertEquals(List.of("old away"), told);
    assertEquals(1, metrics.tlsHandshakesWaiting.value());
    relax();
    loop.turn();
    assertEquals(List.of("old away", "new"), told);
  }

  @Test
  void aCrowdIsTurnedAwayInPieces() {
    occupy();
    for (int i = 0; i < 200; i++) {
      queue.add(new Client("c" + i));
    }
    loop.now = WAIT_MILLIS_MAX + 1;
    int turns = 0;
    while (!loop.later.isEmpty()) {
      int before = told.size();
      loop.turn();
      assertTrue(told.size() - before <= 32, "in one turn");
      turns++;
    }
    assertEquals(200, told.size());
    assertEquals(7, turns);
  }

  /** As when they have left, and none of them runs a step. */
  @Test
  void aCrowdThatCostsNoStepsGoesInPiecesToo() {
    occupy();
    for (int i = 0; i < 100; i++) {
      queue.add(new Client("c" + i));
    }
    relax();
    loop.turn();
    assertEquals(32, told.size());
    assertEquals(1, loop.later.size(), "another turn is due");
  }

  @Test
  void oneThatThrowsHoldsUpNobody() {
    occupy();
    queue.add(
        new Client("bad") {
          @Override
          public void turnHasCome() {
            throw new IllegalStateException("of the test");
          }
        });
    queue.add(new Client("good"));
    relax();
    assertThrows(IllegalStateException.class, loop::turn);
    loop.turn();
    assertEquals(List.of("good"), told);
    assertEquals(0, metrics.tlsHandshakesWaiting.value());
  }
}

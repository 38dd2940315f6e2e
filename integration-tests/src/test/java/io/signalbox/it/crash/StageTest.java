package io.signalbox.it.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.Eventually;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the oracle takes for a fault. */
class StageTest {
  private static final Endpoint SOMEWHERE =
      new Endpoint(Transport.TCP, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), null);

  private final Stage stage = new Stage();
  private final Semaphore ends = new Semaphore(0);
  private final AtomicInteger plays = new AtomicInteger();

  /** Its first connection ends when the test says so, and its second one is all it needs. */
  private final class Client implements Actor {
    @Override
    public String name() {
      return "client";
    }

    @Override
    public void play(Endpoint endpoint) {
      if (plays.incrementAndGet() == 1) {
        ends.acquireUninterruptibly();
        throw new Gone("the connection was closed");
      }
    }
  }

  private void upUntilPlayed(int count) {
    stage.up(SOMEWHERE);
    Eventually.succeeds(
        () -> {
          assertEquals(count, plays.get());
          return count;
        });
  }

  @AfterEach
  void leave() throws InterruptedException {
    ends.release();
    stage.end();
  }

  @Test
  @Timeout(30) // no waiting for a kill that would explain it
  void aConnectionThatALivingBrokerEndsIsAFault() {
    stage.enter(new Client());
    upUntilPlayed(1);
    ends.release();
    Eventually.succeeds(
        () -> {
          assertTrue(stage.isOver());
          return stage;
        });
    assertThrows(AssertionError.class, stage::throwIfFailed);
  }

  @Test
  void aConnectionThatEndsWithTheBrokerIsNone() {
    stage.enter(new Client());
    upUntilPlayed(1);
    stage.down();
    ends.release();
    upUntilPlayed(2);
    stage.throwIfFailed();
  }
}

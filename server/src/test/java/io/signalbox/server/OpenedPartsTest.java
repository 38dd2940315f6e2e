package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Parts are closed in reverse order, and a stop can do without those that do not end. */
final class OpenedPartsTest {
  private final OpenedParts parts = new OpenedParts();
  private final List<String> closed = Collections.synchronizedList(new ArrayList<>());

  private void open(String what) {
    parts.add(what, () -> closed.add(what));
  }

  @Test
  void allAreClosedInReverseOrderAndOnce() throws Exception {
    open("store");
    parts.add(
        "socket",
        () -> {
          throw new IllegalStateException("a fault");
        });
    parts.add(
        "admin API",
        () -> {
          throw new NoClassDefFoundError("a class");
        });
    open("listeners");
    parts.close();
    parts.close(Duration.ofMinutes(1));
    assertEquals(List.of("listeners", "store"), closed);
  }

  /** A backup on a disk that failed holds the control socket, and the store below it. */
  @Test
  @Timeout(60)
  void whatDoesNotEndIsLeftWithAllThatWasOpenedBefore() throws Exception {
    var begun = new CountDownLatch(1);
    var over = new CountDownLatch(1);
    open("store");
    parts.add(
        "control socket",
        () -> {
          begun.countDown();
          over.await();
        });
    open("listeners");
    parts.close(Duration.ofMillis(500));
    begun.await();
    assertEquals(List.of("listeners"), closed);
    over.countDown();
    parts.close();
    assertEquals(List.of("listeners", "store"), closed);
  }
}

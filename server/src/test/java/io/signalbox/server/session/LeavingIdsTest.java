package io.signalbox.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.store.StoreFixture;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LeavingIdsTest {
  private static final long SESSION = 7;
  private static final long OTHER_SESSION = 8;
  private static final int ALL = 65_535;

  @TempDir Path directory;

  @Test
  void knowsEachUntilItsRowHasLeftAndForgetsItThen() throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      var leaving = new LeavingIds(fixture.store.writer(), fixture.loop);
      on(
          fixture,
          () -> {
            for (int id = 1; id <= ALL; id++) {
              leaving.add(SESSION, id);
            }
            // No barrier is answered while this runs.
            assertEquals(ALL, known(leaving, SESSION));
            assertEquals(0, known(leaving, OTHER_SESSION));
            return true;
          });
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (on(fixture, () -> known(leaving, SESSION)) > 0) {
        assertTrue(System.nanoTime() < deadline, "not in time");
        on(
            fixture,
            () -> {
              leaving.add(OTHER_SESSION, 1);
              return true;
            });
      }
      assertFalse(on(fixture, () -> leaving.contains(SESSION, 1)));
    }
  }

  private static long known(LeavingIds leaving, long session) {
    return IntStream.rangeClosed(1, ALL).filter(id -> leaving.contains(session, id)).count();
  }

  private static <T> T on(StoreFixture fixture, Supplier<T> task) throws Exception {
    return CompletableFuture.supplyAsync(task, fixture.loop::execute).get(60, TimeUnit.SECONDS);
  }
}

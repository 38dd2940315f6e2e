package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What loops have taken of the bytes of all, and do not use, must not look like scarcity. */
final class MemoryBudgetTest {
  @ParameterizedTest
  @CsvSource({"67108864, 32", "16777216, 8", "1073741824, 64", "268435456, 1"})
  void idleLoopsLeaveNearlyAllOfIt(long bytesMax, int loops) {
    var memory = new MemoryBudget(bytesMax, loops);
    List<BufferPool> pools = new ArrayList<>();
    for (int i = 0; i < loops; i++) {
      pools.add(new BufferPool(memory));
    }
    for (BufferPool pool : pools) {
      pool.charge(bytesMax / loops);
      pool.charge(-bytesMax / loops);
      pool.charge(1);
    }
    assertFalse(memory.isUsed(1));
  }
}

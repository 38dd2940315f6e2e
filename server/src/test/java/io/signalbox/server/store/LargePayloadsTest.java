package io.signalbox.server.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.signalbox.server.routing.LargePayload;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LargePayloadsTest {
  private final LargePayloads payloads = new LargePayloads();
  private final byte[] bytes = new byte[100_003];

  LargePayloadsTest() {
    new Random(1).nextBytes(bytes);
  }

  private LargePayload of(byte[] read) {
    return payloads.of(MemorySegment.ofArray(read.clone()));
  }

  @Test
  void whatIsReadAgainWhileItIsInUseIsTheSame() {
    LargePayload first = of(bytes);
    assertArrayEquals(bytes, first.bytes());
    assertSame(first, of(bytes));
    assertEquals(1, payloads.size());
  }

  @Test
  void whatDiffersInOneByteIsAnother() {
    LargePayload first = of(bytes);
    for (int at : new int[] {0, 1, 50_000, 99_999, bytes.length - 1}) {
      byte[] other = bytes.clone();
      other[at]++;
      LargePayload second = of(other);
      assertNotSame(first, second);
      assertArrayEquals(other, second.bytes());
    }
    assertArrayEquals(bytes, first.bytes());
  }

  @Test
  void keepsNothingThatNobodyUses() {
    for (int i = 0; i < 100; i++) {
      bytes[0] = (byte) i;
      of(bytes);
    }
    for (int i = 0; i < 1_000 && payloads.size() > 0; i++) {
      System.gc();
    }
    assertEquals(0, payloads.size());
  }
}

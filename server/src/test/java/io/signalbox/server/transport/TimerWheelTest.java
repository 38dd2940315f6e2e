package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerWheelTest {
  private final List<String> ran = new ArrayList<>();

  private void advance(TimerWheel wheel, long millis) {
    wheel.advance(millis, Runnable::run);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 99, 100, 101, 51_199, 51_200, 51_201, 3_600_000})
  void runsAtTheFirstTickNotBeforeTheDeadline(long delay) {
    long start = 12_345;
    TimerWheel wheel = new TimerWheel(start);
    wheel.add(start + delay, () -> ran.add("x"));
    long tick = (start + delay + 99) / 100 * 100;
    for (long now = start; now < tick; now += 33) {
      advance(wheel, now);
      assertTrue(ran.isEmpty(), "early at " + now);
    }
    advance(wheel, tick);
    assertEquals(List.of("x"), ran);
    assertEquals(0, wheel.size());
    assertEquals(Long.MAX_VALUE, wheel.nextMillis());
  }

  @Test
  void aDelayOfZeroRunsAtTheNextTick() {
    TimerWheel wheel = new TimerWheel(1_000);
    wheel.add(1_000, () -> ran.add("x"));
    assertEquals(1_100, wheel.nextMillis());
    advance(wheel, 1_100);
    assertEquals(List.of("x"), ran);
  }

  @Test
  void cancelledTimersDoNotRunNotEvenInTheSameTick() {
    TimerWheel wheel = new TimerWheel(0);
    TimerWheel.Entry[] entries = new TimerWheel.Entry[3];
    for (int i = 0; i < 3; i++) {
      int self = i;
      entries[i] =
          wheel.add(
              500,
              () -> {
                ran.add("x");
                for (int j = 0; j < 3; j++) {
                  if (j != self) {
                    entries[j].cancel();
                  }
                }
              });
    }
    wheel.add(500, () -> ran.add("never")).cancel();
    advance(wheel, 500);
    assertEquals(List.of("x"), ran);
    entries[0].cancel();
    assertEquals(0, wheel.size());
  }

  @Test
  void aTaskMaySetItselfAgain() {
    TimerWheel wheel = new TimerWheel(0);
    Runnable[] task = new Runnable[1];
    task[0] =
        () -> {
          ran.add("x");
          wheel.add(ran.size() * 100L, task[0]);
        };
    wheel.add(0, task[0]);
    advance(wheel, 100);
    assertEquals(1, ran.size());
    advance(wheel, 1_000_000); // However late: once, not once for every tick that passed.
    assertTrue(ran.size() <= 513, ran.size() + " runs");
  }

  @Test
  void aLongSleepRunsAllThatIsDueAndNothingElse() {
    TimerWheel wheel = new TimerWheel(0);
    for (int i = 1; i <= 1_000; i++) {
      wheel.add(i * 1_000L, () -> ran.add("x"));
    }
    advance(wheel, 500_000);
    assertEquals(500, ran.size());
    assertEquals(500, wheel.size());
  }

  @Test
  void behavesAsASortedListWould() {
    Random random = new Random(17);
    TimerWheel wheel = new TimerWheel(0);
    TreeMap<Long, List<Integer>> model = new TreeMap<>();
    List<Integer> expected = new ArrayList<>();
    List<Integer> actual = new ArrayList<>();
    long now = 0;
    for (int i = 0; i < 20_000; i++) {
      int id = i;
      long deadline = now + random.nextInt(200_000);
      TimerWheel.Entry entry = wheel.add(deadline, () -> actual.add(id));
      if (random.nextInt(3) == 0) {
        entry.cancel();
      } else {
        long tick = Math.max((deadline + 99) / 100, now / 100 + 1);
        model.computeIfAbsent(tick, _ -> new ArrayList<>()).add(id);
      }
      now += random.nextInt(300);
      advance(wheel, now);
      while (!model.isEmpty() && model.firstKey() <= now / 100) {
        expected.addAll(model.pollFirstEntry().getValue());
      }
      assertEquals(expected.size(), actual.size());
      if (!model.isEmpty()) {
        assertTrue(wheel.nextMillis() <= model.firstKey() * 100);
      }
    }
    expected.sort(null);
    actual.sort(null);
    assertEquals(expected, actual);
  }
}

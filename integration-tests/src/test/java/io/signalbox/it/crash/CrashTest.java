package io.signalbox.it.crash;

import io.signalbox.it.broker.BrokerUnderTest;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The packaged broker under load, killed by SIGKILL at random moments and started again on its
 * data.
 *
 * <p>{@code -Dcrash.kills=5000} kills more often, in rounds that each begin with an empty store;
 * {@code -Dcrash.seed=N} repeats the plan of a run that failed.
 */
@Order(1) // it takes longest, so it must not begin last
class CrashTest {
  private static final int KILLS_PER_ROUND = 50;
  private static final int HOURS_MAX = 24;

  private final int kills = Integer.getInteger("crash.kills", KILLS_PER_ROUND);
  private final long firstSeed = Long.getLong("crash.seed", System.nanoTime());

  @Test
  @Timeout(value = HOURS_MAX, unit = TimeUnit.HOURS)
  void losesAndDoublesNothingWhenItIsKilled() throws Exception {
    for (int done = 0; done < kills; done += KILLS_PER_ROUND) {
      long seed = firstSeed + done / KILLS_PER_ROUND;
      System.out.println("crash.seed=" + seed);
      try (BrokerUnderTest broker =
          BrokerUnderTest.start("crash", CrashBroker.config(), CrashBroker.launch())) {
        String summary =
            new CrashRun(broker, seed)
                .play(Math.min(kills - done, KILLS_PER_ROUND), BrokerUnderTest::kill9);
        System.out.println("crash.seed=" + seed + ": " + summary);
      } catch (AssertionError e) {
        throw new AssertionError("-Dcrash.seed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }
}

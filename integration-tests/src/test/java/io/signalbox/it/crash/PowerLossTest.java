package io.signalbox.it.crash;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Launch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * As {@link CrashTest}, but the broker that comes back finds only what was synced, and of the rest
 * what chance let through ({@link Journal}).
 *
 * <p>{@code -Dpower.cuts=1000} cuts more often, {@code -Dcrash.seed=N} repeats a plan.
 */
class PowerLossTest {
  private static final int CUTS = 10;
  private static final int CUTS_PER_ROUND = 50;
  private static final int HOURS_MAX = 24;

  private final int cuts = Integer.getInteger("power.cuts", CUTS);
  private final long firstSeed = Long.getLong("crash.seed", System.nanoTime());

  @Test
  @Timeout(value = HOURS_MAX, unit = TimeUnit.HOURS)
  void losesAndDoublesNothingWhenThePowerIsCut(@TempDir Path folder) throws Exception {
    NativeDisk disk = NativeDisk.in(folder);
    for (int done = 0; done < cuts; done += CUTS_PER_ROUND) {
      long seed = firstSeed + done / CUTS_PER_ROUND;
      System.out.println("crash.seed=" + seed);
      try (BrokerUnderTest broker = BrokerUnderTest.prepare("power", CrashBroker.config())) {
        var journal = new Journal(folder.resolve("image-" + seed));
        Path dataFile = NativeDisk.dataFile(broker);
        Launch launch = disk.journaled(CrashBroker.launch(), dataFile);
        Files.deleteIfExists(disk.journal()); // the broker of the round before went on writing
        broker.restart(launch);
        var chance = new Random(seed);
        String summary =
            new CrashRun(broker, seed)
                .play(
                    Math.min(cuts - done, CUTS_PER_ROUND),
                    killed -> {
                      killed.kill9();
                      journal.cut(disk.journal(), chance);
                      journal.restore(dataFile);
                    });
        System.out.println(
            "crash.seed="
                + seed
                + ": "
                + summary
                + ", "
                + journal.synced()
                + " writes synced, "
                + journal.lost()
                + " lost");
        assertTrue(journal.synced() > 0, "the layer sees the writes of LMDB");
      } catch (AssertionError e) {
        throw new AssertionError("-Dcrash.seed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }
}

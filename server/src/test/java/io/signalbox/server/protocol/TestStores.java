package io.signalbox.server.protocol;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.retained.RetainedMessages;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.store.StoreOpenException;
import java.nio.file.Path;

/** Real stores for tests: one that fails ends the test. */
final class TestStores {
  private TestStores() {}

  static Store open(Path directory, Clocks clocks, Metrics metrics) throws StoreOpenException {
    return Store.open(
        directory,
        StoreConfig.DEFAULTS,
        StoreLimits.DEFAULTS,
        clocks,
        metrics,
        problem -> {
          throw new AssertionError("the store failed", problem);
        });
  }

  static RetainedMessages retained(Store store, Clocks clocks) {
    return new RetainedMessages(store, StoreLimits.DEFAULTS, clocks);
  }
}

package io.signalbox.server.session;

import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreWriter;
import java.util.List;

/**
 * What every session shares.
 *
 * @param leavingIds of each I/O thread, at its index
 */
record SessionContext(
    SessionRegistry registry,
    SubscriptionTrie trie,
    Store store,
    StoreWriter writer,
    List<LeavingIds> leavingIds,
    Clocks clocks,
    Metrics metrics,
    LimitsConfig limits,
    SessionConfig config,
    QueueLimits queueLimits,
    Wills wills) {
  /**
   * How far beyond the row at hand the mark of rows that may have been sent is moved: each block
   * costs one commit. Rows below the mark cannot give way to newer ones, so there it is short; a
   * queue that waits for its client may make it shorter.
   */
  long markBlock() {
    return dropsOldest() ? 1 << 12 : 1 << 20;
  }

  /** To be called on that thread. */
  LeavingIds leavingIds(EventLoop loop) {
    return leavingIds.get(loop.index());
  }

  boolean dropsOldest() {
    return config.queueOverflow() == Overflow.DROP_OLDEST;
  }

  /** After a restart a client gets this long to come back before its will goes out. */
  long restartGraceMillis() {
    return config.willRestartGrace().toMillis();
  }
}

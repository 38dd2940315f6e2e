package io.signalbox.server.session;

import io.signalbox.server.store.DisconnectSession;
import io.signalbox.server.store.MarkSent;
import io.signalbox.server.store.SessionRow;
import io.signalbox.server.store.StoreWriter;
import java.util.concurrent.locks.LockSupport;

/**
 * What the end of a process did to its sessions, made good at the next start: nobody is connected,
 * and wills that were interrupted become due.
 */
final class Restart {
  /** Wills published at most: a whole fleet may have been connected. */
  private static final long WILLS_PER_SECOND = 5_000;

  private final SessionContext context;
  private final long nowMillis;
  private long wills;

  Restart(SessionContext context, long nowMillis) {
    this.context = context;
    this.nowMillis = nowMillis;
  }

  /**
   * Each client first gets the time to come back, which it could not do while we were away, also
   * when its will was due meanwhile.
   *
   * @param delaySeconds its Will Delay Interval, or its Session Expiry Interval if that is shorter
   */
  long willDelayMillis(SessionRow row, long delaySeconds) {
    long grace = context.restartGraceMillis();
    long most = Math.max(delaySeconds * 1000, grace);
    long delay = row.online() ? most : Math.clamp(row.willDueMillis() - nowMillis, grace, most);
    return delay + wills++ * 1000 / WILLS_PER_SECOND;
  }

  /**
   * The row says connected. From now on the session's expiry counts, whether or not the next start
   * comes before its client does, and the mark of what may have been sent is true again, so that
   * what was not sent may expire or give way.
   */
  void disconnect(SessionRow row, long willDueMillis) {
    if (!row.online()) {
      return;
    }
    StoreWriter writer = context.writer();
    while (writer.congested()) {
      LockSupport.parkNanos(1_000_000); // at start nobody waits for this thread
    }
    writer.submit(new MarkSent(row.number(), row.epoch(), row.sentUpTo()), null);
    writer.submit(
        new DisconnectSession(
            row.number(), row.epoch(), row.expirySeconds(), nowMillis, willDueMillis),
        null);
  }
}

package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;

/**
 * How long a {@link SharedHandover} waits for members that keep nothing on disk and have no room in
 * memory: in steps that grow, until one takes what waits first or it has been long enough.
 */
@ConfinedTo("the leaving session's I/O thread")
final class Patience {
  private static final long SHORTEST_MILLIS = 100;
  private static final long LONGEST_MILLIS = 1_000;

  /** In which no member takes anything. */
  private static final long IDLE_MILLIS_MAX = 300_000;

  /** In all, while a client waits for the end of the handover. */
  private static final long AWAITED_MILLIS_MAX = 5_000;

  /** Of the row that waits first. */
  private long sequence;

  /** For that row. */
  private long waitedMillis;

  private long awaitedMillis;

  /**
   * @param firstSequence of the row that waits first: another one than last time was taken
   * @param awaited a client waits for the end of the handover
   * @return until the next look for room; 0: it has been long enough
   */
  long nextMillis(long firstSequence, boolean awaited) {
    if (sequence != firstSequence) {
      sequence = firstSequence;
      waitedMillis = 0;
    }
    long left = awaited ? AWAITED_MILLIS_MAX - awaitedMillis : IDLE_MILLIS_MAX - waitedMillis;
    if (left <= 0) {
      return 0;
    }
    long next = Math.min(left, Math.clamp(waitedMillis, SHORTEST_MILLIS, LONGEST_MILLIS));
    waitedMillis += next;
    awaitedMillis += awaited ? next : 0;
    return next;
  }
}

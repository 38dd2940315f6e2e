package io.signalbox.server.store;

import java.util.List;

/**
 * Part of a session's queue.
 *
 * @param rows ascending by sequence
 * @param end nothing was behind them when they were read
 * @param nextSequence of the snapshot: every row with a lower sequence was committed and visible
 */
public record QueueSlice(List<QueuedRow> rows, boolean end, long nextSequence) {
  /** What its rows take in memory. */
  public long bytes() {
    long bytes = 0;
    for (QueuedRow row : rows) {
      bytes += row.bytes();
    }
    return bytes;
  }
}

package io.signalbox.server.store;

import java.util.List;

/**
 * Removes messages whose expiry passed (MQTT 5.0 section 3.3.2.3.3). Submitted by the store itself,
 * which found them on a reader thread; applying it looks at each again. Result: how many went, as
 * {@code Integer}.
 *
 * @param nowMillis wall clock
 * @param retainedTopics UTF-8
 * @param numbers sessions of the queued ones
 * @param sequences rows of the queued ones, one for each number
 */
record DropExpired(long nowMillis, List<byte[]> retainedTopics, long[] numbers, long[] sequences)
    implements Command {

  @Override
  public int bytes() {
    return 128 + 64 * retainedTopics.size() + 16 * numbers.length;
  }
}

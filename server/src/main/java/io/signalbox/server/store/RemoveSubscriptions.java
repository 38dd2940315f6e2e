package io.signalbox.server.store;

import java.util.List;

/**
 * Removes subscriptions of a session; those it does not have are passed over. Result: null.
 *
 * @param requestedFilters as the client wrote them, with {@code $share/{ShareName}/}
 */
public record RemoveSubscriptions(long number, long epoch, List<String> requestedFilters)
    implements Command {

  public RemoveSubscriptions {
    requestedFilters = List.copyOf(requestedFilters);
  }

  @Override
  public int bytes() {
    int bytes = 128;
    for (String filter : requestedFilters) {
      bytes += 64 + filter.length();
    }
    return bytes;
  }
}

package io.signalbox.server.store;

import io.signalbox.server.routing.Subscription;
import java.util.List;

/** Adds subscriptions of a session, or replaces those with the same filter. Result: null. */
public record StoreSubscriptions(long number, long epoch, List<Subscription> subscriptions)
    implements Command {

  public StoreSubscriptions {
    subscriptions = List.copyOf(subscriptions);
  }

  @Override
  public boolean grows() {
    return true;
  }

  @Override
  public int bytes() {
    int bytes = 128;
    for (Subscription subscription : subscriptions) {
      bytes += 64 + subscription.filter().utf8().length;
    }
    return bytes;
  }
}

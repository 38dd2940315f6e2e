package io.signalbox.server.routing;

import org.jspecify.annotations.Nullable;

/** Two and more subscribers of one filter or one group, by identity. */
final class DeliveryTable extends Table<Delivery> implements Members {

  @Override
  int hash(Delivery delivery) {
    return hash(delivery.subscriber());
  }

  private static int hash(Subscriber subscriber) {
    return System.identityHashCode(subscriber);
  }

  /** The delivery in a slot, or null when the slot holds none. Any thread. */
  static @Nullable Delivery delivery(@Nullable Object[] slots, int index) {
    Object slot = slot(slots, index);
    return isElement(slot) ? (Delivery) slot : null;
  }

  /** Any thread. */
  @Nullable Delivery find(Subscriber subscriber) {
    @Nullable Object[] slots = slots();
    int mask = slots.length - 1;
    for (int i = hash(subscriber) & mask; ; i = (i + 1) & mask) {
      Object slot = slot(slots, i);
      if (slot == null) {
        return null;
      }
      if (isElement(slot) && ((Delivery) slot).isFor(subscriber)) {
        return (Delivery) slot;
      }
    }
  }
}

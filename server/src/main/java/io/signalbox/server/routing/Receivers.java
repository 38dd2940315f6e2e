package io.signalbox.server.routing;

import io.signalbox.server.eventloop.ConfinedTo;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A list of receivers, filled anew by {@link Router#receivers} for each message. */
@ConfinedTo("I/O thread")
public final class Receivers {
  private static final int KEPT_MAX = 1 << 12;

  private @Nullable Delivery[] deliveries = new Delivery[16];
  private int size;

  public int size() {
    return size;
  }

  /**
   * @param index 0 to {@link #size} - 1; this index is the {@code receiverIndex} of {@link
   *     Subscriber#offer}
   */
  public Delivery get(int index) {
    if (index >= size) {
      throw new IndexOutOfBoundsException(index);
    }
    return Objects.requireNonNull(deliveries[index]);
  }

  /**
   * Forgets the receivers, so that the list keeps no session alive, and gives a large array back.
   */
  public void clear() {
    if (deliveries.length > KEPT_MAX) {
      deliveries = new Delivery[16];
    } else {
      Arrays.fill(deliveries, 0, size, null);
    }
    size = 0;
  }

  void ensureCapacity(int capacity) {
    if (capacity > deliveries.length) {
      deliveries = Arrays.copyOf(deliveries, Math.max(capacity, 2 * deliveries.length));
    }
  }

  void add(Delivery delivery) {
    ensureCapacity(size + 1);
    deliveries[size++] = delivery;
  }
}

package io.signalbox.server.routing;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A small hash table that readers walk without a lock while one writer at a time changes it.
 *
 * <p>Open addressing with linear probing. INVARIANT: an element never moves within an array; a
 * removed one leaves a marker; growing, shrinking and sweeping the markers happen in a fresh array
 * that is published when it is complete. So a reader that took {@link #slots} once meets every
 * element that was there all the time exactly once. Duplicate keys are the caller's business.
 */
abstract sealed class Table<T> permits ChildTable, DeliveryTable, GroupTable {
  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);
  private static final Object REMOVED = new Object();
  private static final int SLOTS_MIN = 4;

  private volatile @Nullable Object[] slots = new Object[SLOTS_MIN];

  // Writer only.
  private int size;
  private int used; // with the markers of removed elements

  /** Where the search for an element starts; the same for as long as it is in the table. */
  abstract int hash(T element);

  /** The array of now, its length a power of two. Any thread. */
  final @Nullable Object[] slots() {
    return slots;
  }

  /** What stands in a slot, {@link #isElement} or not; null ends a search. Any thread. */
  static @Nullable Object slot(@Nullable Object[] slots, int index) {
    return SLOT.getAcquire(slots, index);
  }

  static boolean isElement(@Nullable Object slot) {
    return slot != null && slot != REMOVED;
  }

  /** Elements, as the writer knows it. */
  final int size() {
    return size;
  }

  /** The element of a table of one. Writer only. */
  @SuppressWarnings("unchecked") // only put() and replace() fill slots
  final T lone() {
    for (Object element : slots) {
      if (element != null && element != REMOVED) {
        return (T) element;
      }
    }
    throw new IllegalStateException("empty table");
  }

  /** Adds an element whose key is not in the table. Writer only. */
  final void put(T element) {
    if (4 * (used + 1) > 3 * slots.length) {
      rebuild(size + 1);
    }
    insert(slots, element);
    size++;
    used++;
  }

  /** Puts an element in the place of another with the same hash. Writer only. */
  final void replace(T old, T element) {
    @Nullable Object[] array = slots;
    SLOT.setRelease(array, indexOf(array, old), element);
  }

  /** Removes an element that is in the table. Writer only. */
  final void remove(T element) {
    @Nullable Object[] array = slots;
    SLOT.setRelease(array, indexOf(array, element), REMOVED);
    size--;
    if (array.length > SLOTS_MIN && 8 * size <= array.length) {
      rebuild(size);
    }
  }

  @SuppressWarnings("ReferenceEquality") // the very element
  private int indexOf(@Nullable Object[] array, T element) {
    int mask = array.length - 1;
    int i = hash(element) & mask;
    while (array[i] != element) {
      if (array[i] == null) {
        throw new IllegalStateException("not in the table");
      }
      i = (i + 1) & mask;
    }
    return i;
  }

  private void insert(@Nullable Object[] array, T element) {
    int mask = array.length - 1;
    int i = hash(element) & mask;
    while (array[i] != null) {
      i = (i + 1) & mask;
    }
    SLOT.setRelease(array, i, element);
  }

  @SuppressWarnings("unchecked") // only put() and replace() fill slots
  private void rebuild(int elements) {
    int length = SLOTS_MIN;
    while (length < 2 * elements) {
      length *= 2;
    }
    @Nullable Object[] array = new Object[length];
    for (Object element : slots) {
      if (element != null && element != REMOVED) {
        insert(array, (T) element);
      }
    }
    used = size;
    slots = array;
  }
}

package io.signalbox.server.registry;

import org.jspecify.annotations.Nullable;

/**
 * What a change did; it is durable.
 *
 * @param before null: there was none
 * @param after null: there is none any more
 */
public record Written<E extends Entry<E>>(@Nullable E before, @Nullable E after) {
  /** The entry as it is now. */
  public E entry() {
    E entry = after;
    if (entry == null) {
      throw new IllegalStateException("the entry was removed");
    }
    return entry;
  }

  public boolean isCreated() {
    return before == null && after != null;
  }

  /** False: everything was as asked already and nothing was written. */
  @SuppressWarnings("ReferenceEquality") // the very entry is returned
  public boolean isChanged() {
    return before != after;
  }
}

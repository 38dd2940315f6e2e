package io.signalbox.server.store;

import org.jspecify.annotations.Nullable;

/**
 * Nothing can be read now, whatever is stored: the store is closed, or gives no snapshot. What is
 * stored is as it was, and may be read later or after the next start.
 */
public final class UnreadableStoreException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  private final boolean closed;

  private UnreadableStoreException(String problem, @Nullable Throwable cause, boolean closed) {
    super(problem, cause);
    this.closed = closed;
  }

  static UnreadableStoreException closed() {
    return new UnreadableStoreException("the store is closed", null, true);
  }

  static UnreadableStoreException noSnapshot(RuntimeException cause) {
    return new UnreadableStoreException(
        "the store gives no snapshot: " + cause.getMessage(), cause, false);
  }

  /** Whether that is so because the broker ends. */
  public boolean isClosed() {
    return closed;
  }
}

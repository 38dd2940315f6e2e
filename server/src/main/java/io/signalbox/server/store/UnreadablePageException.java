package io.signalbox.server.store;

import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;
import org.lmdbjava.LmdbNativeException.PageCorruptedException;
import org.lmdbjava.LmdbNativeException.PageNotFoundException;

/**
 * A page that cannot be read spoilt an attempt at a batch. What it hinders is {@link LeftAlone}
 * from now on, so the next attempt gets further.
 */
final class UnreadablePageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient @Nullable StorePublish publish;

  /**
   * @param publish which cannot be stored for it; null: nothing need be refused
   */
  UnreadablePageException(String problem, @Nullable StorePublish publish, LmdbException cause) {
    super(problem, cause, false, false);
    this.publish = publish;
  }

  /** What is to be refused in the next attempt; null: nothing. */
  @Nullable StorePublish publish() {
    return publish;
  }

  /** Whether LMDB says of a page that it is damaged: the rest of the file may be sound. */
  static boolean isOne(Throwable e) {
    return e instanceof PageNotFoundException || e instanceof PageCorruptedException;
  }
}

package io.signalbox.server.store;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * Two read transactions on one snapshot. One walks through a table while the other looks up rows of
 * other tables: LMDB reads nothing more in a transaction that met a damaged page, so what is looked
 * up must not end the walk. One thread.
 */
final class SnapshotPair {
  /** What was looked up lies on a page that cannot be read. */
  static final class DamagedPageException extends RuntimeException {
    DamagedPageException(String problem) {
      super(problem, null, false, false);
    }
  }

  final Txn<MemorySegment> walking;
  private final Txn<MemorySegment> looking;

  /** The two are closed by whoever opened them. */
  SnapshotPair(Txn<MemorySegment> walking, Txn<MemorySegment> looking) {
    this.walking = walking;
    this.looking = looking;
    meet();
  }

  /** For the next walk, behind a damaged page: the newest snapshot. */
  void renew() {
    goOn(walking);
    meet();
  }

  private void meet() {
    while (!areOne()) {
      goOn(looking);
      if (!areOne()) {
        goOn(walking); // a commit came between the two
      }
    }
  }

  private boolean areOne() {
    return walking.getId() == looking.getId();
  }

  /**
   * Reads something of another table than the one that is walked through.
   *
   * @throws DamagedPageException it cannot be read; or it is not known any more, for on a store in
   *     use there is a newer snapshot since such a page was met
   */
  <T> T lookUp(Function<Txn<MemorySegment>, T> what) {
    if (!areOne()) {
      throw new DamagedPageException("behind a page that cannot be read");
    }
    try {
      return what.apply(looking);
    } catch (LmdbException e) {
      goOn(looking);
      throw new DamagedPageException("a page cannot be read: " + e.getMessage());
    }
  }

  private static void goOn(Txn<MemorySegment> reading) {
    reading.reset();
    reading.renew();
  }
}

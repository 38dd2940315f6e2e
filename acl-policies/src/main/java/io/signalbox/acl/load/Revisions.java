package io.signalbox.acl.load;

import io.signalbox.acl.decision.PolicyBundle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The bundles that were in force, the latest last; what is rolled back to becomes the latest. Any
 * thread. Kept in memory: whoever stores them on disk gives them back in order with {@link
 * #restore}.
 */
public final class Revisions {
  /** Kept when nobody says otherwise. */
  public static final int KEPT_MAX = 20;

  /**
   * @param number from 1, never used twice
   * @param atMillis wall clock, milliseconds since 1970
   * @param author who did it, for the audit log
   * @param cause {@code reload}, {@code rollback to 7}, ...
   */
  public record Revision(
      long number, long atMillis, String author, String cause, PolicyBundle bundle) {}

  private final int keptMax;
  private final Deque<Revision> kept = new ArrayDeque<>();

  /**
   * @param keptMax positive
   */
  public Revisions(int keptMax) {
    if (keptMax < 1) {
      throw new IllegalArgumentException("revisions to keep: " + keptMax + " is not positive");
    }
    this.keptMax = keptMax;
  }

  /** A new bundle goes into force; the same as the latest one makes no new revision. */
  public synchronized Revision add(
      PolicyBundle bundle, long atMillis, String author, String cause) {
    Revision latest = kept.peekLast();
    if (latest != null && latest.bundle().sameAs(bundle)) {
      return latest;
    }
    long number = latest == null ? 1 : latest.number() + 1;
    Revision revision = new Revision(number, atMillis, author, cause, bundle);
    restore(revision);
    return revision;
  }

  /**
   * Puts back what was stored.
   *
   * @throws IllegalArgumentException when its number is not above the latest
   */
  public synchronized void restore(Revision revision) {
    Revision latest = kept.peekLast();
    if (latest != null && revision.number() <= latest.number()) {
      throw new IllegalArgumentException(
          "revision %d does not follow %d".formatted(revision.number(), latest.number()));
    }
    kept.addLast(revision);
    if (kept.size() > keptMax) {
      kept.removeFirst();
    }
  }

  /** The bundle of an earlier revision as a new one; empty when that one is not kept. */
  public synchronized Optional<Revision> rollback(long number, long atMillis, String author) {
    return kept.stream()
        .filter(revision -> revision.number() == number)
        .findFirst()
        .map(found -> add(found.bundle(), atMillis, author, "rollback to " + number));
  }

  public synchronized Optional<Revision> latest() {
    return Optional.ofNullable(kept.peekLast());
  }

  /** The oldest first. */
  public synchronized List<Revision> list() {
    return List.copyOf(kept);
  }
}

package io.signalbox.server.registry;

/**
 * When an entry was made and changed.
 *
 * @param createdAtMillis wall clock
 * @param updatedAtMillis wall clock
 * @param revision 1..; grows with every change; 0 before the entry is stored
 */
public record Stamp(long createdAtMillis, long updatedAtMillis, long revision) {
  /** Of an entry that is not stored yet. */
  public static final Stamp NEW = new Stamp(0, 0, 0);

  Stamp withRevision(long other) {
    return new Stamp(createdAtMillis, updatedAtMillis, other);
  }
}

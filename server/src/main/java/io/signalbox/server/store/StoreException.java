package io.signalbox.server.store;

/**
 * Why a command was not carried out. An expected outcome that is handed to the {@link Completion},
 * never thrown at the submitter; it has no stack trace.
 */
public final class StoreException extends Exception {
  /** What went wrong. */
  public enum Reason {
    /** The session was taken over by a later connection, or has ended. */
    STALE_EPOCH("the session was taken over or has ended"),
    /** The disk or the store's quota is full; passes when room returns. */
    STORE_FULL("the store is full"),
    /** More commands wait for the writer than the configuration allows. */
    BUSY("too many commands wait for the disk"),
    /** Another writer changed the record first. */
    REVISION_CONFLICT("the record was changed meanwhile"),
    /** Applying this command failed: a fault of ours, logged. */
    INTERNAL("the change could not be applied, see the log"),
    /** The disk failed: nothing is acknowledged any more and the process is about to stop. */
    FAILED("the disk failed, nothing is stored any more"),
    /** The store is closed. */
    CLOSED("the store is closed");

    private final String text;

    Reason(String text) {
      this.text = text;
    }
  }

  private final Reason reason;

  StoreException(Reason reason) {
    super(reason.text, null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}

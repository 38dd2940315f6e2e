package io.signalbox.server;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A part of the registry that counts as a whole once it was brought in force. What fails is tried
 * again. Any thread; one at a time brings it.
 */
final class InForce {
  private static final Logger LOG = System.getLogger(InForce.class.getName());

  private final String what;
  private final Runnable task;
  private final Runnable after;
  private final AtomicBoolean changed = new AtomicBoolean();

  /** Whether the last attempt failed; guarded by this. */
  private boolean failing;

  /**
   * @param what for the log
   * @param task makes it what counts
   * @param after run once it counts, and not before
   */
  InForce(String what, Runnable task, Runnable after) {
    this.what = what;
    this.task = task;
    this.after = after;
  }

  /** It is to be brought. */
  void changed() {
    changed.set(true);
  }

  /**
   * When this returns, what changed before it was called counts, unless an attempt before this one
   * has failed. Throws what the task throws.
   */
  synchronized void bring() {
    if (changed.getAndSet(false)) { // before: what changes meanwhile is brought the next time
      attempt();
    }
  }

  /** Brings what changed, or failed before. Never throws; logs the first of several failures. */
  synchronized void keepBringing() {
    boolean again = failing;
    if (!changed.getAndSet(false) && !again) {
      return;
    }
    try {
      attempt();
      if (again) {
        LOG.log(Level.INFO, "{0} were brought in force", what);
      }
    } catch (RuntimeException e) {
      if (!again) {
        LOG.log(Level.ERROR, what + " are not in force, which is tried again", e);
      }
    }
  }

  private void attempt() {
    failing = true;
    task.run();
    failing = false;
    after.run();
  }
}

package io.signalbox.server.store;

import io.signalbox.server.eventloop.EventLoop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who waits for the writer until it calls them all. What they wait for may be long in coming, so
 * who goes before leaves. Any thread.
 */
final class Waiters {
  private static final Logger LOG = System.getLogger(Waiters.class.getName());

  private final Set<Waiting> all = ConcurrentHashMap.newKeySet();

  Waiting add(EventLoop loop, Runnable task) {
    var one = new Waiting(this, loop, task);
    all.add(one);
    return one;
  }

  /**
   * @return false: it was called or has left before
   */
  boolean remove(Waiting one) {
    return all.remove(one);
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  int size() {
    return all.size();
  }

  /** Each once, also when several threads call. */
  void call() {
    if (isEmpty()) { // the table of a set that was large is not small again
      return;
    }
    for (Waiting one : all) {
      if (remove(one)) {
        execute(one.loop(), one.task());
      }
    }
  }

  /** Hands a task to a loop, which may have ended before the writer. */
  static void execute(EventLoop loop, Runnable task) {
    try {
      loop.execute(task);
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "an I/O thread does not take its answers from the store", e);
    }
  }
}

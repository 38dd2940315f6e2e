package io.signalbox.server;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** What was opened and is closed again in reverse order. */
final class OpenedParts {
  private static final Logger LOG = System.getLogger(OpenedParts.class.getName());

  private record Part(String what, AutoCloseable part) {}

  private final Deque<Part> parts = new ArrayDeque<>();
  private volatile String closing = "";

  /** Only by the thread that opens, before anything is closed. */
  <T extends AutoCloseable> T add(String what, T part) {
    parts.push(new Part(what, part));
    return part;
  }

  /** Returns when all is closed. Any thread, also again. */
  synchronized void close() {
    while (!parts.isEmpty()) {
      Part last = parts.pop();
      closing = last.what;
      try {
        last.part.close();
      } catch (Exception | Error e) { // after an error in the start another is likely
        LOG.log(Level.ERROR, "closing the " + last.what + " failed", e);
      }
    }
  }

  /**
   * As {@link #close}, but not for longer than this. What is not closed then, and what it may need,
   * is left open; the log says where it stopped.
   */
  void close(Duration most) throws InterruptedException {
    Thread closer = Thread.ofPlatform().daemon().name("signalbox-close").start(this::close);
    if (!closer.join(most)) {
      LOG.log(
          Level.WARNING,
          "the {0} cannot be closed within {1} s and is left open, with all that was opened before",
          closing,
          Long.toString(most.toSeconds()));
    }
  }
}

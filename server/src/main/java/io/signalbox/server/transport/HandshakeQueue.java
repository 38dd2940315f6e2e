package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.metrics.Gauge;
import java.util.ArrayDeque;

/**
 * Connections of one I/O thread whose clients have begun TLS, in the order in which they came,
 * while there is more to do than can be done at once. A handshake is begun when its step can run,
 * not before: when a whole fleet returns, all clients would otherwise be answered a little, and
 * none before it gives up.
 *
 * <p>A client that waits for too long is turned away unserved, which costs next to nothing, and
 * comes back.
 */
@ConfinedTo("its I/O thread")
final class HandshakeQueue {
  /**
   * In one turn, whatever becomes of them: one that has left runs no step, but costs system calls.
   */
  private static final int CLIENTS_MAX = 32;

  /** A connection that waits. */
  interface Waiting {
    /** Its turn has come. It may have ended meanwhile. */
    void turnHasCome();

    /** Its turn does not come in time. */
    void turnDoesNotCome();
  }

  /** What is needed of an I/O thread. */
  interface Loop extends HandshakeSteps.IoThread {
    long nowMillis();
  }

  private record Place(Waiting waiting, long sinceMillis) {}

  private final Loop loop;
  private final HandshakeSteps steps;
  private final long waitMillisMax;
  private final Gauge waitingOnAll;
  private final ArrayDeque<Place> places = new ArrayDeque<>();

  /**
   * @param waitMillisMax who has waited for longer is turned away
   * @param waitingOnAll counts those who wait on all I/O threads
   */
  HandshakeQueue(Loop loop, HandshakeSteps steps, long waitMillisMax, Gauge waitingOnAll) {
    this.loop = loop;
    this.steps = steps;
    this.waitMillisMax = waitMillisMax;
    this.waitingOnAll = waitingOnAll;
  }

  /** Whether a handshake may begin now, without a wait. */
  boolean isOpen() {
    return places.isEmpty() && steps.hasRoom(loop.index());
  }

  void add(Waiting waiting) {
    places.add(new Place(waiting, loop.nowMillis()));
    waitingOnAll.add(loop.index(), 1);
    if (places.size() == 1) {
      loop.afterSockets(this::takeTurn);
    }
  }

  private void takeTurn() {
    try {
      for (int i = 0; i < CLIENTS_MAX && !places.isEmpty(); i++) {
        Place first = places.element();
        if (loop.nowMillis() - first.sinceMillis() > waitMillisMax) {
          leave();
          first.waiting().turnDoesNotCome();
        } else if (steps.hasRoom(loop.index())) {
          leave();
          first.waiting().turnHasCome();
        } else {
          break;
        }
      }
    } finally {
      if (!places.isEmpty()) {
        loop.afterSockets(this::takeTurn);
      }
    }
  }

  private void leave() {
    places.remove();
    waitingOnAll.add(loop.index(), -1);
  }
}

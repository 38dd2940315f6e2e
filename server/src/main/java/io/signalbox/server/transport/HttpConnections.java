package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xnio.StreamConnection;

/**
 * The connections of one I/O thread that speak HTTP, and which of them is missed least when their
 * share of all connections is full.
 */
@ConfinedTo("I/O thread")
final class HttpConnections {
  private final IdentityHashMap<StreamConnection, Arrival> all = new IdentityHashMap<>();

  /** In the order in which their last requests came. */
  private final Set<Arrival> answering = new LinkedHashSet<>();

  /** In the order in which their last requests were answered, or they came. */
  private final Set<Arrival> idle = new LinkedHashSet<>();

  void put(StreamConnection connection, Arrival arrival) {
    all.put(connection, arrival);
  }

  @Nullable Arrival get(StreamConnection connection) {
    return all.get(connection);
  }

  void remove(StreamConnection connection) {
    Arrival arrival = all.remove(connection);
    if (arrival != null) {
      answering.remove(arrival);
      idle.remove(arrival);
    }
  }

  int size() {
    return all.size();
  }

  /** Its first request has not come, and it has its place for HTTP already. */
  void awaitsRequest(Arrival arrival) {
    idle.add(arrival);
  }

  void requestBegins(Arrival arrival) {
    idle.remove(arrival);
    answering.remove(arrival);
    answering.add(arrival);
  }

  void requestAnswered(Arrival arrival) {
    if (answering.remove(arrival)) {
      idle.add(arrival);
    }
  }

  /**
   * Closes who has waited longest for a request; if nobody does, who has been answered longest, for
   * an answer that is taken byte by byte must not keep a place for hours.
   *
   * @param begunMillis a request that came later is not given up
   * @return whether there is one place more
   */
  boolean makeRoom(long begunMillis) {
    Arrival other = leastMissed(begunMillis);
    if (other == null) {
      return false;
    }
    other.giveWay();
    return true;
  }

  private @Nullable Arrival leastMissed(long begunMillis) {
    if (!idle.isEmpty()) {
      return idle.iterator().next();
    }
    Iterator<Arrival> oldest = answering.iterator();
    Arrival first = oldest.hasNext() ? oldest.next() : null;
    return first != null && first.requestMillis() <= begunMillis ? first : null;
  }
}

package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The open connections of one loop; each knows its place, so that none is searched for. */
@ConfinedTo("I/O thread")
final class OpenSockets {
  private @Nullable ClientSocket[] sockets = new @Nullable ClientSocket[16];
  private int size;

  void add(ClientSocket socket) {
    if (size == sockets.length) {
      sockets = Arrays.copyOf(sockets, size * 2);
    }
    socket.place = size;
    sockets[size++] = socket;
  }

  void remove(ClientSocket socket) {
    int place = socket.place;
    ClientSocket last = sockets[--size];
    if (last == null || sockets[place] != socket) {
      throw new AssertionError("a connection is not where it said");
    }
    sockets[place] = last;
    last.place = place;
    sockets[size] = null;
  }

  /** The action may close the socket that it is given. */
  void forEach(Consumer<ClientSocket> action) {
    for (int i = size - 1; i >= 0; i--) {
      ClientSocket socket = sockets[i];
      if (socket != null) {
        action.accept(socket);
      }
    }
  }

  int size() {
    return size;
  }
}

package io.signalbox.server.protocol;

import io.signalbox.server.session.ClientConnection;

/** Makes the handler of each accepted connection. */
@FunctionalInterface
public interface ClientHandlers {
  /** On the connection's I/O thread, before the first packet. */
  ClientHandler open(ClientConnection connection);
}

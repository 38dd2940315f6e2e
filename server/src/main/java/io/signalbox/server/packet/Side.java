package io.signalbox.server.packet;

/** The two ends of a Network Connection; some codes and properties belong to one of them only. */
public enum Side {
  CLIENT,
  SERVER
}

package io.signalbox.server.protocol;

/** Why a connection's socket closed, as the transport saw it. */
public enum CloseCause {
  /** The peer closed in order (FIN, TLS close_notify, WebSocket Close). */
  PEER_CLOSED,
  /** Reset, or an error of the socket. */
  PEER_RESET,
  /** We ended it: the handler called disconnect, refuse or close. */
  CLOSED_BY_US,
  /** The peer did not read for longer than the configured time. */
  SLOW_READER,
  /** The buffers of all clients were full, and it was in the middle of a packet. */
  BUFFERS_FULL,
  SERVER_SHUTDOWN,
  /** A fault of ours, logged where it happened. */
  INTERNAL_ERROR
}

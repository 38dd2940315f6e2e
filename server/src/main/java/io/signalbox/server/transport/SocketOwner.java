package io.signalbox.server.transport;

import io.signalbox.server.protocol.CloseCause;

/** What a {@link ClientSocket} tells the connection that it serves; all on the I/O thread. */
interface SocketOwner {
  /**
   * Bytes of the packet stream.
   *
   * @return index of the first byte not consumed
   */
  int received(byte[] array, int from, int to);

  /**
   * Whether the last {@link #received} stopped before the end although more could have been
   * decoded.
   */
  boolean stopped();

  /**
   * Size of the packet at the index that {@link #received} returned, 0 if its header is incomplete.
   */
  int bytesNeeded();

  /** So many bytes of a packet came that wait for the rest. */
  void partReceived(int bytes);

  /** Whether the peer has said who it is: then it may wait while the buffers of all are full. */
  boolean isKnown();

  /** The buffers of all connections were full for too long for this one's incomplete packet. */
  void inputRefused();

  /** The output fell below its low mark. */
  void writable();

  /** The server stops: say so and end. */
  void shutDown();

  /** Once, and never from within a call of the owner's. */
  void closed(CloseCause cause);
}

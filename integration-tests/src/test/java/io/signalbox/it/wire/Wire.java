package io.signalbox.it.wire;

import java.io.IOException;
import java.time.Duration;

/** A two-way stream of bytes: a socket, TLS on it, or WebSocket frames on either. */
interface Wire extends AutoCloseable {
  void write(byte[] bytes) throws IOException;

  /**
   * Waits for at least one byte.
   *
   * @return -1 at the end of the stream
   * @throws java.net.SocketTimeoutException when nothing came in time; the wire stays usable
   */
  int read(byte[] into, Duration timeout) throws IOException;

  /** Closes with a TCP reset, as a crashed peer does. */
  void reset() throws IOException;

  /** Closes without a farewell in any layer above TCP. */
  @Override
  void close() throws IOException;
}

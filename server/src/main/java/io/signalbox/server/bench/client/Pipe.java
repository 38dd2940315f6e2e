package io.signalbox.server.bench.client;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A non-blocking stream of bytes: a TCP connection, TLS on it, WebSocket on either. */
interface Pipe {

  /**
   * Goes on with connecting and shaking hands as far as it can without waiting.
   *
   * @return whether bytes can flow
   */
  boolean connect() throws IOException;

  /**
   * @param into with an array, and room for {@link Scratch#READ_ROOM} bytes
   * @return bytes read; 0 when nothing has come, in the pipes below neither; -1 at the end
   */
  int read(ByteBuffer into) throws IOException;

  /** Takes as many bytes as leave at once, but for what {@link #flush} still has to send. */
  void write(ByteBuffer from) throws IOException;

  /** Sends what was taken before; true when nothing is left. */
  boolean flush() throws IOException;

  /** What to wait for, as selection key operations. */
  int interest();

  /** Says that nothing more will be sent, after all that was; reading goes on. */
  void shutdownOutput() throws IOException;

  /** Lets go of everything at once. */
  void close();
}

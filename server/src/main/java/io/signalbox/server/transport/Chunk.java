package io.signalbox.server.transport;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of one connection's output: bytes from {@code start} to {@code end} wait for the socket.
 */
final class Chunk {
  /** A whole TLS record fits, and so do some hundred small packets. */
  static final int BYTES = 16 * 1024;

  final byte[] array;
  final ByteBuffer view;
  int start;
  int end;

  /** A WebSocket frame header stands in front: nothing may be appended. */
  boolean sealed;

  @Nullable Chunk next;

  Chunk(int bytes) {
    array = new byte[bytes];
    view = ByteBuffer.wrap(array);
  }

  int room() {
    return sealed ? 0 : array.length - end;
  }

  void reset(int headroom) {
    start = headroom;
    end = headroom;
    sealed = false;
    next = null;
  }
}

package io.signalbox.server.transport;

import io.signalbox.server.routing.LargePayload;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of one connection's output: bytes from {@code start} to {@code end} wait for the socket.
 * Most are gathered here; those of a large payload are sent from where they lie.
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

  /** Whose bytes these are: read only, and not apart from the chunk before. Null: its own. */
  final @Nullable LargePayload lent;

  @Nullable Chunk next;

  Chunk(int bytes) {
    array = new byte[bytes];
    view = ByteBuffer.wrap(array);
    lent = null;
  }

  /** All of a payload that others send too. */
  Chunk(LargePayload payload) {
    array = payload.bytes();
    view = ByteBuffer.wrap(array);
    lent = payload;
    end = array.length;
    sealed = true;
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

package io.signalbox.server.bench.client;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Bytes of one connection that have to wait until its next turn with the shared buffers. */
final class Leftover {
  private static final byte[] NONE = {};

  private byte[] bytes = NONE;
  private int from;

  boolean isEmpty() {
    return from == bytes.length;
  }

  /** Keeps what remains in the buffer; nothing may wait before. */
  void keep(ByteBuffer buffer) {
    assert isEmpty() : "bytes overtaken";
    bytes = buffer.hasRemaining() ? new byte[buffer.remaining()] : NONE;
    from = 0;
    buffer.get(bytes);
  }

  /** Moves everything into the buffer, which has room. */
  void moveTo(ByteBuffer buffer) {
    buffer.put(bytes, from, bytes.length - from);
    bytes = NONE;
    from = 0;
  }

  /** As many bytes as the pipe takes. */
  void writeTo(Pipe pipe) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(bytes, from, bytes.length - from);
    pipe.write(rest);
    from = rest.position();
    if (from == bytes.length) {
      bytes = NONE;
      from = 0;
    }
  }
}

package io.signalbox.server.bench.client;

import java.nio.ByteBuffer;

/**
 * Buffers that all connections of a loop share, because only one of them reads or writes at a time:
 * an idle connection holds none.
 */
final class Scratch {
  /** What the layers want free to read into: a whole TLS record, and more so that reads are few. */
  static final int READ_ROOM = 1 << 16;

  /** More than the largest TLS record (RFC 8446 section 5.2), with room for several. */
  private static final int TLS_BYTES = 1 << 17;

  private static final int FRAMES_BYTES = 1 << 16;

  final ByteBuffer tlsIn = ByteBuffer.allocate(TLS_BYTES);
  final ByteBuffer tlsOut = ByteBuffer.allocate(TLS_BYTES);
  final ByteBuffer framesOut = ByteBuffer.allocate(FRAMES_BYTES);

  private ByteBuffer packetsIn = ByteBuffer.allocate(4 * READ_ROOM);

  /** The buffer for packets, empty, with room behind the bytes of an incomplete one. */
  ByteBuffer packetsIn(int incompleteBytes) {
    int needed = Math.addExact(incompleteBytes, READ_ROOM);
    if (packetsIn.capacity() < needed) {
      packetsIn = ByteBuffer.allocate(needed);
    }
    return packetsIn.clear();
  }
}

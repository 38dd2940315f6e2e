package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;

/**
 * Bytes of one connection that are read and not decoded: the start of a packet, or whatever follows
 * a pause.
 *
 * <p>It grows as bytes arrive and never to what a peer merely announces; empty, it holds no array.
 */
@ConfinedTo("I/O thread")
final class CarryBuffer {
  private static final byte[] NONE = {};
  private static final int BYTES_MIN = 256;

  private final BufferPool buffers;
  private byte[] array = NONE;
  private int start;
  private int end;

  CarryBuffer(BufferPool buffers) {
    this.buffers = buffers;
  }

  boolean isEmpty() {
    return start == end;
  }

  int size() {
    return end - start;
  }

  byte[] array() {
    return array;
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  /**
   * @param bytesMax as far as this buffer will be filled if that is known, else 0
   */
  void append(byte[] from, int offset, int length, int bytesMax) {
    if (array.length - end < length) {
      makeRoom(length, bytesMax);
    }
    System.arraycopy(from, offset, array, end, length);
    end += length;
  }

  private void makeRoom(int length, int bytesMax) {
    int size = size();
    int needed = size + length;
    byte[] target = array;
    if (array.length < needed) {
      int doubled = Math.max(BYTES_MIN, (int) Math.min(Integer.MAX_VALUE - 8L, 2L * needed));
      int capacity =
          bytesMax >= needed ? Math.min(doubled, Math.max(bytesMax, BYTES_MIN)) : doubled;
      target = new byte[capacity];
      buffers.charge(capacity - array.length);
    }
    System.arraycopy(array, start, target, 0, size);
    array = target;
    start = 0;
    end = size;
  }

  /** Everything before the index has been decoded. */
  void consumedTo(int index) {
    start = index;
    if (start == end) {
      clear();
    }
  }

  void clear() {
    if (array.length > 0) {
      buffers.charge(-array.length);
      array = NONE;
    }
    start = 0;
    end = 0;
  }
}
